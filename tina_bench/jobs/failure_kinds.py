"""What kind of failure an exception inside a job is."""

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from tina_bench.errors import DiskFullError, MissingGpuError
from tina_bench.store.job_folder import FailureKind

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_ROOM_WORDS = "No space left on device"
"""Libraries that are not written in Python hand on the kernel's message, not its number."""
NO_ROOM_BYTES = 2**20
"""Less than this is no room; some libraries say only that a write failed."""


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def is_disk_full(error: BaseException) -> bool:
    """True when the error comes from a file system or a quota without room, however wrapped."""
    return any(
        isinstance(cause, DiskFullError)
        or (isinstance(cause, OSError) and cause.errno in NO_ROOM)
        or NO_ROOM_WORDS in str(cause)
        for cause in _chain(error)
    )


def kind_of(error: BaseException, folder: Path) -> FailureKind:
    """The kind of failure that an exception of the work in `folder` is."""
    if isinstance(error, KeyboardInterrupt):
        return FailureKind.INTERRUPTED
    if isinstance(error, MissingGpuError):
        return FailureKind.MISSING_GPU
    if is_disk_full(error):
        return FailureKind.DISK_FULL
    # torch's own, for the memory of a GPU, has the same name and is no MemoryError.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return FailureKind.OUT_OF_MEMORY
    full = shutil.disk_usage(folder).free < NO_ROOM_BYTES
    return FailureKind.DISK_FULL if full else FailureKind.JOB
