"""Replace a whole folder by a finished one.

Guarantees: whatever fails while the new folder is filled, the old one is untouched and the new one
is removed; a folder that this program did not write is never replaced. The new folder is made
beside the old one, so the swap is two renames on one file system.

A build that was killed leaves its unfinished folder; the next one removes it.

Traded away: between the two renames, for microseconds, there is no folder of that name; a process
killed exactly there leaves the old one under its `.old` name. Files are not fsynced: a site is a
view that can be built again.
"""

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tina_bench.errors import UsageError

_NEW = ".new"
MARKER = "index.json"
"""File that says a folder is a site of ours."""
_EARLIER = "manifest.json"
"""The same of sites that were built before there was an index."""
_WHAT = b'"what": "A leaderboard built by tina-bench.'
_FIRST_BYTES = 200


def is_site(folder: Path) -> bool:
    """Whether this program wrote the folder: by its marker's first words, not its name alone."""
    for name in (MARKER, _EARLIER):
        with contextlib.suppress(OSError), (folder / name).open("rb") as file:
            if _WHAT in file.read(_FIRST_BYTES):
                return True
    return False


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder}: is a file, expected a folder for the site; choose another.")
    if any(folder.iterdir()) and not is_site(folder):
        raise UsageError(
            f"{folder}: is not empty and has no {MARKER} of a leaderboard, so tina-bench did not "
            "write it and will not replace it; choose an empty or new folder."
        )


def _swap(new: Path, old: Path) -> None:
    if not old.exists():
        new.rename(old)
        return
    aside = Path(tempfile.mkdtemp(dir=old.parent, prefix=f".{old.name}.", suffix=".old"))
    backup = aside / old.name
    old.rename(backup)
    try:
        new.rename(old)
    except OSError:
        backup.rename(old)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _sweep(target: Path) -> None:
    """Remove what builds that were killed have left; one that is still at work holds its folder."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{_NEW}"):
        with contextlib.suppress(OSError):
            held = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(held)


@contextlib.contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Yield an empty folder; when the block ends without an error it takes `target`'s place.

    Raises `UsageError` before anything is built when `target` is not a site, and not empty.
    """
    target = target.resolve()
    _refuse_foreign(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    new = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=_NEW))
    held = os.open(new, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o777 & ~umask)  # mkdtemp's folders are private; a site is to be served
        yield new
        _refuse_foreign(target)  # the build took a while
        _swap(new, target)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        os.close(held)
