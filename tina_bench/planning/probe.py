"""How fast this machine is just now, in about a second: a fixed piece of work, timed.

The stack's figures were measured on one machine. Most of what the embedded profile does is Python
in one thread (imports, an engine's bookkeeping around very small matrices), so how much longer this
work takes here is about how much longer a job will take here, other programs on the machine
included. The work is done as a job is, by a process in a session of its own: Linux shares its
processors out between sessions, and in the caller's the probe would have to share with whatever
else was started from the same terminal, and its collector would walk what the caller has in memory.
Traded away: a disk that is slow, or memory that is short, is not seen.
"""

import subprocess
import sys
from functools import cache
from pathlib import Path

from tina_bench.planning import probe_work
from tina_bench.planning.types import Snapshot
from tina_bench.store.records import JobKind


@cache
def probe_seconds() -> float:
    """Wall seconds that the work takes; measured once per process."""
    ended = subprocess.run(
        [sys.executable, "-I", str(Path(probe_work.__file__))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        check=True,
    )
    return float(ended.stdout)


def needs_probe(snapshot: Snapshot, stack: str) -> bool:
    """Whether a plan would fall back on the stack's figures: something was never measured here."""
    starts = (JobKind.EVALUATE, JobKind.GRADE, JobKind.TRAIN, JobKind.MERGE)
    return not all((stack, kind) in snapshot.start_seconds for kind in starts)
