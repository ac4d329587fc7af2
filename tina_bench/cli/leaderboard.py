"""`tina-bench leaderboard`: the static site."""

from pathlib import Path
from typing import Annotated

import typer

from tina_bench.cli.common import (
    CatalogOption,
    ChosenProfileOption,
    HomeOption,
    JsonOption,
    console,
    open_home,
    print_json,
)

app = typer.Typer(
    help="The leaderboard: a static site that needs no network to look at.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """The leaderboard: a static site that needs no network to look at."""


@app.command("build")
def build(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to build it; HOME/site if not given."),
    ] = None,
    transcripts: Annotated[
        bool,
        typer.Option(
            "--transcripts/--no-transcripts",
            help="Show what the models wrote, checked against the hash in each result. Without, "
            "every outcome is still listed, and a site of long answers becomes small.",
        ),
    ] = True,
    profile: ChosenProfileOption = None,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the site from this home's results. The old site stays until the new one is whole."""
    from tina_bench.board.build import build_site
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import BlockedError
    from tina_bench.stats.report import build_report

    store, loaded = open_home(home), load_catalog(catalog or ())
    records = store.measurements(profile)
    if not records:
        raise BlockedError(
            f"nothing has been measured in {store.root} yet, so there is nothing to show; run "
            "`tina-bench reproduce` first."
        )
    target = (out or store.site).absolute()
    summary = build_site(
        home=store, catalog=loaded, report=build_report(loaded, records), out=target,
        profile=profile,
        transcripts=transcripts,
    )  # fmt: skip
    if as_json:
        print_json({"index": str(target / "index.html"), "pages": summary.pages})
    else:
        console().print(
            f"{summary.pages} pages built. Open {target / 'index.html'} in a browser.",
            markup=False, soft_wrap=True,
        )  # fmt: skip
