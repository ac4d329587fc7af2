"""A page a model: its scores, claims, recipe, provenance and costs."""

from collections.abc import Iterator

from tina_bench.board import plots
from tina_bench.board.evidence import Evidence
from tina_bench.board.facts import command_lines, deviations, provenance_facts, recipe_facts
from tina_bench.board.page import Page


def _page(evidence: Evidence, model: str) -> Page:
    curves = [curve for curve in evidence.curves if curve.model == model]
    drawn = [plots.training(curve, number) for number, curve in enumerate(curves, start=1)]
    found = tuple(plot for plot in drawn if plot)
    entry = evidence.model(model)
    recipe = evidence.catalog.recipes[entry.recipe] if entry and entry.recipe else None
    return Page(
        f"models/{model}.html",
        "model.html",
        {
            "model": model,
            "entry": entry,
            "estimates": [
                evidence.estimates[model, task]
                for task in evidence.tasks
                if (model, task) in evidence.estimates
            ],
            "curves": found,
            "recipe": recipe,
            "recipe_facts": recipe_facts(recipe) if recipe else (),
            "provenance": provenance_facts(evidence, model),
            "commands": command_lines(evidence, model),
            "deviations": deviations(evidence, model),
            "attempts": [a for a in evidence.bill.attempts if a.first.model == model],
        },
        plots=found,
    )


def pages(evidence: Evidence) -> Iterator[Page]:
    """One a model that has a result, a cost or a training."""
    for model in evidence.models:
        yield _page(evidence, model)
