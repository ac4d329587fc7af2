"""How audits of published numbers are printed: what matters first.

Names of claims, models and sources may come out of a stranger's catalog or file; they are shown as
text, whatever they contain.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tina_bench.stats.audits.gain_types import Gain
    from tina_bench.stats.audits.report import Audits

LEVEL = 0.95
COMPETITIONS = ("aime24", "aime25")
"""Tasks whose single-run claims the first sentence is about."""


def _safe(text: str) -> str:
    from rich.markup import escape

    from tina_bench.formatting.escape import printable

    return escape(printable(text))


def _say(console: "Console", text: str) -> None:
    from tina_bench.formatting.escape import printable

    console.print(printable(text), markup=False)


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def _coloured(text: str, *, bad: bool) -> str:
    return f"[red]{text}[/red]" if bad else text


def _ends(ends: tuple[float, float]) -> str:
    low, high = (f"{end:.1f}" for end in ends)
    return low if low == high else f"{low}–{high}"


class Section(StrEnum):
    """One audit, as `--only` names it; in the order in which they are printed."""

    OWN_LOGS = "own-logs"
    """Published scores against their own logs and against others."""
    RESOLUTION = "resolution"
    """What a single run can tell."""
    SELECTION = "selection"
    """The luck of picking the best checkpoint."""
    GAINS = "gains"
    """Printed gains against all published evidence."""
    VALUES = "values"
    """Scores and averages that cannot be."""
    DISAGREEMENT = "disagreement"
    """Measurers who differ by more than chance."""


def print_audits(
    audits: "Audits",
    console: "Console",
    *,
    everything: bool,
    only: Collection[Section] = tuple(Section),
) -> None:
    """Print what the audits found; with `everything` also what was found to be in order.

    First the published scores against their own logs and the others, then what a single run can
    resolve, the luck of picking, each gain, impossible values, and who disagrees with whom.
    """
    parts = {
        Section.OWN_LOGS: _own_logs,
        Section.RESOLUTION: _resolution,
        Section.SELECTION: _selection,
        Section.GAINS: _gains,
        Section.VALUES: _printed_values,
        Section.DISAGREEMENT: _disagreement,
    }
    for section, part in parts.items():
        if section in only:
            part(audits, console, everything=everything)
    if everything and Section.DISAGREEMENT in only:
        _set_aside(audits, console)


def _own_logs(audits: "Audits", console: "Console", *, everything: bool) -> None:  # noqa: ARG001
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
        far = one.adjusted_p is not None and one.adjusted_p < 1 - LEVEL
        rows.add_row(
            _safe(one.model), _safe(one.task), f"{one.printed_percent:.{one.decimals}f}",
            _coloured(log, bad=log.startswith("otherwise")), others,
            "–" if one.others_percent is None else f"{one.others_percent:.1f}",
            "–" if one.from_others_points is None else f"{one.from_others_points:+.1f}",
            _p(one.p_value), _coloured(_p(one.adjusted_p), bad=far),
        )  # fmt: skip
    console.print(rows)
    logs = Counter(str(one.log) for one in audits.own_logs)
    apart = [one for one in audits.own_logs if (one.adjusted_p or 1.0) < 1 - LEVEL]
    family = audits.own_logs[0].family
    text = "; ".join(f"{number} × {log}" for log, number in sorted(logs.items()))
    text += f". Apart from the others by more than chance (Holm over {family}): "
    text += ", ".join(f"{one.model} on {one.task}" for one in apart) or "none"
    _say(console, f"{len(audits.own_logs)} published scores: {text}.")
    folders = sorted({run.folder for one in audits.own_logs for run in one.runs if run.folder})
    if folders:
        _say(
            console,
            f"Of which checkpoint a file is, only its folder's name tells: {', '.join(folders)}.",
        )


def _resolution(audits: "Audits", console: "Console", *, everything: bool) -> None:
    tasks = {one.task for one in audits.resolutions}
    shown = [one for one in audits.task_resolutions if one.task in tasks]
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
            _safe(one.task), str(one.n), str(one.claims), f"{one.points_per_problem:.2f}",
            _ends(one.half_width_points), _ends(one.half_width_bound_points),
            _ends(one.least_difference_points),
        )  # fmt: skip
    console.print(rows)
    single = [one for one in shown if one.task in COMPETITIONS]
    for one in single:
        _say(
            console,
            f"{one.task}: the {one.claims} single-run claims resolve "
            f"±{_ends(one.half_width_points)} points, and two of them differ by more than chance "
            f"from {_ends(one.least_difference_points)} points on; printed to the hundredth.",
        )
    _say(
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
                else f"with two runs each, all would look like one with p = "
                f"{claimant.chance_with_two_runs:.2g}"
            )
            _say(
                console,
                f"{claimant.who}: {claimant.on_single_run_lattice} of {claimant.claims} scores "
                f"are scores of one run; {chance}.",
            )


def _selection(audits: "Audits", console: "Console", *, everything: bool) -> None:
    if audits.selection:
        rows = table(
            "published", "scale", "place", "printed", "mean of all", "optimism", "95 %",
            "by bound", "luck if equal",
            title="The best of many: published checkpoints among all logged ones, points",
            right=("place", "printed", "mean of all", "optimism", "by bound", "luck if equal"),
        )  # fmt: skip
        for one in audits.selection:
            rows.add_row(
                _safe(one.published), _safe(one.scale), f"{one.rank} of {one.checkpoints}",
                f"{one.measured.printed_percent:.2f}", f"{one.measured.mean_percent:.2f}",
                f"{one.measured.optimism_points:+.1f}",
                f"{one.measured.optimism_low:+.1f} to {one.measured.optimism_high:+.1f}",
                f"{one.bound.optimism_points:+.1f}",
                f"{one.if_equal_points:.1f}–{one.if_equal_bound_points:.1f}",
            )  # fmt: skip
        console.print(rows)
        _say(
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
            _say(
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
                _safe(pick.model), _safe(pick.who), str(pick.best_of),
                f"{pick.average_points:.1f}", f"{pick.average_bound_points:.1f}",
                f"{pick.by_task_points[worst]:.1f} ({_safe(worst)})",
            )  # fmt: skip
        console.print(rows)
        if everything:
            _say(console, "In the average: picked by it. In one task: picked by that task alone.")


def _gains(audits: "Audits", console: "Console", *, everything: bool) -> None:
    if not audits.gains:
        return
    references = sorted({g.reference for g in audits.gains if g.reference_is == "base"})
    for reference in references:
        chosen = [
            gain
            for gain in audits.gains
            if (gain.reference_is, gain.reference) == ("base", reference)
        ]
        title = f"Gain over the base {_safe(reference)}: printed, and supported, points"
        console.print(_gain_table(chosen, title, beside="who"))
    baselines = [gain for gain in audits.gains if gain.reference_is == "baseline"]
    if baselines:
        title = "Gain over the baseline that is printed beside it, points"
        console.print(_gain_table(baselines, title, beside="over"))
    _say(
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
        _say(console, f"Not pooled ({_few(sorted(names))}): {reason}.")
    if everything:
        for gain in audits.gains:
            _say(console, gain.sentence)
            for other in gain.sensitivity:
                _say(
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
            _safe(gain.model), _safe(gain.who if beside == "who" else gain.reference),
            f"{gain.printed_gain_points:+.2f}",
            _coloured(f"{gain.supported_gain_points:+.2f}", bad=gain.supported_low <= 0),
            f"{gain.supported_low:+.2f} to {gain.supported_high:+.2f}", share,
            "–" if gain.best_of is None else str(gain.best_of),
            "–" if gain.after_selection_points is None else f"{gain.after_selection_points:+.2f}",
        )  # fmt: skip
    return rows


def _printed_values(audits: "Audits", console: "Console", *, everything: bool) -> None:
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
            rows.add_row(_coloured(_safe(audit.claim), bad=bad), _safe(audit.sentence))
        console.print(rows)
    impossible = sum(not audit.possible for audit in audits.lattice)
    _say(
        console,
        f"{len(audits.lattice)} printed scores: {impossible} impossible with the runs that are "
        "stated (GRIM, Brown & Heathers 2017).",
    )
    wrong = [average for average in audits.averages if average.follows == "does not follow"]
    counts = Counter(str(average.follows) for average in audits.averages)
    _say(
        console,
        f"{len(audits.averages)} printed averages, means and SDs of runs: "
        + ", ".join(f"{number} × {what}" for what, number in sorted(counts.items()))
        + ".",
    )
    for average in audits.averages if everything else wrong:
        _say(console, f"  {average.name}: {average.sentence}")


def _disagreement(audits: "Audits", console: "Console", *, everything: bool) -> None:
    cells = audits.disagreement
    if not cells:
        return
    shown = [cell for cell in cells if everything or cell.adjusted_p < 1 - LEVEL]
    if shown:
        rows = table(
            "model", "task", "measured by", "score", "runs", "apart", "p", "Holm p",
            title="Who disagrees: model and task, then each measurement and its distance from the "
            "others",
            right=("score", "runs", "apart", "p", "Holm p"),
        )  # fmt: skip
        for cell in shown:
            rows.add_row(
                f"[bold]{_safe(cell.model)}[/bold]", f"[bold]{_safe(cell.task)}[/bold]",
                f"I² {cell.i_squared_percent:.0f} %, SD between {cell.tau_points:.1f}, p by bound "
                f"{_p(cell.p_value_bound)}",
                f"{cell.pooled_percent:.1f}", "", "", _p(cell.p_value),
                _coloured(_p(cell.adjusted_p), bad=cell.adjusted_p < 1 - LEVEL),
            )  # fmt: skip
            for one in cell.measurers:
                picked = f", best of {one.best_of}" if one.best_of else ""
                rows.add_row(
                    "", "", _safe(f"{one.who}{picked}"), f"{one.percent:.2f}",
                    "?" if one.runs is None else str(one.runs), f"{one.from_others_points:+.1f}",
                    _p(one.p_value),
                    _coloured(_p(one.adjusted_p), bad=one.adjusted_p < 1 - LEVEL),
                )  # fmt: skip
        console.print(rows)
    beyond = sum(cell.adjusted_p < 1 - LEVEL for cell in cells)
    first = cells[0]
    _say(
        console,
        f"{len(cells)} models and tasks with several independent measurements: {beyond} differ by "
        f"more than chance (Cochran's Q, Holm over {first.family}; single measurements, Holm over "
        f"{first.measurer_family}). Other hardware, limits, prompts or a picked checkpoint do "
        "that, too.",
    )


def _set_aside(audits: "Audits", console: "Console") -> None:
    reasons: dict[str, list[str]] = {}
    for one in audits.set_aside:
        reasons.setdefault(one.reason, []).append(one.name)
    for reason, names in sorted(reasons.items()):
        _say(console, f"Not evidence of its own ({len(names)}): {reason}: {_few(names)}.")


def _few(names: Iterable[str], shown: int = 4) -> str:
    listed = list(names)
    rest = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return ", ".join(listed[:shown]) + rest
