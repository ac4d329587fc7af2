"""The folder of a site, while it is being filled with everything but the runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.tables import tables_of
from tina_bench.board.data.feed import FEED_FILE, feed
from tina_bench.board.data.index import INDEX_FILE, site_index
from tina_bench.board.data.schemas import schema_files
from tina_bench.board.data.social_card import PICTURE_FILE, picture
from tina_bench.board.output.elements import Page, Table
from tina_bench.board.output.folder import Folder, Written
from tina_bench.board.output.incremental import BuildState, WrittenGroup
from tina_bench.board.output.parallel import in_parallel
from tina_bench.board.output.templates import Renderer
from tina_bench.board.pages import (
    claims,
    costs,
    front,
    method,
    models,
    pairs,
    scores,
    search,
    tasks,
)
from tina_bench.errors import IntegrityError


class PageModule(Protocol):
    """A module of pages."""

    def pages(self, evidence: SiteContext) -> Iterable[Page]:
        """Its pages, not yet rendered."""
        ...


HERE: tuple[PageModule, ...] = (pairs, costs, tasks, search, scores)
THERE: tuple[PageModule, ...] = (claims, method, front, models)
"""What needs the audits, and most of the figures: about as much work as the rest. What both need,
the comparisons, comes first in one and last in the other: by then it is cached."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What the other process wrote."""

    files: dict[str, Written]
    tables: list[Table]


@dataclass
class Site:
    """The folder, and what every page has."""

    folder: Folder
    """Where files go."""
    renderer: Renderer
    """Makes pages of templates."""
    templates: str
    """Digest of the templates."""
    shared: dict[str, Any]
    """Names that all templates may use."""
    evidence: SiteContext
    """What the pages show."""
    base_url: str | None
    """Where it will be published."""
    tables: list[Table] = field(default_factory=list)
    """Written so far."""

    def take(self, files: Mapping[str, Written]) -> None:
        """Add files that were written into the folder; raises `IntegrityError` for one it has."""
        twice = files.keys() & self.folder.files.keys()
        if twice:
            raise IntegrityError(f"{self.folder.old}: two pages would stand at {min(twice)}.")
        self.folder.files.update(files)

    def write_all(
        self, earlier: BuildState, assets: Path, meanwhile: Callable[[], None]
    ) -> dict[str, WrittenGroup]:
        """Write everything but runs and index, half of it in a process of its own.

        Returns the files of records for the next build. `meanwhile` is called in parallel.
        """
        with in_parallel([self._part], 1) as other:
            meanwhile()
            self._assets(assets)
            self._tables()
            records = self._records(earlier)
            self._pages(HERE)
            for _, part in other.done():
                self.take(part.files)
                self.tables += part.tables
        for path, data in schema_files(self.tables, self.base_url):
            self.folder.write(path, data)
        return records

    def write_index(self) -> None:
        """The last file: it names all others."""
        kinds = {table.name: table.kind for table in self.tables}
        index = site_index(self.evidence, self.folder.files, kinds, self.base_url)
        self.folder.write(INDEX_FILE, index)

    def _part(self) -> _Part:
        own = replace(self, folder=Folder(self.folder.root, self.folder.old), tables=[])
        own._pages(THERE)
        own.folder.write(FEED_FILE, feed(self.evidence, self.base_url))
        own.folder.write(PICTURE_FILE, picture(self.evidence))
        return _Part(own.folder.files, own.tables)

    def _assets(self, assets: Path) -> None:
        for path in sorted(assets.rglob("*")):
            if path.is_file():
                name = f"assets/{path.relative_to(assets).as_posix()}"
                self.folder.write(name, path.read_bytes())

    def _tables(self) -> None:
        for table in tables_of(self.evidence):
            self._table(table)

    def _records(self, earlier: BuildState) -> dict[str, WrittenGroup]:
        made: dict[str, WrittenGroup] = {}
        for (model, task), sha256 in self.evidence.record_sha256.items():
            path = f"data/records/{model}/{task}.json"
            group = earlier.find(path, sha256)
            found = None if group is None else earlier.take_over(group, self.folder.root)
            if found is None:
                self.folder.write(path, self.evidence.record_file(model, task).read_bytes())
                found = WrittenGroup(sha256, {path: self.folder.files[path]})
            self.folder.files.update(found.files)
            made[path] = found
        return made

    def _pages(self, modules: Sequence[PageModule]) -> None:
        for module in modules:
            for page in module.pages(self.evidence):
                self._page(page)
                own = [plot.table for plot in page.plots if plot.table is not None]
                for table in (*own, *page.tables):
                    self._table(table)

    def _table(self, table: Table) -> None:
        self.tables.append(table)
        self.folder.write(f"data/{table.name}.csv", table.csv())
        self.folder.write(f"data/{table.name}.json", table.json())

    def _page(self, page: Page) -> None:
        def rendered() -> bytes:
            context = page.context() if callable(page.context) else page.context
            return self.renderer.page(page.template, page.path, {**self.shared, **context})

        if page.depends_on is None:
            data = rendered()
        else:
            key = [self.templates, page.path, page.depends_on]
            data = self.evidence.cache.get("pages", key, rendered)
        self.folder.write(page.path, data)
