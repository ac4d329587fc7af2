"""The files that `verify` leaves: looked at before anything is computed, written at the end.

Guarantees: a path that cannot be written, or that would overwrite a record, is refused before any
work is done; every text is ready before the first file is written; each file is replaced whole or
not at all.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tina_bench.errors import UsageError
from tina_bench.files.atomic import write_text
from tina_bench.formatting.json_text import json_text
from tina_bench.verifying.types import Verification

KEPT = ("results", "samples", "grades", "jobs", "imported")
"""Folders of records that no output may be written into."""


@dataclass(frozen=True)
class VerifyFiles:
    """Files that a verification reads and leaves; `None` for none."""

    baseline: Path | None = None
    """Accepted cases, TOML: read, and where cases are accepted made or written anew."""
    junit: Path | None = None
    """JUnit XML."""
    badge: Path | None = None
    """An SVG badge of our verdicts."""
    others_badge: Path | None = None
    """An SVG badge of what other teams say."""
    report: Path | None = None
    """The verification as JSON."""
    summary: Path | None = None
    """Markdown; added to the end of this file."""
    audits_text: Callable[[Verification], str] | None = None
    """How the audits read in the summary; `None` leaves them out."""

    def check(self, root: Path, *, accepts: bool) -> None:
        """Refuse what cannot be written, or lies among the records under `root`."""
        targets = {
            "--junit": self.junit,
            "--badge": self.badge,
            "--others-badge": self.others_badge,
            "--report": self.report,
            "--summary": self.summary,
        }
        named = {option: path for option, path in targets.items() if path is not None}
        baseline = {"--baseline": self.baseline} if self.baseline is not None else {}
        check_targets(named, root, baseline)
        if accepts:
            check_targets(baseline, root, {})

    def texts(self, made: Verification) -> dict[Path, str]:
        """The text of each file but the baseline."""
        texts = {}
        if self.junit is not None:
            from tina_bench.verifying.reports.junit import junit_xml

            texts[self.junit] = junit_xml(made)
        if self.badge is not None:
            from tina_bench.verifying.reports.badge import badge_svg

            texts[self.badge] = badge_svg(made)
        if self.others_badge is not None:
            from tina_bench.verifying.reports.badge import others_badge_svg

            texts[self.others_badge] = others_badge_svg(made)
        if self.report is not None:
            texts[self.report] = json_text(made.model_dump(mode="json")) + "\n"
        if self.summary is not None:
            from tina_bench.verifying.reports.markdown_summary import summary_markdown

            audits = self.audits_text(made) if self.audits_text else ""
            texts[self.summary] = appended(self.summary, summary_markdown(made, audits))
        return texts


def check_targets(targets: Mapping[str, Path], root: Path, inputs: Mapping[str, Path]) -> None:
    """Refuse what cannot be written; `targets` and `inputs` by the option that names them.

    Raises `UsageError`, one sentence, for the first of them.
    """
    taken = {path.resolve(): option for option, path in inputs.items()}
    for option, path in targets.items():
        resolved = path.resolve()
        other = taken.setdefault(resolved, option)
        if other != option:
            raise UsageError(f"{option} {path}: is the same file as that of {other}.")
        if any(resolved.is_relative_to((root / name).resolve()) for name in KEPT):
            raise UsageError(f"{option} {path}: lies among the records; choose another place.")
        wrong = _obstacle(resolved)
        if wrong is not None:
            raise UsageError(f"{option} {path}: {wrong}.")


def _obstacle(path: Path) -> str | None:
    """Why a file cannot be written there; `None` if nothing is in the way."""
    if path.is_dir():
        return "is a folder, expected the name of a file"
    if path.exists() and not path.is_file():
        return "is no regular file"
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir():
        return f"{folder} is no folder"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"{folder} is not writable"
    return None


def write_all(texts: Mapping[Path, str]) -> None:
    """Write files whose texts are all ready; raises `UsageError` naming the first that failed."""
    for path, text in texts.items():
        try:
            write_text(path, text)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}.") from None


def appended(path: Path, text: str) -> str:
    """What is in a file, and the text after it; a step summary is added to, not replaced."""
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return text
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be added to: {error}.") from None
    return before + ("\n" if before and not before.endswith("\n") else "") + text
