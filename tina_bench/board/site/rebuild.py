"""The site of a home, built once, or rebuilt after every change of what it shows."""

import gc
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import watch

from tina_bench.board.output.templates import site_folder
from tina_bench.board.site.build import SiteOptions, SiteSummary, build_site, measurements
from tina_bench.board.site.preview_server import SiteServer
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import BlockedError, TinaBenchError
from tina_bench.store.home import Home


def build_once(
    home: Home,
    out: Path,
    catalogs: Sequence[Path],
    options: SiteOptions,
    on_progress: Callable[[int, int], None],
) -> SiteSummary:
    """Build the site of a home; of one without a result it is the board of what was published.

    Raises `BlockedError` where a profile was asked for that nothing has been measured under.
    """
    # A build makes many objects and drops few: looking for cycles among them takes a quarter of it.
    # Nor are they looked through when it is over, but only once another build begins.
    gc.unfreeze()
    gc.disable()
    try:
        catalog, records = load_catalog(catalogs), measurements(home, options)
        if options.profile is not None and not records:
            raise BlockedError(
                f"nothing has been measured in {home.root} under the profile {options.profile!r}; "
                "name another with --profile, or leave it out for the board of what was published."
            )
        return build_site(
            home=home, catalog=catalog, out=out, options=options, measured=records,
            on_progress=on_progress,
        )  # fmt: skip
    finally:
        gc.freeze()
        gc.enable()


def watched_paths(home: Home, catalogs: Sequence[Path]) -> list[Path]:
    """Folders and files whose changes make another site."""
    source = site_folder()
    wanted = [home.root, source / "templates", source / "assets", *catalogs]
    return [path for path in wanted if path.exists()]


def serve(
    server: SiteServer,
    build: Callable[[], None] | None,
    watched: Sequence[Path],
    rebuilt: Callable[[TinaBenchError | None], None],
) -> None:
    """Serve until interrupted; with `build`, rebuild after every change.

    `rebuilt` is called after each further build, with the error of one that failed: the site stays
    as it was then.
    """
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        if build is None:
            while thread.is_alive():
                thread.join(1.0)
        else:
            _build_after_changes(server, build, watched, rebuilt)
    finally:
        server.stop()
        server.server_close()


def _build_after_changes(
    server: SiteServer,
    build: Callable[[], None],
    watched: Sequence[Path],
    rebuilt: Callable[[TinaBenchError | None], None],
) -> None:
    site = server.site

    def is_source(_: object, name: str) -> bool:
        """Not the site, nor the folders that a build makes next to it, nor half-written files."""
        path = Path(name)
        first = path.is_relative_to(site.parent) and path.relative_to(site.parent).parts[:1]
        own = first and (first[0] == site.name or first[0].startswith(f".{site.name}."))
        return not own and not path.name.endswith((".tmp", ".lock", "~", ".swp"))

    for _ in watch(*watched, watch_filter=is_source, raise_interrupt=True):
        try:
            build()
        except TinaBenchError as error:
            rebuilt(error)
            continue
        server.rebuilt()
        rebuilt(None)
