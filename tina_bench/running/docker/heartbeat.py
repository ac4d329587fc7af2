"""The runner's sign of life, for jobs whose runner is not their parent.

A job in a container does not notice when the process that started it dies. So the runner touches a
file for as long as it lives, from a thread of its own, because the engine's answers may take longer
than a beat; `tina_bench.jobs.guard` stops the job when the file stands still.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

BEAT_SECONDS = 1.0
LIMIT_SECONDS = 30.0
"""How long an orphaned job goes on, and is paid for: without a sign of life of its runner."""


@contextlib.contextmanager
def beating(path: Path) -> Iterator[None]:
    """Touch `path` every second inside; afterwards it is gone."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            # A file that is gone, or cannot be touched, is no sign of life, which is the truth.
            with contextlib.suppress(OSError):
                os.utime(path)

    path.touch()
    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        path.unlink(missing_ok=True)
