"""`tina-bench verify`: published numbers against what was measured here."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.common import (
    CatalogOption,
    ChosenProfileOption,
    HomeOption,
    JsonOption,
    console,
    open_home,
    print_json,
    table,
)

if TYPE_CHECKING:
    from tina_bench.stats.shapes import Judgement

EXIT_NOT_REPRODUCED = 1
EXIT_INCONCLUSIVE = 3
COLOURS = {
    "REPRODUCED": "green",
    "NOT_REPRODUCED": "red",
    "INCONCLUSIVE": "yellow",
    "NOT_COMPARABLE": "blue",
    "NOT_MEASURED": "dim",
}
SIGNS = {
    "REPRODUCED": "●",
    "NOT_REPRODUCED": "✗",
    "INCONCLUSIVE": "◐",
    "NOT_COMPARABLE": "≠",
    "NOT_MEASURED": "·",
}


def _print(judgements: list["Judgement"]) -> None:
    rows = table("verdict", "model", "task", "claimed", "ours", "reason", right=("claimed", "ours"))
    for judgement in judgements:
        ours = judgement.measured_percent
        verdict, colour = judgement.verdict, COLOURS[judgement.verdict]
        reason = judgement.reason
        if judgement.would_decide:
            reason += f" {judgement.would_decide}"
        rows.add_row(
            f"[{colour}]{SIGNS[verdict]} {verdict}[/{colour}]", judgement.model, judgement.task,
            f"{judgement.claimed_percent:.{judgement.decimals}f}",
            "–" if ours is None else f"{ours:.2f}", reason,
        )  # fmt: skip
    console().print(rows)
    caveats: dict[str, list[str]] = {}
    for judgement in judgements:
        for caveat in judgement.caveats:
            tasks = caveats.setdefault(caveat, [])
            if judgement.task not in tasks:
                tasks.append(judgement.task)
    for caveat, tasks in caveats.items():
        console().print(f"Not as published ({', '.join(tasks)}): {caveat}.", markup=False)


def verify(
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Only claims about this model.")
    ] = None,
    profile: ChosenProfileOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="INCONCLUSIVE fails too, with exit code 3.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="List the claims that nothing was measured for, too.")
    ] = False,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give every claim that has a result a verdict. Needs no engine and no GPU.

    Checks first that the samples behind each result are unchanged.

    Exit codes: 0 no claim is contradicted; 1 at least one is NOT_REPRODUCED; 3 with --strict, none
    is contradicted but at least one is INCONCLUSIVE; 14-15 stored bytes have changed; 22 no claim
    has a result in this home, so there is nothing to verify.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import BlockedError
    from tina_bench.stats.report import build_report
    from tina_bench.store.integrity import check_sample_logs

    store = open_home(home)
    records = store.measurements(profile)
    check_sample_logs(store.root, records)
    report = build_report(load_catalog(catalog or ()), records)
    chosen = [judged for judged in report.judgements if not model or judged.model in model]
    counts = Counter(str(judgement.verdict) for judgement in chosen)
    measured = [judged for judged in chosen if judged.verdict != "NOT_MEASURED"]
    if not measured:
        raise BlockedError(
            f"none of {len(chosen)} claims has a result in {store.root}; run "
            "`tina-bench reproduce` first, or name another home with --home."
        )
    listed = chosen if everything else measured
    if as_json:
        print_json(
            {
                "counts": dict(counts),
                "claims": [judgement.model_dump(mode="json") for judgement in listed],
            }
        )
    else:
        _print(listed)
        summary = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
        console().print(f"{len(chosen)} claims: {summary}.")
    if counts["NOT_REPRODUCED"]:
        raise typer.Exit(EXIT_NOT_REPRODUCED)
    if strict and counts["INCONCLUSIVE"]:
        raise typer.Exit(EXIT_INCONCLUSIVE)
