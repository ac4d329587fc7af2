"""How far a running job is, and what it prints, as its files say."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from tina_bench.store.job_folder import OUTPUT_FILE, PROGRESS_FILE

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Progress:
    """How far a running job is, by its own report."""

    phase: str
    done: int
    total: int
    unit: str
    printed: str = field(default="", compare=False)
    """What its process printed since the last look; whole lines."""


class Watch:
    """One attempt at one job folder, as its files show it."""

    def __init__(self, folder: Path) -> None:
        """Forget what an earlier attempt has left behind; its log is kept."""
        self._progress = folder / PROGRESS_FILE
        self._log = folder / OUTPUT_FILE
        self._progress.unlink(missing_ok=True)
        self._read = self._log.stat().st_size if self._log.exists() else 0

    def look(self) -> Progress | None:
        """How far it is now; `None` before its first report."""
        try:
            said = json.loads(self._progress.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Progress(**said, printed=self._new_lines())

    def _new_lines(self) -> str:
        try:
            with self._log.open("rb") as file:
                file.seek(self._read)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return ""
        self._read += len(whole) + len(newline)
        return whole.decode("utf-8", errors="replace")


def tail(folder: Path, lines: int = 5) -> str:
    """The last lines of a job's log, for an error message."""
    path = folder / OUTPUT_FILE
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
