"""One page per model with a score, ours or not: what was published, found and spent."""

from collections.abc import Iterator
from dataclasses import dataclass

from tina_bench.board import plots
from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.provenance_tables import (
    command_lines,
    deviations,
    provenance_facts,
    recipe_facts,
    reproduce_command,
)
from tina_bench.board.output.elements import Page
from tina_bench.board.pages.pairs import pair_path
from tina_bench.stats.audits.report import Audits
from tina_bench.stats.comparisons.all_pairs import AVERAGE
from tina_bench.stats.comparisons.ranks import RankBand
from tina_bench.stats.types import Verdict

POWERS = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of answers that a table of pass@k or maj@k has a column for, beside all."""


@dataclass(frozen=True, slots=True)
class Versus:
    """A model that was measured on a common task."""

    model: str
    """The other one."""
    href: str
    """Path of their comparison."""


def _bands(evidence: SiteContext, model: str) -> dict[str, tuple[RankBand, int]]:
    """By scope: the ranks it may have, and how many models were ranked."""
    return {
        scope: (band, len(table.bands))
        for scope, table in evidence.ranks.items()
        for band in table.bands
        if band.model == model
    }


def _versus(evidence: SiteContext, model: str) -> tuple[Versus, ...]:
    met = {other for table in evidence.pairs if model in table.models for other in table.models}
    return tuple(
        Versus(other, pair_path(evidence, model, other))
        for other in evidence.models
        if other in met and other != model
    )


def _columns(found: list[dict[int, float]], k: list[int]) -> list[int]:
    return sorted({n for row in found for n in row if n in POWERS or n in k})


def _page(evidence: SiteContext, model: str, audits: Audits) -> Page:
    curves = [curve for curve in evidence.curves if curve.model == model]
    drawn = tuple(
        plot
        for number, curve in enumerate(curves, start=1)
        if (plot := plots.training(curve, number, evidence.cache))
    )
    forest = plots.forest(evidence, model)
    entry = evidence.model(model)
    recipe = evidence.catalog.recipes[entry.recipe] if entry and entry.recipe else None
    estimates = [
        evidence.estimates[model, task]
        for task in evidence.tasks
        if (model, task) in evidence.estimates
    ]
    judgements = evidence.judgements(model)
    majorities = [e.majority_percent or {} for e in estimates]
    runs = [e.k for e in estimates]
    return Page(
        f"models/{model}.html",
        "model.html",
        {
            "model": model,
            "entry": entry,
            "estimates": estimates,
            "average": next((a for a in evidence.report.averages if a.model == model), None),
            "bands": _bands(evidence, model),
            "scope_average": AVERAGE,
            "pass_ks": _columns([e.pass_at_k_percent for e in estimates], runs),
            "majority_ks": _columns(majorities, runs),
            "curves": drawn,
            "forest": forest,
            "tested": [j for j in judgements if j.verdict is not Verdict.NOT_MEASURED],
            "waiting": [j for j in judgements if j.verdict is Verdict.NOT_MEASURED],
            "other_scores": [s for s in evidence.catalog.other_scores.values() if s.model == model],
            "audits": audits.about({model}),
            "titles": {g.reference: evidence.model_title(g.reference) for g in audits.gains},
            "versus": _versus(evidence, model),
            "printed_costs": [c for c in evidence.catalog.costs.values() if c.model == model],
            "recipe": recipe,
            "recipe_facts": recipe_facts(recipe) if recipe else (),
            "provenance": provenance_facts(evidence, model),
            "commands": command_lines(evidence, model),
            "reproduce": reproduce_command(evidence, model, ()),
            "deviations": deviations(evidence, model),
            "attempts": [a for a in evidence.bill.attempts if a.first.model == model],
        },
        plots=(*((forest,) if forest else ()), *drawn),
    )


def pages(evidence: SiteContext) -> Iterator[Page]:
    """One per model that was measured, trained or paid for, or that has a published score."""
    for model in evidence.all_models:
        yield _page(evidence, model, evidence.audits)
