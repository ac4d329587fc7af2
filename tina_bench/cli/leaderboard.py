"""`tina-bench leaderboard`: the static site."""

from pathlib import Path
from typing import Annotated

import typer

from tina_bench.cli.options.common import (
    CatalogOption,
    ChosenProfileOption,
    ExistingHomeOption,
    JsonOption,
    LockOption,
    open_home,
)
from tina_bench.cli.show.site_progress import progress
from tina_bench.cli.show.tables import console, print_json

app = typer.Typer(
    help="The leaderboard: a static site that needs no network to look at.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """The leaderboard: a static site that needs no network to look at."""


def _texts(said: str) -> int | None:
    """The number of problems a task whose texts are shown; `None` leaves it to the builder."""
    from tina_bench.board.transcripts import ALL_TEXTS
    from tina_bench.errors import UsageError

    if said in {"all", "none", "auto"}:
        return {"all": ALL_TEXTS, "none": 0, "auto": None}[said]
    if not said.isdecimal() or len(said) > 9:
        raise UsageError(
            f"--transcripts: found {said!r}, expected 'auto', 'all', 'none' or a number."
        )
    return int(said)


@app.command("build")
def build(
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where to build it; HOME/site if not given."),
    ] = None,
    transcripts: Annotated[
        str,
        typer.Option(
            "--transcripts",
            metavar="auto|all|N|none",
            help="Of how many problems a task the site shows what the models wrote, checked "
            "against the hash in each result: the same problems for every model and seed. 'auto': "
            "100, 30 or 5, the more answers the fewer, so that GitHub Pages takes the site. "
            "'none' does not look into the logs at all; every outcome is listed in any case.",
        ),
    ] = "auto",
    base_url: Annotated[
        str | None,
        typer.Option(
            "--base-url", metavar="URL", help="Where it will be published: for feed and previews."
        ),
    ] = None,
    use_cache: Annotated[
        bool,
        typer.Option(
            "--cache/--no-cache",
            help="Take over pages and drawings of earlier builds that nothing changed for. "
            "Without, every log is hashed again.",
        ),
    ] = True,
    profile: ChosenProfileOption = None,
    catalog: CatalogOption = None,
    home: ExistingHomeOption = None,
    lock: LockOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build the site from this home's results and the catalog's published scores.

    Without a result it shows what public evidence says of the published scores. The old site stays
    until the new one is whole.
    """
    import platformdirs

    from tina_bench import api
    from tina_bench.board.site.build import SiteOptions
    from tina_bench.lock.lockfile import lock_digest

    options = SiteOptions(
        with_samples=transcripts != "none",
        texts_a_task=_texts(transcripts),
        profile=profile,
        base_url=base_url,
        lock_digest=lock_digest(lock),
        cache=platformdirs.user_cache_path("tina-bench", appauthor=False) if use_cache else None,
    )
    store = open_home(home)
    target = (out or store.site).absolute()
    with progress("Writing answers") as on_progress:
        summary = api.build_board(
            store, target, options=options, catalog=catalog or (), on_progress=on_progress
        )
    if as_json:
        print_json(
            {
                "index": str(target / "index.html"), "pages": summary.pages,
                "files": summary.files, "bytes": summary.bytes, "answers": summary.answers,
                "transcripts": summary.transcripts, "taken_over": summary.taken_over,
                "digest": summary.digest,
            }
        )  # fmt: skip
    else:
        console().print(
            f"{summary.pages} pages built, with {summary.answers} answers and the texts of "
            f"{summary.transcripts}. Open {target / 'index.html'} in a browser.",
            markup=False, soft_wrap=True,
        )  # fmt: skip
