"""`tina-bench compare`: models against each other, and which ranks they may have."""

from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.common import (
    ChosenProfileOption,
    HomeOption,
    JsonOption,
    TasksOption,
    console,
    open_home,
    print_json,
    table,
)

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.pairs import PairComparison, PairTable
    from tina_bench.stats.power import Power
    from tina_bench.stats.ranks import RankTable

MOST_PAIRS = 60
"""Pairs of a table that are printed; `--json` has all."""
SHOWN_POINTS = 5.0
"""Difference that the table says what it takes to see of; `--json` has others."""


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _points(value: float | None) -> str:
    return "> 100" if value is None else f"{value:.1f}"


def _words(pair: "PairComparison") -> str:
    """What follows, in words."""
    from tina_bench.stats.pairs import Finding

    if pair.finding is Finding.NOT_TOLD_APART:
        return "not told apart"
    return f"{pair.model_a if pair.finding is Finding.A_BETTER else pair.model_b} is better"


def _needed(power: "Power") -> str:
    """What it takes to see 5 points."""
    (five,) = (part for part in power.needed if part.difference_points == SHOWN_POINTS)
    if five.problems is None:
        return "unknown"
    runs = f" or {five.runs} runs" if five.runs is not None else ""
    return f"{five.problems} problems{runs}"


def _print_pairs(found: "PairTable", out: "Console") -> None:
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
            _p(pair.p_value), _p(pair.adjusted_p),
            f"{_points(power.minimum_detectable_points)} ({_points(power.corrected_points)})",
            _needed(power), _words(pair),
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


def _print_ranks(found: "RankTable", out: "Console") -> None:
    title = f"{found.scope}: ranks, {100 * found.level:g} % for all at once"
    rows = table("model", "score", "rank", "surely better", title=title, right=("score", "rank"))
    for band in found.bands:
        span = str(band.best) if band.best == band.worst else f"{band.best} – {band.worst}"
        better = ", ".join(band.better) if len(band.better) <= 3 else f"{len(band.better)} models"
        rows.add_row(band.model, f"{band.score_percent:.2f} %", span, better)
    out.print(rows)
    for model, reason in found.left_out.items():
        out.print(f"Left out: {model}, {reason}.", markup=False)


def compare(
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Compare only this model; give at least two."),
    ] = None,
    task: TasksOption = None,
    profile: ChosenProfileOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare models pair by pair on the same problems, and tell which ranks they may have.

    For each task, and for the average over tasks (each task weighs the same, as in the averages
    that papers print): the difference, its 95 % interval for problems like these, and the exact p
    of a paired sign-flip test (with one run each: McNemar's).

    "Adjusted p" is corrected for the number of pairs in the table, which is printed as its family:
    asking for fewer models makes a smaller family, so decide before looking.

    "Detectable" is the least difference that the pair's problems and runs show with 80 % power,
    by itself and (in brackets) within the family. "For 5 points" says how many problems like these,
    or runs of each model, would show a difference of 5 points so, by itself; no runs are told where
    no number is enough, or where one run each cannot tell.

    A rank of 2 – 5 says that one model is surely better and that only ranks down to 5 are possible;
    all ranks of a table are right at once in at least 95 % of cases.

    Models that were not measured on a task, or on other problems of it, are left out by name.

    Exit codes: 0 compared, whatever was found; 11 no such model or task; 22 fewer than two models
    have results to compare in this home.
    """
    from tina_bench.errors import BlockedError, UsageError
    from tina_bench.stats.pairs import compare_all
    from tina_bench.stats.ranks import rank_bands
    from tina_bench.store.integrity import check_sample_logs

    if model is not None and len(set(model)) < 2:
        raise UsageError(f"--model {model[0]}: one model cannot be compared; name at least two.")
    store = open_home(home)
    records = store.measurements(profile)
    if len({record.model for record in records}) < 2:
        raise BlockedError(
            f"{store.root} holds results of fewer than two models; run `tina-bench reproduce` "
            "first, or name another home with --home."
        )
    check_sample_logs(store.root, records)
    tables = compare_all(records, models=model, tasks=task)
    if not tables:
        raise BlockedError(
            f"no task in {store.root} was measured on the same problems for two of the models; "
            "`tina-bench results list` shows what was measured."
        )
    ranks = [rank_bands(found) for found in tables]
    if as_json:
        print_json(
            {
                "pairs": [found.model_dump(mode="json") for found in tables],
                "ranks": [found.model_dump(mode="json") for found in ranks],
            }
        )
        return
    out = console()
    for pairs, bands in zip(tables, ranks, strict=True):
        _print_pairs(pairs, out)
        _print_ranks(bands, out)
