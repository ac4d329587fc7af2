"""How a recipe is printed: what would run, on what, with which arguments."""

from typing import TYPE_CHECKING, Any

from tina_bench.cli.show.tables import table
from tina_bench.formatting.numbers import short_digest

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.catalog.recipes import Recipe


def texts_missing(recipe: "Recipe") -> list[str]:
    """What published texts are not in the cache, one sentence each; a training fetches them."""
    from tina_bench.errors import IntegrityError, LockError
    from tina_bench.lock.published_texts import read_published_text

    found = []
    for text in (recipe.system_prompt_from, recipe.chat_template_from):
        try:
            if text is not None:
                read_published_text(text)
        except (LockError, IntegrityError) as error:
            found.append(str(error))
    return found


def print_recipe(out: "Console", described: dict[str, Any]) -> None:
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
        return f"{text['constant']} in {text['url']} (sha256 {short_digest(text['sha256'])}…)"
    return str(value.get("text") or value["none"])
