"""Printed scores: against their authors' logs, against what a run can resolve, and possible at all.

Names of claims, models and sources may come from a catalog or a file of others; they are shown as
text, whatever they contain.
"""

from collections import Counter
from typing import TYPE_CHECKING

from tina_bench.cli.show.audits.cells import coloured, span
from tina_bench.cli.show.audits.counts import (
    apart_from_others,
    beyond_chance,
    impossible_scores,
    log_counts,
    resolved_competitions,
    resolved_tasks,
    wrong_averages,
)
from tina_bench.cli.show.tables import safe, say, table
from tina_bench.formatting.numbers import p_cell, p_text

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.audits.report import Audits


def print_own_logs(audits: "Audits", console: "Console", *, everything: bool) -> None:  # noqa: ARG001
    """Print each published score beside its own log and what others measured."""
    if not audits.own_logs:
        return
    rows = table(
        "model", "task", "printed", "own log", "others found", "their mean", "apart", "p", "Holm p",
        title="Published scores against their own log and against others",
        right=("printed", "their mean", "apart", "p", "Holm p"),
    )  # fmt: skip
    for one in audits.own_logs:
        log = {"the log says the same": "the same", "the log says otherwise": "otherwise"}.get(
            one.log, "no log known"
        )
        fresh = [run for run in one.runs if run.repeats is None]
        counts = sorted({run.n_correct for run in fresh if run.n_correct is not None})
        if counts:
            log += f" ({', '.join(map(str, counts))} of {fresh[0].n})"
        others = "–"
        if one.others_lowest is not None and one.others_highest is not None:
            others = f"{one.others}: {one.others_lowest:g}"
            if one.others > 1:
                others += f" to {one.others_highest:g}"
        far = beyond_chance(one.adjusted_p)
        rows.add_row(
            safe(one.model), safe(one.task), f"{one.printed_percent:.{one.decimals}f}",
            coloured(log, bad=log.startswith("otherwise")), others,
            "–" if one.others_percent is None else f"{one.others_percent:.1f}",
            "–" if one.from_others_points is None else f"{one.from_others_points:+.1f}",
            p_cell(one.p_value), coloured(p_cell(one.adjusted_p), bad=far),
        )  # fmt: skip
    console.print(rows)
    apart, family = apart_from_others(audits), audits.own_logs[0].family
    text = "; ".join(log_counts(audits))
    text += f". Apart from the others by more than chance (Holm over {family}): "
    text += ", ".join(f"{one.model} on {one.task}" for one in apart) or "none"
    say(console, f"{len(audits.own_logs)} published scores: {text}.")
    folders = sorted({run.folder for one in audits.own_logs for run in one.runs if run.folder})
    if folders:
        say(
            console,
            f"Of which checkpoint a file is, only its folder's name tells: {', '.join(folders)}.",
        )


def print_resolution(audits: "Audits", console: "Console", *, everything: bool) -> None:
    """Print how finely a single run can tell on each task, and whose claims are of one run."""
    shown = resolved_tasks(audits)
    if not shown:
        return
    rows = table(
        "task", "problems", "claims of one run", "one problem", "± 95 %", "± by bound",
        "two runs differ from",
        title="What a single run can resolve, points",
        right=(
            "problems", "claims of one run", "one problem", "± 95 %", "± by bound",
            "two runs differ from",
        ),
    )  # fmt: skip
    for one in sorted(shown, key=lambda one: -one.points_per_problem):
        rows.add_row(
            safe(one.task), str(one.n), str(one.claims), f"{one.points_per_problem:.2f}",
            span(one.half_width_points), span(one.half_width_bound_points),
            span(one.least_difference_points),
        )  # fmt: skip
    console.print(rows)
    for one in resolved_competitions(audits):
        say(
            console,
            f"{one.task}: the {one.claims} single-run claims resolve "
            f"±{span(one.half_width_points)} points, and two of them differ by more than chance "
            f"from {span(one.least_difference_points)} points on; printed to the hundredth.",
        )
    say(
        console,
        "±: half of the 95 % interval of one run on these problems, by "
        + "; ".join(sorted({str(one.basis) for one in shown}))
        + ". By bound: sqrt(P (1 - P) / n), which no set of problems exceeds.",
    )
    if everything:
        for claimant in audits.tables:
            chance = (
                "not all of them are scores of one run"
                if claimant.chance_with_two_runs is None
                else "with two runs each, all would look like one with "
                f"{p_text(claimant.chance_with_two_runs)}"
            )
            say(
                console,
                f"{claimant.who}: {claimant.on_single_run_lattice} of {claimant.claims} scores "
                f"are scores of one run; {chance}.",
            )


def print_values(audits: "Audits", console: "Console", *, everything: bool) -> None:
    """Print scores and averages that their problems and runs do not allow."""
    found = [
        audit
        for audit in audits.lattice
        if everything
        or not audit.possible
        or audit.impossible_runs
        or (audit.runs_stated is None and not audit.one_run_possible)
    ]
    if found:
        title = "Printed values" + ("" if everything else " that their problems do not allow")
        rows = table("claim", "finding", title=title)
        for audit in found:
            bad = not audit.possible or bool(audit.impossible_runs)
            rows.add_row(coloured(safe(audit.claim), bad=bad), safe(audit.sentence))
        console.print(rows)
    impossible = impossible_scores(audits)
    say(
        console,
        f"{len(audits.lattice)} printed scores: {impossible} impossible with the runs that are "
        "stated (GRIM, Brown & Heathers 2017).",
    )
    counts = Counter(str(average.follows) for average in audits.averages)
    say(
        console,
        f"{len(audits.averages)} printed averages, means and SDs of runs: "
        + ", ".join(f"{number} × {what}" for what, number in sorted(counts.items()))
        + ".",
    )
    for average in audits.averages if everything else wrong_averages(audits):
        say(console, f"  {average.name}: {average.sentence}")
