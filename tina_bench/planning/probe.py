"""How fast this machine is just now, in half a second: a fixed piece of work, timed.

The stack's figures were measured on one machine. Most of what the embedded profile does is Python
in one thread (imports, an engine's bookkeeping around very small matrices), so how much longer this
work takes here is about how much longer a job will take here, other programs on the machine
included. Traded away: a disk that is slow, or memory that is short, is not seen.
"""

import json
import time
from functools import cache

from tina_bench.planning.types import Snapshot
from tina_bench.store.records import JobKind

ROUNDS = 72
"""Half a second of work on the machine of BENCHMARKS.md."""


def _work() -> int:
    """Make objects, fill dictionaries and parse text, as imports and schedulers do."""
    rows = [{"key": f"{number:x}", "values": list(range(number % 17))} for number in range(2000)]
    text = json.dumps(rows)
    total = 0
    for row in json.loads(text):
        total += sum(value * value for value in row["values"]) + len(row["key"])
    return total


@cache
def probe_seconds() -> float:
    """Wall seconds that the work takes; measured once per process."""
    _work()  # the first one is slower than those that follow
    started = time.perf_counter()
    for _ in range(ROUNDS):
        _work()
    return time.perf_counter() - started


def needs_probe(snapshot: Snapshot, stack: str) -> bool:
    """Whether a plan would fall back on the stack's figures: something was never measured here."""
    starts = (JobKind.EVALUATE, JobKind.GRADE, JobKind.TRAIN, JobKind.MERGE)
    return not all((stack, kind) in snapshot.start_seconds for kind in starts)
