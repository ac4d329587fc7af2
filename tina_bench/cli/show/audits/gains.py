"""Picked checkpoints and printed gains: how much of them luck and evidence leave."""

from typing import TYPE_CHECKING

from tina_bench.cli.show.audits.cells import coloured, first_of
from tina_bench.cli.show.audits.counts import made_by_chance
from tina_bench.cli.show.tables import safe, say, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tina_bench.stats.audits.gain_types import Gain
    from tina_bench.stats.audits.report import Audits


def print_selection(audits: "Audits", console: "Console", *, everything: bool) -> None:
    """Print the luck of picking: of logged checkpoints, and of rows picked out of several."""
    if audits.selection:
        rows = table(
            "published", "scale", "place", "printed", "mean of all", "optimism", "95 %",
            "by bound", "luck if equal",
            title="The best of many: published checkpoints among all logged ones, points",
            right=("place", "printed", "mean of all", "optimism", "by bound", "luck if equal"),
        )  # fmt: skip
        for one in audits.selection:
            rows.add_row(
                safe(one.published), safe(one.scale), f"{one.rank} of {one.checkpoints}",
                f"{one.measured.printed_percent:.2f}", f"{one.measured.mean_percent:.2f}",
                f"{one.measured.optimism_points:+.1f}",
                f"{one.measured.optimism_low:+.1f} to {one.measured.optimism_high:+.1f}",
                f"{one.bound.optimism_points:+.1f}",
                f"{one.if_equal_points:.1f}–{one.if_equal_bound_points:.1f}",
            )  # fmt: skip
        console.print(rows)
        say(
            console,
            "Optimism: how much of the printed score a fresh run of the same checkpoint is "
            "expected to lose (empirical Bayes, whatever the rule of picking). By bound: with the "
            "binomial bound as the variance of a run. Luck if equal: by how much the highest of "
            "equal checkpoints exceeds their mean, had it been picked by that scale alone; the "
            "second number by the bound.",
        )
        for published in sorted({one.published for one in audits.selection}):
            own = [one for one in audits.selection if one.published == published]
            first = [one.scale for one in own if one.rank == 1]
            say(
                console,
                f"{published}: highest of its checkpoints by {', '.join(first) or 'no scale'}; "
                "by which rule it was picked is not known.",
            )
    if audits.picks:
        rows = table(
            "model", "who", "best of", "in the average", "by bound", "in one task",
            title="Rows picked out of m checkpoints: the most that luck adds on average, points",
            right=("best of", "in the average", "by bound", "in one task"),
        )  # fmt: skip
        for pick in audits.picks:
            worst = max(pick.by_task_points, key=lambda task: pick.by_task_points[task])
            rows.add_row(
                safe(pick.model), safe(pick.who), str(pick.best_of),
                f"{pick.average_points:.1f}", f"{pick.average_bound_points:.1f}",
                f"{pick.by_task_points[worst]:.1f} ({safe(worst)})",
            )  # fmt: skip
        console.print(rows)
        if everything:
            say(console, "In the average: picked by it. In one task: picked by that task alone.")


def print_gains(audits: "Audits", console: "Console", *, everything: bool) -> None:
    """Print each gain as published and as all evidence supports it, by what it is measured from."""
    if not audits.gains:
        return
    references = sorted({g.reference for g in audits.gains if g.reference_is == "base"})
    for reference in references:
        chosen = [
            gain
            for gain in audits.gains
            if (gain.reference_is, gain.reference) == ("base", reference)
        ]
        title = f"Gain over the base {safe(reference)}: printed, and supported, points"
        console.print(_gain_table(chosen, title, beside="who"))
    baselines = [gain for gain in audits.gains if gain.reference_is == "baseline"]
    if baselines:
        title = "Gain over the baseline that is printed beside it, points"
        console.print(_gain_table(baselines, title, beside="over"))
    say(
        console,
        "Supported: the reference's score on every task is what all independent measurements say "
        "together (random effects), same tasks, same weights; red: chance alone can make as much. "
        "Less luck: less the most that picking out of so many checkpoints adds on average; –: that "
        "number is not known, and no luck is taken off.",
    )
    reasons: dict[str, set[str]] = {}
    for gain in audits.gains:
        for one in gain.left_out:
            reasons.setdefault(one.reason, set()).add(one.name)
    for reason, names in sorted(reasons.items()):
        say(console, f"Not pooled ({first_of(sorted(names))}): {reason}.")
    if everything:
        for gain in audits.gains:
            say(console, gain.sentence)
            for other in gain.sensitivity:
                say(
                    console,
                    f"  {other.choice}: {other.gain_points:+.2f} "
                    f"({other.low:+.2f} to {other.high:+.2f})",
                )


def _gain_table(gains: list["Gain"], title: str, *, beside: str) -> "Table":
    rows = table(
        "model", beside, "printed", "supported", "95 %", "share", "picked of", "less luck",
        title=title, right=("printed", "supported", "share", "picked of", "less luck"),
    )  # fmt: skip
    for gain in gains:
        share = "–"
        if gain.share_percent is not None:
            share = f"{max(0.0, gain.share_percent):.0f} %" if gain.share_percent <= 100 else "all"
        rows.add_row(
            safe(gain.model), safe(gain.who if beside == "who" else gain.reference),
            f"{gain.printed_gain_points:+.2f}",
            coloured(f"{gain.supported_gain_points:+.2f}", bad=made_by_chance(gain)),
            f"{gain.supported_low:+.2f} to {gain.supported_high:+.2f}", share,
            "–" if gain.best_of is None else str(gain.best_of),
            "–" if gain.after_selection_points is None else f"{gain.after_selection_points:+.2f}",
        )  # fmt: skip
    return rows
