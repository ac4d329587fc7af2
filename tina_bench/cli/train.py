"""`tina-bench train`: make a recipe's adapter, or show exactly what that would be."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.common import (
    CatalogOption,
    HomeOption,
    JsonOption,
    LockOption,
    PriceOption,
    ScaleName,
    console,
    open_home,
    open_lock,
    parse_price,
    print_json,
    table,
)
from tina_bench.cli.plan import build_plan, plan_json, print_plan
from tina_bench.cli.reproduce import BudgetOption, carry_out
from tina_bench.cli.runners import RunnerOption, RunnerWord

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.catalog.recipes import Recipe
    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.shapes import Request


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
    carry_out(
        request,
        scaled,
        home,
        price=price,
        budget=budget,
        as_json=as_json,
        runner=runner,
        lock_file=lock,
    )


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

    from tina_bench.planning.plan import resolve_profile
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
        shown.append(({**described, "texts_missing": _texts_missing(recipe)}, made))
    if as_json:
        print_json([{**described, "plan": plan_json(made)} for described, made in shown])
        return
    out = console()
    for described, made in shown:
        _print(out, described)
        # `plan` shows what the estimate stands on, and what others paid.
        print_plan(replace(made, calibrations={}, published={}))
        for sentence in described["texts_missing"]:
            out.print(f"  • {sentence}", markup=False)
    if len(shown) > 1:
        names = " or ".join(str(described["recipe"]) for described, _ in shown)
        out.print(f"\nTwo recipes, never mixed: train {names}.", markup=False)


def _texts_missing(recipe: "Recipe") -> list[str]:
    """What published texts are not in the cache, one sentence each; a training fetches them."""
    from tina_bench.errors import IntegrityError, LockError
    from tina_bench.lock.texts import read_published_text

    found = []
    for text in (recipe.system_prompt_from, recipe.chat_template_from):
        try:
            if text is not None:
                read_published_text(text)
        except (LockError, IntegrityError) as error:
            found.append(str(error))
    return found


def _print(out: "Console", described: dict[str, Any]) -> None:
    """Print one recipe as it would run: what, on what, by which rewards, with which arguments."""
    variant = f", {described['variant']}" if described["variant"] else ""
    out.print(f"\n{described['recipe']}: {described['title']}{variant}", markup=False)
    for key in ("note", "reference"):
        if described[key]:
            out.print(f"{key}: {described[key]}", markup=False)
    facts = table("what", "value")
    for key in ("base", "stack", "twin"):
        facts.add_row(key, str(described[key] or "none"))
    for key, value in described["data"].items():
        facts.add_row(f"data: {key.replace('_', ' ')}", _value(value))
    for key in ("system_prompt", "chat_template"):
        facts.add_row(key.replace("_", " "), _text(described[key]))
    for key, value in described["lora"].items():
        facts.add_row(f"LoRA {key.replace('_', ' ')}", _value(value))
    facts.add_row("steps", _steps(described))
    facts.add_row("prompts a step", f"{described['prompts_per_step']:g}")
    facts.add_row("completions a step", f"{described['completions_per_step']:g}")
    out.print(facts)
    rewards = table("reward", "weight", "parameters", right=("weight",))
    for reward in described["rewards"]:
        given = ", ".join(f"{key} {value:g}" for key, value in reward["parameters"].items())
        rewards.add_row(reward["function"], f"{reward['weight']:g}", given)
    out.print(rewards)
    arguments = table("argument of GRPOConfig", "value", "from")
    for row in described["arguments"]:
        arguments.add_row(row["name"], _value(row["value"]), row["from"])
    arguments.add_row("all others", "", described["other_arguments"])
    out.print(arguments)
    if described["unused_settings"]:
        unused = _value(described["unused_settings"])
        out.print(f"Set in the published file, and read by nothing here: {unused}.", markup=False)
    for title, key in (
        ("Does not fit together:", "hints"),
        ("Every result will say:", "deviations"),
    ):
        if described[key]:
            out.print(title)
            for sentence in described[key]:
                out.print(f"  • {sentence}", markup=False)


def _steps(described: dict[str, Any]) -> str:
    steps, whole = described["steps"], described["steps_of_recipe"]
    if steps is None:
        return "as many as the data gives"
    if steps == whole:
        return str(steps)
    of = "as many as the data gives" if whole is None else str(whole)
    sure = described["checkpoint_confidence"]
    return f"{steps} of {of}: the checkpoint of the published row ({sure}); --whole for all"


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_value(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(inner)}" for key, inner in value.items())
    return "–" if value is None else str(value)


def _text(value: dict[str, Any]) -> str:
    if "published" in value:
        text = value["published"]
        return f"{text['constant']} in {text['url']} (sha256 {text['sha256'][:12]}…)"
    return str(value.get("text") or value["none"])
