"""What every job is given: its folder, the home, the meter, and a way to say how far it is."""

import json
from dataclasses import dataclass
from pathlib import Path

from tina_bench.metering.meter import Meter
from tina_bench.store.home import Home
from tina_bench.store.job_folder import PROGRESS_FILE, JobFolder, Weights
from tina_bench.store.records import Phase


@dataclass(frozen=True)
class Context:
    """One attempt at one job folder."""

    home: Home
    path: Path
    """The job folder while work goes on."""
    folder: JobFolder
    meter: Meter

    def weights_path(self, weights: Weights) -> Path:
        """Where weights lie on this machine."""
        return self.home.root / weights.folder

    def own(self, name: str) -> str:
        """A subfolder of this job, relative to the home, as it will be once the job is done."""
        return str((self.home.done_folder(self.folder.name) / name).relative_to(self.home.root))

    def progress(self, done: int, total: int, unit: str) -> None:
        """Tell the runner how far the job is; display only, so it is not fsynced."""
        report_progress(self.path, self.meter.phase, done, total, unit)


def report_progress(path: Path, phase: Phase, done: int, total: int, unit: str) -> None:
    """Replace the folder's progress file."""
    text = json.dumps({"phase": phase, "done": done, "total": total, "unit": unit})
    temporary = path / f".{PROGRESS_FILE}.tmp"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path / PROGRESS_FILE)
