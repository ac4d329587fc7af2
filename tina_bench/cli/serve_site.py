"""`tina-bench leaderboard serve`: look at the site before anybody else does."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import (
    CatalogOption,
    ChosenProfileOption,
    HomeOption,
    LockOption,
    open_home,
)
from tina_bench.cli.show.tables import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from tina_bench.board.site.preview_server import SiteServer

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
    home: HomeOption = None,
    lock: LockOption = None,
) -> None:
    """Show the site at http://127.0.0.1:8000/ until Ctrl-C.

    Serves the files of the site as they are, and nothing else. With --watch a script is added to
    the pages on their way to the browser, never to the files. A build that fails is told here, and
    the site stays as it was.

    Exit codes: 0 Ctrl-C, which is how it ends; 11 the port is taken, or there is no site; 22 with
    --watch, nothing has been measured yet.
    """
    from tina_bench.board.output.replace import is_site
    from tina_bench.board.site.preview_server import SiteServer
    from tina_bench.errors import UsageError

    store = open_home(home)
    folder = (site or store.site).absolute()
    build = None
    if watch:
        build = _builder(folder, profile=profile, catalog=catalog, home=home, lock=lock)
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
        _run(server, build, _watched(store.root, catalog))
    except KeyboardInterrupt:
        screen.print("Stopped.")


def _builder(
    folder: Path,
    *,
    profile: str | None,
    catalog: list[Path] | None,
    home: Path | None,
    lock: Path | None,
) -> "Callable[[], None]":
    import platformdirs

    from tina_bench.board.site.build import SiteOptions
    from tina_bench.cli.leaderboard import build_once, lock_digest

    def build() -> None:
        cache = platformdirs.user_cache_path("tina-bench", appauthor=False)
        options = SiteOptions(profile=profile, lock_digest=lock_digest(lock), cache=cache)
        build_once(open_home(home), folder, catalog, options)

    return build


def _watched(home: Path, catalogs: list[Path] | None) -> list[Path]:
    """Folders and files whose changes make another site."""
    from tina_bench.board.output.templates import site_folder

    source = site_folder()
    wanted = [home, source / "templates", source / "assets", *(catalogs or ())]
    return [path for path in wanted if path.exists()]


def _run(server: "SiteServer", build: "Callable[[], None] | None", watched: list[Path]) -> None:
    """Serve until interrupted; with `build`, do so again after every change."""
    import threading

    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        if build is None:
            while thread.is_alive():
                thread.join(1.0)
        else:
            _build_again_and_again(server, build, watched)
    finally:
        server.stop()
        server.server_close()


def _build_again_and_again(
    server: "SiteServer", build: "Callable[[], None]", watched: list[Path]
) -> None:
    from watchfiles import watch

    from tina_bench.errors import TinaBenchError

    screen = console(stderr=True)
    site = server.site

    def is_source(_: object, name: str) -> bool:
        """Neither the site nor the folders that a build makes beside it, nor half-written files."""
        path = Path(name)
        beside = path.is_relative_to(site.parent) and path.relative_to(site.parent).parts[:1]
        own = beside and (beside[0] == site.name or beside[0].startswith(f".{site.name}."))
        return not own and not path.name.endswith((".tmp", ".lock", "~", ".swp"))

    for _ in watch(*watched, watch_filter=is_source, raise_interrupt=True):
        try:
            build()
        except TinaBenchError as error:
            screen.print(f"error: {error} The site stays as it was.", markup=False, style="red")
            continue
        server.rebuilt()
        screen.print("Built again.", markup=False)
