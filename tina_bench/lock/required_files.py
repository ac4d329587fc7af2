"""What the catalog needs locked, by section and name, and what a name on a command line means."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tina_bench.catalog.schema import Catalog, Model, ModelKind, PublishedText, Recipe, Source
from tina_bench.errors import CatalogError, LockError, UsageError
from tina_bench.lock.hub_client import Kind
from tina_bench.lock.lockfile import Lock, LockedFiles, read_lock

EMBEDDED_PREFIX = "embedded:"
Section = Literal["models", "datasets"]
KINDS: dict[Section, Kind] = {"models": "model", "datasets": "dataset"}


@dataclass(frozen=True)
class HubFiles:
    """A set of files on the hub, as the catalog names it."""

    section: Section
    name: str
    """Catalog name of a model, hub id of a dataset."""
    repo: str
    revision: str | None
    """Commit, abbreviated perhaps; `None` for the tip of `main` when it is resolved."""
    subfolder: str | None = None
    adapter: bool = False

    @property
    def kind(self) -> Kind:
        """What kind of repository it is in."""
        return KINDS[self.section]

    def is_met_by(self, entry: LockedFiles | None) -> bool:
        """True when the lock's entry is of this repository, folder and revision."""
        return (
            entry is not None
            and (entry.source, entry.repo, entry.subfolder) == ("hub", self.repo, self.subfolder)
            and (entry.revision or "").startswith(self.revision or "")
        )


def hub_entries(catalog: Catalog) -> dict[tuple[Section, str], HubFiles]:
    """Everything of the catalog that lies on the hub, models first, by section and name.

    Raises `CatalogError` when two entries want different revisions of one dataset.
    """
    found: dict[tuple[Section, str], HubFiles] = {
        ("models", name): HubFiles(
            section="models",
            name=name,
            repo=model.repo,
            revision=model.revision,
            subfolder=model.subfolder,
            adapter=model.kind is ModelKind.ADAPTER,
        )
        for name, model in sorted(catalog.models.items())
        if model.source is Source.HUB and model.repo is not None
    }
    uses = [
        (f"task {name}", task.dataset, task.revision)
        for name, task in catalog.tasks.items()
        if task.source is Source.HUB
    ]
    uses += [
        (f"recipe {name}", recipe.dataset, recipe.dataset_revision)
        for name, recipe in catalog.recipes.items()
        if not recipe.dataset.startswith(EMBEDDED_PREFIX)
    ]
    for dataset in sorted({dataset for _, dataset, _ in uses}):
        revision = _one_revision(dataset, [use for use in uses if use[1] == dataset])
        found["datasets", dataset] = HubFiles("datasets", dataset, dataset, revision)
    return found


def _one_revision(dataset: str, uses: list[tuple[str, str, str | None]]) -> str | None:
    """The longest spelling of the one revision that all of them want."""
    named = sorted((revision, who) for who, _, revision in uses if revision is not None)
    if not named:
        return None
    longest, other = max(named, key=lambda pair: len(pair[0]))
    for revision, who in named:
        if not longest.startswith(revision):
            raise CatalogError(
                f"catalog: {who} wants revision {revision} of dataset {dataset}, and {other} wants "
                f"{longest}; expected one revision of a dataset."
            )
    return longest


def unresolved(catalog: Catalog, lock: Lock) -> dict[str, tuple[str, ...]]:
    """Names by section that the catalog has on the hub and the lock has no fitting entry of."""
    missing: dict[str, list[str]] = {}
    for (section, name), wanted in hub_entries(catalog).items():
        if not wanted.is_met_by(getattr(lock, section).get(name)):
            missing.setdefault(section, []).append(name)
    return {section: tuple(sorted(names)) for section, names in sorted(missing.items())}


def refuse_other_bytes(catalog: Catalog, lock: Lock) -> None:
    """Raise `LockError` when the lock has an entry under a name of the catalog's, of other bytes.

    The planner knows entries by name: another repository's weights must not stand under it.
    """
    for (section, name), wanted in hub_entries(catalog).items():
        entry: LockedFiles | None = getattr(lock, section).get(name)
        if entry is not None and not wanted.is_met_by(entry):
            raise LockError(
                f"checkpoints.lock: {section}.{name}: found {_place(entry.repo, entry.revision)}, "
                f"and the catalog names {_place(wanted.repo, wanted.revision)}; "
                f"`tina-bench lock --update {name}` resolves it anew."
            )


def _place(repo: str | None, revision: str | None) -> str:
    return f"{repo or 'embedded files'} at {revision or 'main'}"


def lock_names(catalog: Catalog, names: Iterable[str]) -> set[tuple[Section, str]]:
    """Entries that names stand for: a model, a task's or a recipe's dataset, or a dataset's id.

    Raises `UsageError` for a name that stands for none.
    """
    known = hub_entries(catalog)
    chosen: set[tuple[Section, str]] = set()
    for name in names:
        found: set[tuple[Section, str]] = {key for key in known if key[1] == name}
        for entries in (catalog.tasks, catalog.recipes):
            if name in entries and ("datasets", entries[name].dataset) in known:
                found.add(("datasets", entries[name].dataset))
        if not found:
            raise UsageError(
                f"found {name!r}, expected a model, a task, a recipe or a dataset of the catalog "
                "that lies on the hub; `tina-bench catalog list` shows what there is."
            )
        chosen |= found
    return chosen


@dataclass(frozen=True)
class RequiredFiles:
    """What a request needs from outside, in order and each once."""

    entries: tuple[HubFiles, ...]
    texts: tuple[PublishedText, ...]


class _Needs:
    """Follows a name to everything that it stands on."""

    def __init__(self, catalog: Catalog, *, retrain: bool) -> None:
        self._catalog = catalog
        self._retrain = retrain
        self._known = hub_entries(catalog)
        self.entries: dict[tuple[Section, str], HubFiles] = {}
        self.texts: dict[tuple[str, str], PublishedText] = {}

    def entry(self, section: Section, name: str) -> None:
        if (section, name) in self._known:
            self.entries[section, name] = self._known[section, name]

    def model(self, name: str) -> None:
        model: Model = self._catalog.models[name]
        if model.base is not None:
            self.model(model.base)
        if model.recipe is not None and (model.source is Source.RECIPE or self._retrain):
            self.recipe(self._catalog.recipes[model.recipe])
        else:
            self.entry("models", name)

    def recipe(self, recipe: Recipe) -> None:
        self.model(recipe.base)
        self.entry("datasets", recipe.dataset)
        for text in (recipe.system_prompt_from, recipe.chat_template_from):
            if text is not None:
                self.texts[text.url, text.constant] = text

    def files(self) -> RequiredFiles:
        return RequiredFiles(tuple(self.entries.values()), tuple(self.texts.values()))


def needed_by_names(
    catalog: Catalog, names: Iterable[str], *, retrain: bool = False
) -> RequiredFiles:
    """What models, tasks, recipes, datasets or published texts (by url) need, their bases included.

    Raises `UsageError` for a name that is none of these.
    """
    needs = _Needs(catalog, retrain=retrain)
    texts = [
        text
        for recipe in catalog.recipes.values()
        for text in (recipe.system_prompt_from, recipe.chat_template_from)
        if text is not None
    ]
    for name in names:
        by_url = [text for text in texts if text.url == name]
        known = by_url or any(
            name in entries for entries in (catalog.models, catalog.tasks, catalog.recipes)
        )
        if not known:
            for section, dataset in lock_names(catalog, [name]):
                needs.entry(section, dataset)
        if name in catalog.models:
            needs.model(name)
        if name in catalog.tasks:
            needs.entry("datasets", catalog.tasks[name].dataset)
        if name in catalog.recipes:
            needs.recipe(catalog.recipes[name])
        for text in by_url:
            needs.texts[text.url, text.constant] = text
    return needs.files()


def needed_by_profile(catalog: Catalog, profile: str, *, retrain: bool = False) -> RequiredFiles:
    """What every model and task of a profile needs; raises `UsageError` for an unknown profile."""
    found = catalog.profiles.get(profile)
    if found is None:
        raise UsageError(
            f"there is no profile {profile!r}; the catalog has "
            f"{', '.join(sorted(catalog.profiles))}."
        )
    return needed_by_names(catalog, (*found.models, *found.tasks), retrain=retrain)


def open_lock(path: Path | None, catalog: Catalog) -> Lock:
    """The lock of that path, else the packaged one; refused when the catalog names other bytes."""
    lock = read_lock(path)
    refuse_other_bytes(catalog, lock)
    return lock
