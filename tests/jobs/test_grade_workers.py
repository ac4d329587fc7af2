"""Grading in worker processes: order, limits, and what becomes of an answer that breaks one."""

import json
import subprocess
import sys
from typing import Any

PREAMBLE = """
import json, os, signal, time
from tina_bench.jobs.grade_workers import IN_FLIGHT, decide
"""


def run(script: str) -> Any:
    """In a process of its own: workers are forked, and this one has threads."""
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + script],
        capture_output=True,
        text=True,
        timeout=550,
        check=True,
    )
    return json.loads(done.stdout)


def test_an_answer_that_ends_its_worker_is_undecided_and_its_status_says_how() -> None:
    found = run("""
def grade(n):
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does where memory is short
    if n == 5:
        raise ValueError
    if n == 7:
        time.sleep(600)
    return n % 2 == 0, str(n)
found = decide(range(200), grade, lambda n: (n,), 5.0)
print(json.dumps([[n, d.status, d.correct, d.extracted] for n, d in found]))
""")
    assert [row[0] for row in found] == list(range(200))
    broken = {row[0]: row[1:] for row in found if row[1] != "graded"}
    assert broken == {
        3: ["killed", False, None],
        5: ["error", False, None],
        7: ["timeout", False, None],
    }
    assert found[4] == [4, "graded", True, "4"]


def test_no_more_answers_are_held_than_are_being_graded() -> None:
    ahead, limit = run("""
read = 0
def asked():
    global read
    for n in range(500):
        read += 1
        yield n
most = done = 0
for _ in decide(asked(), lambda n: (True, None), lambda n: (n,), 30.0):
    done += 1
    most = max(most, read - done)
print(json.dumps([most, IN_FLIGHT]))
""")
    assert 0 < ahead <= limit


def test_whoever_stops_early_does_not_wait_for_the_rest() -> None:
    seconds = run("""
start = time.monotonic()
found = decide(range(64), lambda n: (time.sleep(n and 600), None), lambda n: (n,), 1200.0)
try:
    for _ in found:
        raise KeyboardInterrupt
except KeyboardInterrupt:
    found.close()
print(json.dumps(time.monotonic() - start))
""")
    assert seconds < 300
