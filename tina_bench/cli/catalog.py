"""`tina-bench catalog`: what exists and what was claimed."""

from typing import Annotated, Any

import typer

from tina_bench.cli.options.common import CatalogOption, JsonOption
from tina_bench.cli.show.tables import console, print_json, safe, table

app = typer.Typer(
    help="What exists and what was claimed: models, tasks, recipes, claims, stacks and so on.",
    no_args_is_help=True,
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "models": ("title", "kind", "source", "base", "recipe", "checkpoint_step"),
    "tasks": ("title", "n_problems", "dataset", "access"),
    "recipes": ("title", "dataset", "variant"),
    "claims": ("model", "task", "value_percent", "runs", "who", "confidence"),
    "averages": ("model", "tasks", "value_percent", "runs", "who", "confidence"),
    "other_scores": ("model", "benchmark", "value_percent", "runs", "who", "confidence"),
    "costs": ("title", "model", "train_usd", "eval_usd", "total_usd", "who", "confidence"),
    "stacks": ("title", "device", "dtype"),
    "profiles": ("title", "models", "tasks", "seeds", "stack"),
    "prices": ("device", "gpu", "kind", "billed_per", "price_usd_per_hour", "provider", "date"),
    "calibrations": ("title", "hardware", "stands_for"),
}


def _cell(entry: dict[str, Any], column: str) -> str:
    value = entry[column]
    if column == "value_percent":
        return _score(entry)
    if isinstance(value, list):
        return f"{len(value)}: {', '.join(map(str, value[:4]))}{', …' if len(value) > 4 else ''}"
    return "–" if value is None else str(value)


def _score(entry: dict[str, Any]) -> str:
    """A published number with the digits it was printed with, and its ± where there is one."""
    digits, spread = entry["decimals"], entry.get("spread_points")
    return f"{entry['value_percent']:.{digits}f}" + (
        "" if spread is None else f"±{spread:.{digits}f}"
    )


def _about(kind: str, name: str, entry: dict[str, Any], key: str, wanted: str) -> bool:
    """Whether an entry is that model or task, or is about it alone or among others."""
    if kind == f"{key}s":
        return name == wanted
    return wanted in (entry.get(key), *(entry.get(f"{key}s") or ()))


def _chosen(
    values: dict[str, dict[str, dict[str, Any]]],
    *,
    model: str | None,
    task: str | None,
    who: str | None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """The entries that every given filter leaves; raises `UsageError` for a filter by nothing."""
    from tina_bench.errors import UsageError

    for key, wanted in (("model", model), ("task", task)):
        if wanted is not None and wanted not in values[f"{key}s"]:
            raise UsageError(
                f"--{key}: the catalog has no {key} {wanted!r}; `tina-bench catalog list {key}s` "
                "shows what there is."
            )
    names = {entry["who"] for kind in values.values() for entry in kind.values() if "who" in entry}
    if who is not None and not any(who.lower() in name.lower() for name in names):
        raise UsageError(f"--who: found {who!r}, expected a part of: {', '.join(sorted(names))}.")
    return {
        kind: {
            name: entry
            for name, entry in entries.items()
            if (model is None or _about(kind, name, entry, "model", model))
            and (task is None or _about(kind, name, entry, "task", task))
            and (who is None or who.lower() in entry.get("who", "").lower())
        }
        for kind, entries in values.items()
    }


@app.command("list")
def list_entries(
    section: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(COLUMNS)}. All if not given.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Only what is about this model.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", "-t", help="Only what is about this task.")
    ] = None,
    who: Annotated[
        str | None, typer.Option("--who", help="Only what somebody of this name says; a part does.")
    ] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the entries of the catalog, a table a kind.

    `tina-bench catalog list claims --model open-rs3 --task aime24` shows who says what of it.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import UsageError

    if section is not None and section not in COLUMNS:
        raise UsageError(f"there is no {section!r} in the catalog; it has {', '.join(COLUMNS)}.")
    wanted = COLUMNS if section is None else {section: COLUMNS[section]}
    values = load_catalog(catalog or ()).model_dump(mode="json")
    filtered = any(given is not None for given in (model, task, who))
    if filtered:
        values = _chosen(values, model=model, task=task, who=who)
    if as_json:
        print_json({kind: values[kind] for kind in wanted})
        return
    out = console()
    for kind, columns in wanted.items():
        if filtered and section is None and not values[kind]:
            continue
        rows = table(
            "name",
            *(column.replace("_", " ") for column in columns),
            title=kind,
            right=("value percent",),
        )
        for name, entry in values[kind].items():
            rows.add_row(name, *(safe(_cell(entry, column)) for column in columns))
        out.print(rows)


def _whole(value: Any) -> str:
    """A value with nothing left out, one line per part."""
    if isinstance(value, dict):
        return "\n".join(f"{key} = {inner}" for key, inner in value.items())
    if isinstance(value, list):
        parts = [_whole(part).replace("\n", ", ") for part in value]
        return ("\n" if max(map(len, parts), default=0) > 24 else ", ").join(parts)
    return "–" if value is None else str(value)


@app.command("show")
def show_entry(
    name: Annotated[str, typer.Argument(help="Name of an entry of any kind.")],
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one entry whole, each field with what it means."""
    from tina_bench.catalog.load import SHAPES, load_catalog
    from tina_bench.errors import UsageError

    loaded = load_catalog(catalog or ())
    found = {kind: getattr(loaded, kind)[name] for kind in SHAPES if name in getattr(loaded, kind)}
    if not found:
        from difflib import get_close_matches

        names = [other for kind in SHAPES for other in getattr(loaded, kind)]
        near = get_close_matches(name, dict.fromkeys(names), n=3)
        raise UsageError(
            f"the catalog has no entry {name!r}; "
            + (f"near it: {', '.join(near)}; " if near else "")
            + "`tina-bench catalog list` shows what there is."
        )
    if as_json:
        print_json({kind: entry.model_dump(mode="json") for kind, entry in found.items()})
        return
    out = console()
    for kind, entry in found.items():
        rows = table("field", "value", "meaning", title=f"{kind}.{name}")
        values = entry.model_dump(mode="json")
        for field, info in type(entry).model_fields.items():
            rows.add_row(field, _whole(values[field]), info.description or "")
        out.print(rows)
