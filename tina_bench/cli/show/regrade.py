"""How grading again is printed: scores by grader, pairs that differ, flips."""

from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import table
from tina_bench.formatting.numbers import p_cell

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.graders.audit import CellAudit, Flip, GraderAudit, GraderScore

MOST_FLIPS = 50
"""Flips that are printed; --json and --flips have all."""
QUESTION_CHARACTERS = 600


def _shift(score: "GraderScore") -> str:
    if score.shift_points is None:
        return ""
    return f"{score.shift_points:+.2f}" + (" !" if score.exceeds_margin else "")


def print_scores(found: "GraderAudit", out: "Console") -> None:
    """The score of every cell by every grader."""
    from tina_bench.catalog.graders import RECORDED

    rows = table(
        "model", "task", "grader", "score", "shift", "undecided", "nothing read", "of",
        "lowest – highest", title="Score by grader",
        right=("score", "shift", "undecided", "nothing read", "of"),
    )  # fmt: skip
    moved = False
    for cell in found.cells:
        for score in cell.scores:
            first = score.grader == RECORDED
            span = f"{cell.lowest_percent:.2f} – {cell.highest_percent:.2f} %"
            moved |= bool(score.exceeds_margin)
            rows.add_row(
                cell.model if first else "", cell.task if first else "", score.grader,
                "" if score.percent is None else f"{score.percent:.2f} %", _shift(score),
                str(score.undecided), str(score.unread), str(score.answers), span if first else "",
            )  # fmt: skip
    out.print(rows)
    out.print(
        "Shift: points from the recorded score. Lowest – highest: every answer that graders differ "
        "on, or none decided, counted as wrong, and as right.",
        markup=False,
    )
    if moved:
        out.print(
            "! at least the task's equivalence margin: a verdict may hang on the grader.",
            markup=False,
        )


def print_pairs(found: "GraderAudit", out: "Console") -> None:
    """The pairs that differ; the others in a sentence."""
    rows = table(
        "model", "task", "graders", "agree", "kappa", "right by first only", "by second only",
        "else", "p", title="Graders that differ",
        right=("agree", "kappa", "right by first only", "by second only", "else", "p"),
    )  # fmt: skip
    same = 0
    for cell in found.cells:
        for pair in cell.pairs:
            if pair.agreement_percent == 100:
                same += 1
                continue
            rows.add_row(
                cell.model, cell.task, f"{pair.first} / {pair.second}",
                f"{pair.agreement_percent:.2f} %",
                "" if pair.kappa is None else f"{pair.kappa:.3f}", str(pair.right_by_first_only),
                str(pair.right_by_second_only), str(pair.other_differences), p_cell(pair.p_value),
            )  # fmt: skip
    if rows.row_count:
        out.print(rows)
    out.print(f"{same} pairs of graders say the same of every answer.", markup=False)


def print_flips(found: "GraderAudit", out: "Console", file: Path | None) -> None:
    """The first flips, and how many more there are."""
    flips = [(cell, flip) for cell in found.cells for flip in cell.flips]
    for cell, flip in flips[:MOST_FLIPS]:
        _print_flip(cell, flip, out)
    if len(flips) > MOST_FLIPS:
        where = str(file) if file else "--flips FILE"
        out.print(f"{len(flips) - MOST_FLIPS} more flips: see --json or {where}.", markup=False)


def _print_flip(cell: "CellAudit", flip: "Flip", out: "Console") -> None:
    from tina_bench.formatting.escape import visible

    def say(text: str) -> None:
        out.print(visible(text), markup=False, emoji=False)

    say(f"── {cell.model} on {cell.task}, row {flip.index}, seed {flip.seed}")
    question = (flip.question or "").strip()
    cut = " …" if len(question) > QUESTION_CHARACTERS else ""
    say(f"problem: {question[:QUESTION_CHARACTERS]}{cut}")
    say(f"right answer: {flip.gold}")
    for name, ruling in flip.rulings.items():
        read = flip.read.get(name)
        say(f"  {name}: {ruling}, " + ("read nothing" if read is None else f"read {read}"))
    end = flip.answer_end or ""
    before = (flip.answer_characters or 0) - len(end)
    say(f"answer{f', after {before} characters' if before else ''}: {end}")
    say("")
