"""Resolve what this package itself carries."""

from pathlib import Path

from tina_bench.catalog.schema import Catalog, Source
from tina_bench.embedded.files import dataset_file, model_folder
from tina_bench.errors import LockError
from tina_bench.lock.lockfile import Lock, LockedFile, LockedFiles
from tina_bench.store.hashing import sha256_file

EMBEDDED_PREFIX = "embedded:"


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
