"""How imported results are printed."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import safe

if TYPE_CHECKING:
    from tina_bench.store.imported_results import ImportedResult

SHORT = 8
"""Digits of an id in a table; --json has it whole."""


def name_text(ours: str | None, printed: str) -> str:
    """The catalog's name, or theirs in brackets, safe for a terminal."""
    return safe(ours or f"({printed})")


def folder_text(result: "ImportedResult") -> str:
    """The folder that the result file lay in."""
    return safe(str(PurePosixPath(result.path).parent))


def score_text(result: "ImportedResult") -> str:
    """A score in percent where it is a share, else as printed."""
    share = 0 <= result.value <= 1
    return f"{100 * result.value:.2f} %" if share else f"{result.value:.6g}"


def correct_text(result: "ImportedResult") -> str:
    """Correct of all, as far as known; of several runs together, with their number."""
    parts = ("?" if part is None else str(part) for part in (result.n_correct, result.n_trials))
    several = "" if result.runs in (None, 1) else f" ({result.runs} runs)"
    return " of ".join(parts) + several


def repeat_text(result: "ImportedResult") -> str:
    """The run of which this one is a repeat; a question mark where the file cannot tell."""
    return "?" if result.answers is None else (result.repeat_of or "")[:SHORT]
