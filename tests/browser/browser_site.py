"""One site for all browser tests, its server, and the kinds of page that it has."""

import contextlib
import functools
import http.server
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

BOARD = Path(__file__).parents[1] / "board"
LARGEST_BYTES = 150_000
"""A larger page of a kind is not taken where a smaller one has the same things on it."""


def build_one(root: Path) -> Path:
    """The fabricated home of the board's tests, hostile answers and all, in the whole catalog."""
    if str(BOARD) not in sys.path:
        sys.path.insert(0, str(BOARD))
    from board_catalog import catalog as small_catalog
    from board_home import fabricate

    from tina_bench.board.site.build import SiteOptions, build_site
    from tina_bench.catalog.load import load_catalog
    from tina_bench.catalog.schema import Catalog
    from tina_bench.stats.report import build_report

    home = fabricate(root / "home")
    whole, small = load_catalog(), small_catalog()
    catalog = Catalog.model_validate(
        whole.model_dump() | {"claims": {**whole.claims, **small.claims}}
    )
    report = build_report(catalog, home.measurements(None))
    out = root / "site"
    build_site(
        home=home, catalog=catalog, report=report, out=out, options=SiteOptions(texts_a_task=12)
    )
    return out


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        del format, args


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of that folder, below a path as on GitHub Pages."""
    handler = functools.partial(_Quiet, directory=str(folder.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{folder.name}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _kind(path: str) -> str:
    """`models/a.html` and `models/b.html` are of one kind, and so are all runs."""
    *folders, name = path.split("/")
    if not folders:
        return path
    inner = "/".join([folders[0], *("*" for _ in folders[1:])])
    if name == "index.html":
        return f"{inner}/index.html"
    marks = re.findall(r"page|part|--vs--", name)
    return f"{inner}/*{''.join(marks)}.html"


def page_kinds(site: Path) -> dict[str, str]:
    """A page of every kind there is: the fullest that is not larger than need be."""
    found: dict[str, list[tuple[int, str]]] = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        found.setdefault(_kind(name), []).append((path.stat().st_size, name))
    return {
        kind: max((one for one in pages if one[0] <= LARGEST_BYTES), default=min(pages))[1]
        for kind, pages in sorted(found.items())
    }
