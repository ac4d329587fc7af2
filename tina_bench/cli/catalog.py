"""`tina-bench catalog`: what exists and what was claimed."""

from typing import Annotated, Any

import typer

from tina_bench.cli.common import CatalogOption, JsonOption, console, print_json, table

app = typer.Typer(
    help="What exists and what was claimed: models, tasks, recipes, claims, stacks and so on.",
    no_args_is_help=True,
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "models": ("title", "kind", "source", "base", "recipe"),
    "tasks": ("title", "n_problems", "dataset", "access"),
    "recipes": ("title", "base", "dataset"),
    "claims": ("model", "task", "value_percent", "runs", "who", "confidence"),
    "stacks": ("title", "device", "dtype"),
    "profiles": ("title", "models", "tasks", "seeds", "stack"),
    "prices": ("device", "billed_per", "price_usd_per_hour", "provider", "date"),
}


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value)}: {', '.join(map(str, value[:4]))}{', …' if len(value) > 4 else ''}"
    return "–" if value is None else str(value)


@app.command("list")
def list_entries(
    section: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(COLUMNS)}. All if not given.")
    ] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the entries of the catalog, a table a kind."""
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import UsageError

    if section is not None and section not in COLUMNS:
        raise UsageError(f"there is no {section!r} in the catalog; it has {', '.join(COLUMNS)}.")
    wanted = COLUMNS if section is None else {section: COLUMNS[section]}
    values = load_catalog(catalog or ()).model_dump(mode="json")
    if as_json:
        print_json({kind: values[kind] for kind in wanted})
        return
    out = console()
    for kind, columns in wanted.items():
        rows = table("name", *(column.replace("_", " ") for column in columns), title=kind)
        for name, entry in values[kind].items():
            rows.add_row(name, *(_cell(entry[column]) for column in columns))
        out.print(rows)


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
        raise UsageError(
            f"the catalog has no entry {name!r}; `tina-bench catalog list` shows what there is."
        )
    if as_json:
        print_json({kind: entry.model_dump(mode="json") for kind, entry in found.items()})
        return
    out = console()
    for kind, entry in found.items():
        rows = table("field", "value", "meaning", title=f"{kind}.{name}")
        for field, info in type(entry).model_fields.items():
            value = entry.model_dump(mode="json")[field]
            if isinstance(value, dict):
                value = "\n".join(f"{key} = {inner}" for key, inner in value.items())
            rows.add_row(field, _cell(value), info.description or "")
        out.print(rows)
