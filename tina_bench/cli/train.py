"""`tina-bench train`: make a recipe's adapter, or show exactly what that would be."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.options.common import (
    BudgetOption,
    CatalogOption,
    HomeOption,
    JsonOption,
    LockOption,
    PriceOption,
    ScaleName,
    open_home,
    open_lock,
    parse_price,
)
from tina_bench.cli.options.runner import RunnerOption, RunnerWord
from tina_bench.cli.options.running import run_options
from tina_bench.cli.show.plan import plan_json, print_plan
from tina_bench.cli.show.recipe import print_recipe, texts_missing
from tina_bench.cli.show.reproduction import ReproductionConsole, resumable, show_outcome
from tina_bench.cli.show.tables import console, print_json

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.types import Request


def train(
    name: Annotated[str, typer.Argument(help="A recipe, or a model that has one.")],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show exactly what would run; needs no engine installed."),
    ] = False,
    variant: Annotated[
        str | None,
        typer.Option(
            "--variant",
            metavar="as-published-code|as-described",
            help="Which of two, where published code and paper disagree.",
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option(
            "--whole",
            help="Train to the recipe's own last step, where the published row of a model stands "
            "on an earlier checkpoint.",
        ),
    ] = False,
    scale: Annotated[
        ScaleName | None,
        typer.Option(
            "--scale",
            help="Scale the recipe down to the embedded base: a few real steps on any CPU, to see "
            "that it runs. The adapter says everything that was changed.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="Take the stack from this profile."),
    ] = None,
    budget: BudgetOption = None,
    price: PriceOption = None,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    runner: RunnerOption = RunnerWord.AUTO,
    lock: LockOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what a recipe needs and train its adapter; evaluate nothing.

    A model's training ends at the checkpoint that its published row stands on. Where published code
    and paper disagree there are two recipes, and a model's name stands for both: a dry run shows
    both, a training wants one. Safe to interrupt and to repeat: it goes on
    from the last checkpoint. Exit codes: 0 trained; 11 no such recipe, or two; 20 the job failed;
    21 budget reached; 22 something is missing here (`--dry-run` says what); 130 Ctrl-C.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.planning.trainings import one_recipe, recipes_named
    from tina_bench.running.reproduction import open_reproduction

    loaded = load_catalog(catalog or ())
    found = recipes_named(loaded, name, _variant(variant))
    if dry_run:
        _dry_run(
            loaded,
            name,
            found,
            whole=whole,
            scale=scale,
            profile=profile,
            price=price,
            home=home,
            lock_file=lock,
            as_json=as_json,
        )
        return
    recipe = one_recipe(loaded, name, found)
    request, scaled = _request(
        loaded, name, recipe, whole=whole, scale=scale, profile=profile, price=price
    )
    options = run_options(price=price, budget=budget, runner=runner)
    watcher = ReproductionConsole(as_json=as_json, show_log=False)
    with resumable():
        reproduction, request = open_reproduction(
            request, scaled, open_lock(lock, scaled), open_home(home), options, watcher
        )
        outcome = reproduction.run(request)
    show_outcome(outcome, as_json=as_json)


def _variant(text: str | None) -> Any:
    from tina_bench.catalog.recipes import Variant
    from tina_bench.errors import UsageError

    try:
        return None if text is None else Variant(text)
    except ValueError:
        raise UsageError(
            f"--variant: found {text!r}, expected one of {', '.join(Variant)}."
        ) from None


def _request(
    catalog: "Catalog",
    name: str,
    recipe: str,
    *,
    whole: bool,
    scale: ScaleName | None,
    profile: str | None,
    price: str | None,
) -> "tuple[Request, Catalog]":
    from dataclasses import replace

    from tina_bench.catalog.scale import Scale
    from tina_bench.planning.scaled import at_scale
    from tina_bench.planning.trainings import training_request

    size = None if scale is None else Scale(scale)
    request, widened = training_request(
        catalog, name, recipe, whole=whole, profile=profile, scale=size
    )
    given = parse_price(price)
    return at_scale(replace(request, price_usd_per_hour=given[1] if given else None), widened)


def _dry_run(
    catalog: "Catalog",
    name: str,
    found: tuple[str, ...],
    *,
    whole: bool,
    scale: ScaleName | None,
    profile: str | None,
    price: str | None,
    home: Path | None,
    lock_file: Path | None,
    as_json: bool,
) -> None:
    from dataclasses import replace

    from tina_bench.planning.plan import build_plan, resolve_profile
    from tina_bench.planning.trainings import description

    lock, shown = open_lock(lock_file, catalog), []
    for one in found:
        request, scaled = _request(
            catalog, name, one, whole=whole, scale=scale, profile=profile, price=price
        )
        stack_name = resolve_profile(scaled, request).stack
        (model,) = request.models or ()
        recipe_name = str(scaled.models[model].recipe)
        recipe = scaled.recipes[recipe_name]
        made = build_plan(request, scaled, lock, open_home(home))
        described = description(
            recipe_name, recipe, scaled.models[model], stack_name, scaled.stacks[stack_name]
        )
        shown.append(({**described, "texts_missing": texts_missing(recipe)}, made))
    if as_json:
        print_json([{**described, "plan": plan_json(made)} for described, made in shown])
        return
    out = console()
    for described, made in shown:
        print_recipe(out, described)
        # `plan` shows what the estimate stands on, and what others paid.
        print_plan(replace(made, calibrations={}, published={}))
        for sentence in described["texts_missing"]:
            out.print(f"  • {sentence}", markup=False)
    if len(shown) > 1:
        names = " or ".join(str(described["recipe"]) for described, _ in shown)
        out.print(f"\nTwo recipes, never mixed: train {names}.", markup=False)
