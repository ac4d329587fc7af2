"""`tina-bench leaderboard serve`: look at the site before it is published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import (
    CatalogOption,
    ChosenProfileOption,
    ExistingHomeOption,
    LockOption,
    open_home,
)
from tina_bench.cli.show.site_progress import progress
from tina_bench.cli.show.tables import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from tina_bench.errors import TinaBenchError
    from tina_bench.store.home import Home

DEFAULT_PORT = 8000


def serve(
    site: Annotated[
        Path | None,
        typer.Argument(metavar="[SITE]", help="Folder of the site; HOME/site if not given."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 for any free port.")
    ] = DEFAULT_PORT,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="Address to listen on. With another than this, others can see the site."
        ),
    ] = "127.0.0.1",
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Build it first, and again whenever records, catalog or templates change; pages "
            "that are open in a browser then reload.",
        ),
    ] = False,
    profile: ChosenProfileOption = None,
    catalog: CatalogOption = None,
    home: ExistingHomeOption = None,
    lock: LockOption = None,
) -> None:
    """Show the site at http://127.0.0.1:8000/ until Ctrl-C.

    Serves the files of the site as they are, and nothing else. With --watch a script is added to
    the pages on their way to the browser, never to the files. A build that fails is told here, and
    the site stays as it was.

    Exit codes: 0 Ctrl-C, which is how it ends; 11 the port is taken, or there is no site; 22 with
    --watch, nothing has been measured under the profile asked for.
    """
    from tina_bench.board.output.replace import is_site
    from tina_bench.board.site.preview_server import SiteServer
    from tina_bench.board.site.rebuild import serve as serve_built
    from tina_bench.board.site.rebuild import watched_paths
    from tina_bench.errors import UsageError

    store = open_home(home)
    folder = (site or store.site).absolute()
    build = None
    if watch:
        build = _builder(store, folder, profile=profile, catalogs=catalog or [], lock=lock)
        build()
    elif not is_site(folder):
        raise UsageError(
            f"{folder}: is no leaderboard; build it with `tina-bench leaderboard build`, or say "
            "--watch."
        )
    server = SiteServer(folder, host, port, reload=watch)
    screen = console()
    screen.print(f"Look at {server.url} and stop with Ctrl-C.", markup=False, soft_wrap=True)
    try:
        serve_built(server, build, watched_paths(store, catalog or ()), _say_rebuilt)
    except KeyboardInterrupt:
        screen.print("Stopped.")


def _builder(
    home: "Home", folder: Path, *, profile: str | None, catalogs: list[Path], lock: Path | None
) -> "Callable[[], None]":
    import platformdirs

    from tina_bench.board.site.build import SiteOptions
    from tina_bench.board.site.rebuild import build_once
    from tina_bench.lock.lockfile import lock_digest

    def build() -> None:
        cache = platformdirs.user_cache_path("tina-bench", appauthor=False)
        options = SiteOptions(profile=profile, lock_digest=lock_digest(lock), cache=cache)
        with progress("Writing answers") as on_progress:
            build_once(home, folder, catalogs, options, on_progress)

    return build


def _say_rebuilt(error: "TinaBenchError | None") -> None:
    screen = console(stderr=True)
    if error is None:
        screen.print("Built again.", markup=False)
    else:
        screen.print(f"error: {error} The site stays as it was.", markup=False, style="red")
