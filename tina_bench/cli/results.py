"""`tina-bench results`: what has been measured in this home."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.options.common import (
    ChosenProfileOption,
    ExistingHomeOption,
    JsonOption,
    open_home,
)
from tina_bench.cli.show.tables import console, print_json, table
from tina_bench.formatting.numbers import usd_text

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.types import TaskEstimate
    from tina_bench.store.home import Home
    from tina_bench.store.imported_results import ImportedResult
    from tina_bench.store.records import ResultRecord

app = typer.Typer(
    help="What has been measured: scores, intervals, provenance.", no_args_is_help=True
)


def _entry(
    record: "ResultRecord", estimate: "TaskEstimate", cost_usd: dict[str, float | None]
) -> dict[str, Any]:
    return {
        "profile": record.provenance.profile,
        "model": record.model,
        "task": record.task,
        "metric": record.metric,
        "correct": record.n_correct,
        "n": record.n,
        "k": record.k,
        "score_percent": estimate.avg_percent,
        "interval": estimate.same_problems.model_dump(mode="json"),
        "model_cost_usd": cost_usd.get(record.model),
        "provenance": record.provenance.model_dump(mode="json"),
    }


def _estimated(records: list["ResultRecord"]) -> list[tuple["ResultRecord", "TaskEstimate"]]:
    from tina_bench.stats.scores.estimates import estimate

    return [(record, estimate(record)) for record in records]


def _costs(home: "Home") -> dict[str, float | None]:
    from tina_bench.metering.bill import bill

    return {line.model: line.cost_usd for line in bill(home.ledger(), by=("model",))}


@app.command("list")
def list_results(
    model: Annotated[str | None, typer.Option("--model", "-m", help="Only this model.")] = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every model × task that has been measured."""
    store = open_home(home)
    costs = _costs(store)
    measured = [pair for pair in _estimated(store.results()) if model in (None, pair[0].model)]
    if as_json:
        print_json([_entry(record, estimate, costs) for record, estimate in measured])
        return
    out = console()
    if not measured:
        out.print(f"Nothing has been measured in {store.root} yet; `tina-bench reproduce` does it.")
        return
    rows = table(
        "profile", "model", "task", "correct", "n × k", "avg@k", "95 % interval*", "model's cost",
        right=("correct", "n × k", "avg@k", "model's cost"),
    )  # fmt: skip
    for record, estimate in measured:
        interval = estimate.same_problems
        rows.add_row(
            record.provenance.profile, record.model, record.task, str(record.n_correct),
            f"{record.n} × {record.k}",
            f"{estimate.avg_percent:.2f} %", f"{interval.low:.2f} – {interval.high:.2f} %",
            usd_text(costs.get(record.model)),
        )  # fmt: skip
    out.print(rows)
    _print_averages(measured, out)
    out.print("* for these problems, sampled afresh; the other interval is in `results show`.")


def _print_averages(measured: list[tuple["ResultRecord", "TaskEstimate"]], out: "Console") -> None:
    """Mean over tasks of each model that has several under one profile."""
    from tina_bench.stats.scores.estimates import estimate_average

    groups: dict[tuple[str, str], list[TaskEstimate]] = {}
    for record, estimate in measured:
        groups.setdefault((record.provenance.profile, record.model), []).append(estimate)
    rows = table("profile", "model", "tasks", "average", "95 % interval*", right=("average",))
    for (profile, model), estimates in groups.items():
        if len(estimates) > 1:
            made = estimate_average(estimates)
            interval = made.same_problems
            rows.add_row(
                profile, model, ", ".join(made.tasks), f"{made.avg_percent:.2f} %",
                f"{interval.low:.2f} – {interval.high:.2f} %",
            )  # fmt: skip
    if rows.row_count:
        out.print(rows)


@app.command("imported")
def list_imported(
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Only this model, ours or as printed.")
    ] = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what others measured and `tina-bench import` took in. A repeat is no further evidence.

    Names in (brackets) are theirs: no certain entry of the catalog. "?" under repeats means that
    the file cannot tell one run from another.
    """
    from tina_bench.cli.show.imports import (
        SHORT,
        correct_text,
        folder_text,
        name_text,
        repeat_text,
        score_text,
    )

    store = open_home(home)
    listed = [
        result
        for result in store.imported()
        if model in (None, result.model, result.model_as_printed)
    ]
    if as_json:
        print_json([result.model_dump(mode="json") for result in listed])
        return
    out = console()
    if not listed:
        out.print(
            f"Nothing has been imported into {store.root}; `tina-bench import PATH` does it.",
            markup=False,
        )
        return
    rows = table(
        "id", "folder", "who", "model", "task", "metric", "score", "correct", "95 % interval*",
        "repeats", right=("score", "correct"),
    )  # fmt: skip
    for result in listed:
        rows.add_row(
            result.id[:SHORT], folder_text(result),
            name_text(result.reported_by or "unknown", ""),
            name_text(result.model, result.model_as_printed),
            name_text(result.task, result.task_as_printed), name_text(result.metric, ""),
            score_text(result), correct_text(result), _interval_text(result), repeat_text(result),
        )  # fmt: skip
    out.print(rows)
    out.print("* for these problems, sampled afresh: at its widest, as only totals are known.")
    evidence = sum(result.repeat_of is None for result in listed)
    out.print(f"{len(listed)} results, {evidence} of them no repeats.")


def _interval_text(result: "ImportedResult") -> str:
    """The 95 % interval of a score over fresh runs, as far as its total allows."""
    from tina_bench.stats.scores.estimates import estimate_totals

    if result.n is None or result.n_correct is None or result.runs is None:
        return "–"
    interval = estimate_totals(result.n, result.runs, result.n_correct).same_problems
    return f"{interval.low:.1f} – {interval.high:.1f} %"


@app.command("show")
def show_result(
    model: Annotated[str, typer.Argument(help="Model.")],
    task: Annotated[str, typer.Argument(help="Task.")],
    profile: ChosenProfileOption = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one result whole: both intervals, rates, pass@k, provenance."""
    from tina_bench.errors import UsageError

    store = open_home(home)
    pair = next(
        (
            (r, e)
            for r, e in _estimated(store.measurements(profile))
            if (r.model, r.task) == (model, task)
        ),
        None,
    )
    if pair is None:
        raise UsageError(
            f"{model} on {task} has not been measured in {store.root}; `tina-bench results list` "
            "shows what has."
        )
    record, estimate = pair
    if as_json:
        entry = _entry(record, estimate, _costs(store))
        print_json({**entry, "estimate": estimate.model_dump(mode="json")})
        return
    out = console()
    rows = table("quantity", "value", title=f"{model} on {task}")
    for interval in (estimate.same_problems, estimate.similar_problems):
        doubt = f" ({interval.validity}: {interval.validity_reason})"
        rows.add_row(
            f"95 % interval, {interval.question}",
            f"{interval.low:.2f} – {interval.high:.2f} %"
            + (doubt if interval.validity_reason else ""),
        )
    spread = estimate.sd_over_runs_points
    rows.add_row(
        "avg@k", f"{estimate.avg_percent:.2f} % ({record.n_correct} of {record.n * record.k})"
    )
    rows.add_row("SD over runs (a dispersion)", "–" if spread is None else f"{spread:.2f} points")
    for k, value in estimate.pass_at_k_percent.items():
        rows.add_row(f"pass@{k}", f"{value:.2f} %")
    for k, value in (estimate.majority_percent or {}).items():
        rows.add_row(f"maj@{k}", f"{value:.2f} %")
    for name in ("truncated", "unanswered", "undecided"):
        rate = getattr(estimate, name)
        low, high = rate.interval.low, rate.interval.high
        rows.add_row(
            name,
            f"{rate.count} of {rate.total} ({rate.percent:.2f} %; 95 % interval, same problems: "
            f"{low:.2f} – {high:.2f} %)",
        )
    out.print(rows)
    facts = table("provenance", "value")
    for key, value in record.provenance.model_dump(mode="json").items():
        facts.add_row(key, str(value))
    out.print(facts)
