"""How pairs of models and their ranks are printed."""

from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import table
from tina_bench.formatting.numbers import p_cell

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.comparisons.all_pairs import PairComparison, PairTable
    from tina_bench.stats.comparisons.power import Power
    from tina_bench.stats.comparisons.ranks import RankTable

MOST_PAIRS = 60
"""Pairs of a table that are printed; `--json` has all."""
SHOWN_POINTS = 5.0
"""Difference in points of the table's column; `--json` has others."""


def _points(value: float | None) -> str:
    return "> 100" if value is None else f"{value:.1f}"


def _verdict_text(pair: "PairComparison") -> str:
    """The verdict on a pair, in words."""
    from tina_bench.stats.comparisons.all_pairs import PairVerdict

    if pair.finding is PairVerdict.NOT_TOLD_APART:
        return "not told apart"
    return f"{pair.model_a if pair.finding is PairVerdict.A_BETTER else pair.model_b} is better"


def _needed(power: "Power") -> str:
    """Problems, or runs, that show a difference of 5 points."""
    (five,) = (part for part in power.needed if part.difference_points == SHOWN_POINTS)
    if five.problems is None:
        return "unknown"
    runs = f" or {five.runs} runs" if five.runs is not None else ""
    return f"{five.problems} problems{runs}"


def print_pairs(found: "PairTable", out: "Console") -> None:
    """The pairs of one task, least adjusted p first."""
    title = f"{found.scope}: {found.n} problems"
    if len(found.tasks) > 1:
        title += f", {found.weights}"
    rows = table(
        "A", "B", "A − B", "95 % interval", "p", "adjusted p", "detectable", "for 5 points",
        "what follows", title=title, right=("A − B", "p", "adjusted p", "detectable"),
    )  # fmt: skip
    ordered = sorted(
        found.comparisons, key=lambda pair: (pair.adjusted_p, pair.model_a, pair.model_b)
    )
    for pair in ordered[:MOST_PAIRS]:
        power = pair.power
        span = f"{pair.interval.low:+.1f} to {pair.interval.high:+.1f}"
        rows.add_row(
            pair.model_a, pair.model_b, f"{pair.difference_points:+.2f}",
            span + ("*" if pair.interval.validity_reason else ""),
            p_cell(pair.p_value), p_cell(pair.adjusted_p),
            f"{_points(power.minimum_detectable_points)} ({_points(power.corrected_points)})",
            _needed(power), _verdict_text(pair),
        )  # fmt: skip
    out.print(rows)
    if len(ordered) > MOST_PAIRS:
        out.print(f"{len(ordered) - MOST_PAIRS} more pairs, with greater p: see --json.")
    out.print(f"Family: {found.family}; Holm's correction.", markup=False)
    for setting in found.made_differently:
        out.print(f"Not made alike: {setting}.", markup=False)
    reasons = sorted({pair.interval.validity_reason for pair in ordered} - {""})
    if reasons:
        out.print(f"* not to be taken at 95 %: {'; '.join(reasons)}.", markup=False)


def print_ranks(found: "RankTable", out: "Console") -> None:
    """The ranks that each model may have."""
    title = f"{found.scope}: ranks, {100 * found.level:g} % for all at once"
    rows = table("model", "score", "rank", "surely better", title=title, right=("score", "rank"))
    for band in found.bands:
        span = str(band.best) if band.best == band.worst else f"{band.best} – {band.worst}"
        better = ", ".join(band.better) if len(band.better) <= 3 else f"{len(band.better)} models"
        rows.add_row(band.model, f"{band.score_percent:.2f} %", span, better)
    out.print(rows)
    for model, reason in found.left_out.items():
        out.print(f"Left out: {model}, {reason}.", markup=False)
