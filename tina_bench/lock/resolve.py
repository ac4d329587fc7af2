"""From names in the catalog to bytes: what this package carries, and what lies on the hub."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tina_bench.catalog.schema import Catalog, Source
from tina_bench.embedded.files import dataset_file, model_folder
from tina_bench.errors import HubUnreachableError, IntegrityError, LockError, TinaBenchError
from tina_bench.files.hashing import sha256_file
from tina_bench.lock.allowed_files import select
from tina_bench.lock.hub_cache import remove
from tina_bench.lock.hub_client import library, patiently
from tina_bench.lock.hub_errors import explained
from tina_bench.lock.hub_listing import RemoteFile, list_repository
from tina_bench.lock.lockfile import Lock, LockedFile, LockedFiles, LockedTask
from tina_bench.lock.required_files import (
    EMBEDDED_PREFIX,
    HubFiles,
    Section,
    hub_entries,
    unresolved,
)


def _entry(folder: Path, names: list[str]) -> LockedFiles:
    for name in names:
        if not (folder / name).is_file():
            raise LockError(
                f"{folder / name}: found no file, expected one, for the catalog names it as "
                "embedded in this package."
            )
    return LockedFiles(
        source="embedded",
        files={
            name: LockedFile(
                bytes=(folder / name).stat().st_size, sha256=sha256_file(folder / name)
            )
            for name in names
        },
    )


def resolve_embedded(catalog: Catalog) -> Lock:
    """Every embedded model, task dataset and training dataset of the catalog."""
    folder = model_folder()
    models = {
        name: _entry(folder, sorted(path.name for path in folder.iterdir() if path.is_file()))
        for name, model in catalog.models.items()
        if model.source is Source.EMBEDDED
    }
    names = {task.dataset for task in catalog.tasks.values() if task.source is Source.EMBEDDED}
    names |= {
        recipe.dataset
        for recipe in catalog.recipes.values()
        if recipe.dataset.startswith(EMBEDDED_PREFIX)
    }
    datasets = {}
    for name in names:
        file = f"{name.removeprefix(EMBEDDED_PREFIX)}.jsonl"
        datasets[name] = _entry(dataset_file(file).parent, [file])
    return Lock(models=models, datasets=datasets)


def resolve_hub(wanted: HubFiles) -> LockedFiles:
    """The files of one hub entry at one commit, each with its size and sha256.

    The hub knows the sha256 of what is in large-file storage (all weights); the rest, configuration
    and small data, is downloaded and hashed here. Raises `LockError` when nothing of it may be used
    (no safetensors, a name that leads out of its folder) and what `list_repository` raises.
    """
    what = f"{wanted.kind} {wanted.name}"
    listing = list_repository(wanted.kind, wanted.repo, wanted.revision)
    chosen = select(
        what,
        sorted(listing.files),
        kind=wanted.kind,
        subfolder=wanted.subfolder,
        adapter=wanted.adapter,
    )
    prefix = f"{wanted.subfolder}/" if wanted.subfolder else ""
    return LockedFiles(
        source="hub",
        repo=wanted.repo,
        revision=listing.revision,
        subfolder=wanted.subfolder,
        files={
            name: _file(wanted, listing.revision, prefix + name, listing.files[prefix + name])
            for name in chosen
        },
    )


def _file(wanted: HubFiles, revision: str, path: str, remote: RemoteFile) -> LockedFile:
    if remote.sha256 is not None and remote.bytes is not None:
        return LockedFile(bytes=remote.bytes, sha256=remote.sha256)
    with explained(wanted.kind, wanted.repo, revision):
        found = Path(
            patiently(
                lambda: library().hf_hub_download(
                    wanted.repo, path, revision=revision, repo_type=wanted.kind
                )
            )
        )
    size = found.stat().st_size
    if remote.bytes not in {None, size}:
        remove(found)
        raise IntegrityError(
            f"{wanted.kind} {wanted.repo}, {path}: found {size} bytes, expected {remote.bytes} as "
            "the hub lists it; the file was taken out of the cache, try again."
        )
    return LockedFile(bytes=size, sha256=sha256_file(found))


NOT_ASKED = "not asked for"
State = Literal["kept", "resolved", "moved", "same", "unresolved", "dropped"]


@dataclass(frozen=True)
class ResolvedEntry:
    """What became of one entry."""

    section: Section
    name: str
    state: State
    """`kept` as it was, newly `resolved`, `moved` to another commit, looked up and the `same`,
    still `unresolved`, or `dropped` because the catalog has no such name any more."""
    reason: str = ""
    """Why it is unresolved, or why it stays where it was."""
    error: TinaBenchError | None = None


@dataclass
class Renewal:
    """A lock brought up to the catalog, and what became of every hub entry."""

    lock: Lock
    rows: list[ResolvedEntry] = field(default_factory=list)


def renew(
    catalog: Catalog,
    old: Lock,
    update: Iterable[tuple[Section, str]] = (),
    on_name: Callable[[str], None] = lambda _: None,
) -> Renewal:
    """Bring a lock up to the catalog: embedded files anew, hub entries where they are missing.

    A lock does not move by itself: an entry that fits the catalog is kept, unless it is in
    `update`; then only what is in `update` is looked up. An entry of another repository, folder or
    revision than the catalog's does not fit. What cannot be resolved now keeps its fitting entry if
    it has one, and is listed as unresolved otherwise. After the first entry for which the hub does
    not answer at all no other one is tried. Tasks and images are left as they are.
    """
    asked, known = set(update), hub_entries(catalog)
    embedded = resolve_embedded(catalog)
    sections: dict[Section, dict[str, LockedFiles]] = {
        "models": dict(embedded.models),
        "datasets": dict(embedded.datasets),
    }
    rows: list[ResolvedEntry] = []
    silence: HubUnreachableError | None = None
    for (section, name), wanted in known.items():
        entry: LockedFiles | None = getattr(old, section).get(name)
        fitting = entry if wanted.is_met_by(entry) else None
        if fitting is not None:
            sections[section][name] = fitting
        left: State = "kept" if fitting is not None else "unresolved"
        if (section, name) not in asked and (asked or fitting is not None):
            rows.append(
                ResolvedEntry(section, name, left, "" if fitting is not None else NOT_ASKED)
            )
            continue
        if silence is not None:
            rows.append(ResolvedEntry(section, name, left, f"not tried: {silence}", silence))
            continue
        on_name(name)
        try:
            found = resolve_hub(wanted)
        except TinaBenchError as error:
            silence = error if isinstance(error, HubUnreachableError) else None
            rows.append(ResolvedEntry(section, name, left, str(error), error))
            continue
        sections[section][name] = found
        state: State = "resolved" if fitting is None else "same" if found == fitting else "moved"
        rows.append(ResolvedEntry(section, name, state))
    rows += _dropped(old, sections)
    tasks = _tasks(old, sections["datasets"], catalog)
    made = old.model_copy(
        update={"models": sections["models"], "datasets": sections["datasets"], "tasks": tasks}
    )
    made = made.model_copy(update={"unresolved": unresolved(catalog, made)})
    return Renewal(made, rows)


def _dropped(
    old: Lock, sections: Mapping[Section, Mapping[str, LockedFiles]]
) -> list[ResolvedEntry]:
    return [
        ResolvedEntry(section, name, "dropped", "the catalog has no such entry")
        for section, entries in sections.items()
        for name, entry in sorted(getattr(old, section).items())
        if name not in entries and entry.source == "hub"
    ]


def _tasks(
    old: Lock, datasets: Mapping[str, LockedFiles], catalog: Catalog
) -> dict[str, LockedTask]:
    """Task entries whose dataset has not moved; the others would speak of other problems."""
    return {
        name: entry
        for name, entry in old.tasks.items()
        if (task := catalog.tasks.get(name)) is not None
        and task.dataset in datasets
        and task.dataset in old.datasets
        and datasets[task.dataset].digest == old.datasets[task.dataset].digest
    }
