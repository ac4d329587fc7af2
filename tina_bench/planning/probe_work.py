"""A fixed piece of work that takes about a second; prints the wall seconds that it took.

Run by its path, by `planning.probe`: it imports nothing of ours, so that a Python starts at once.
"""

import json
import time

ROUNDS = 180
"""About a second of work on the machine of BENCHMARKS.md: long enough for the system to move this
process to the processor that it would keep beside other programs."""


def work() -> int:
    """Make objects, fill dictionaries and parse text, as imports and schedulers do."""
    rows = [{"key": f"{number:x}", "values": list(range(number % 17))} for number in range(2000)]
    total = 0
    for row in json.loads(json.dumps(rows)):
        total += sum(value * value for value in row["values"]) + len(row["key"])
    return total


def main() -> None:
    """Do the work and print how long it took."""
    work()  # the first round is slower than those that follow
    started = time.perf_counter()
    for _ in range(ROUNDS):
        work()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
