"""Read catalog files, the packaged ones and the user's, into one checked `Catalog`.

A file that is wrong is refused with one sentence: the file, the key, what was found, what was
expected. Nothing of a wrong file is used.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from tina_bench.catalog.published import SLACK
from tina_bench.catalog.schema import (
    AverageClaim,
    Calibration,
    Catalog,
    CatalogEntry,
    Claim,
    CostClaim,
    Model,
    OtherScore,
    Price,
    Profile,
    Recipe,
    Source,
    Stack,
    Task,
)
from tina_bench.errors import CatalogError
from tina_bench.files.strict import MalformedError, first_wrong, parse_toml, read_bytes, shown

SHAPES: dict[str, type[CatalogEntry]] = {
    "models": Model,
    "tasks": Task,
    "recipes": Recipe,
    "claims": Claim,
    "averages": AverageClaim,
    "other_scores": OtherScore,
    "costs": CostClaim,
    "stacks": Stack,
    "profiles": Profile,
    "prices": Price,
    "calibrations": Calibration,
}


def _packaged_files() -> list[Path]:
    with resources.as_file(resources.files("tina_bench.catalog") / "data") as folder:
        return sorted(folder.glob("*.toml"))


def _user_files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise CatalogError(
            f"{folder}: found no *.toml file, expected a catalog file or a folder of them; give "
            "another path with --catalog."
        )
    return files


EXAMPLES = {
    "models": "smoke-base",
    "tasks": "smoke-30",
    "recipes": "smoke-grpo",
    "claims": "smoke-base-smoke-30",
    "stacks": "cpu",
    "profiles": "smoke",
    "prices": "github-linux-2-core",
}
"""Packaged entries whose `catalog show` explains every key of their kind."""


def _advice(section: str) -> str:
    example = EXAMPLES.get(section)
    shows = f" (`tina-bench catalog show {example}` explains the keys)" if example else ""
    return f"correct it{shows} or leave the file out"


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(read_bytes(path), "a catalog file")
    except FileNotFoundError:
        raise CatalogError(
            f"{path}: found a link to nothing, expected a catalog file; mend or remove the link."
        ) from None
    except MalformedError as error:
        raise CatalogError(f"{path}: {error}; correct the file or leave it out.") from None


def _entries(path: Path) -> Iterator[tuple[str, str, CatalogEntry]]:
    for section, table in _read(path).items():
        shape = SHAPES.get(section)
        if shape is None:
            raise CatalogError(
                f"{path}: {section}: found an unknown table, expected one of {', '.join(SHAPES)}; "
                "correct its name or leave it out."
            )
        if not isinstance(table, dict):
            raise CatalogError(
                f"{path}: {section}: found {shown(table)}, expected tables [{section}.NAME]; "
                f"{_advice(section)}."
            )
        for name, values in table.items():
            try:
                yield section, name, shape.model_validate(values)
            except ValidationError as error:
                raise CatalogError(
                    f"{path}: {first_wrong(error, (section, name))}; {_advice(section)}."
                ) from None


MENTIONS = (
    ("models", "base", "models"),
    ("models", "recipe", "recipes"),
    ("models", "published_as", "models"),
    ("models", "retraining_of", "models"),
    ("recipes", "base", "models"),
    ("recipes", "twin", "recipes"),
    ("stacks", "price", "prices"),
    ("claims", "model", "models"),
    ("claims", "task", "tasks"),
    ("claims", "stack", "stacks"),
    ("averages", "model", "models"),
    ("averages", "tasks", "tasks"),
    ("other_scores", "model", "models"),
    ("costs", "model", "models"),
    ("profiles", "stack", "stacks"),
    ("profiles", "models", "models"),
    ("profiles", "tasks", "tasks"),
    ("calibrations", "run_gpu_seconds", "tasks"),
    ("calibrations", "step_gpu_seconds", "recipes"),
)
"""Section, key, and the section that the key's names are in."""


SHOWN_NAMES = 12
"""As many names as a sentence can bear."""


def _some(known: Iterable[str], like: str) -> str:
    """All of a few names; of many those that are most like the one that was given."""
    names = sorted(known)
    if len(names) <= SHOWN_NAMES:
        return ", ".join(names) or "there is none"
    near = get_close_matches(like, names, n=SHOWN_NAMES // 2, cutoff=0)
    return f"{', '.join(near)} or another of {len(names)}"


def _check_references(catalog: Catalog, origin: dict[tuple[str, str], Path]) -> None:
    """Every name that an entry mentions must exist."""
    for section, key, target in MENTIONS:
        known: dict[str, BaseModel] = getattr(catalog, target)
        for name, entry in getattr(catalog, section).items():
            value = getattr(entry, key)
            for mentioned in (value,) if isinstance(value, str) else value or ():
                if mentioned not in known:
                    raise CatalogError(
                        f"{origin[section, name]}: {section}.{name}.{key}: found {mentioned!r}, "
                        f"expected the name of an entry in '{target}': {_some(known, mentioned)}; "
                        "correct the name, or add that entry."
                    )
    for name, model in catalog.models.items():
        _check_foundation(catalog, origin, name)
        if model.source is Source.RECIPE and model.recipe is not None:
            base = catalog.recipes[model.recipe].base
            if base != model.base:
                raise CatalogError(
                    f"{origin['models', name]}: models.{name}.base: found {model.base!r}, expected "
                    f"{base!r}, the base of recipe {model.recipe!r}; correct one of them."
                )


def _check_foundation(catalog: Catalog, origin: dict[tuple[str, str], Path], name: str) -> None:
    """An adapter stands on a model that stands on a model, and so on down to full weights."""
    chain = [name]
    while (base := catalog.models[chain[-1]].base) is not None:
        if base in chain:
            raise CatalogError(
                f"{origin['models', name]}: models.{name}.base: found a circle, "
                f"{' → '.join([*chain, base])}, expected a chain that ends at full weights; give "
                "one of them another base."
            )
        chain.append(base)


def _check_aliases(catalog: Catalog, origin: dict[tuple[str, str], Path]) -> None:
    """An alias stands for one entry: a name that could be two is none."""
    sections: dict[str, Mapping[str, Model | Task]] = {
        "models": catalog.models,
        "tasks": catalog.tasks,
    }
    for section, entries in sections.items():
        owners = {name: name for name in entries}
        for name, entry in entries.items():
            for alias in entry.aliases:
                other = owners.setdefault(alias, name)
                if other != name:
                    raise CatalogError(
                        f"{origin[section, name]}: {section}.{name}.aliases: found {alias!a}, "
                        f"which is {other}, expected names of this entry alone; leave it out of "
                        "one of them."
                    )


def _check_averages(catalog: Catalog, origin: dict[tuple[str, str], Path]) -> None:
    """No mean lies outside its cells: such an average is a slip in copying, or its note says why.

    Cells are claims on the same model by the same source; only where each task has exactly one is
    it certain that they are what was averaged.
    """
    cells: dict[tuple[str, str, str], dict[str, list[Claim]]] = {}
    for claim in catalog.claims.values():
        by_task = cells.setdefault((claim.model, claim.who, claim.source), {})
        by_task.setdefault(claim.task, []).append(claim)
    for name, average in catalog.averages.items():
        own = cells.get((average.model, average.who, average.source), {})
        found = [own.get(task, []) for task in average.tasks or ()]
        if average.note or not found or any(len(claims) != 1 for claims in found):
            continue
        values = [cell.value_percent for (cell,) in found]
        decimals = [average.decimals, *(cell.decimals for (cell,) in found)]
        slack = 10.0 ** -min(
            decimals
        )  # half a unit for the cell's rounding, and half for the mean's
        low, high = min(values) - slack, max(values) + slack
        if not low <= average.value_percent <= high:
            raise CatalogError(
                f"{origin['averages', name]}: averages.{name}.value_percent: found "
                f"{average.value_percent}, expected a mean from {min(values)} to {max(values)} as "
                "its cells are; correct it, or tell in 'note' that the source prints it so."
            )


def _check_counts(catalog: Catalog, origin: dict[tuple[str, str], Path]) -> None:
    """Counted answers must be of the task's problems, and give the printed score."""
    for name, claim in catalog.claims.items():
        n = catalog.tasks[claim.task].n_problems
        where = f"{origin['claims', name]}: claims.{name}"
        if claim.correct_by_problem and len(claim.correct_by_problem) != n:
            raise CatalogError(
                f"{where}.correct_by_problem: found {len(claim.correct_by_problem)} problems, "
                f"expected {n}, as task {claim.task!r} has; give one count for each."
            )
        most = max(claim.correct_by_run, default=0)
        if most > n:
            raise CatalogError(
                f"{where}.correct_by_run: found {most} right answers, expected at most {n}, the "
                f"problems of task {claim.task!r}; correct the count."
            )
        correct = sum(claim.correct_by_run or claim.correct_by_problem)
        if not (claim.correct_by_run or claim.correct_by_problem) or claim.note:
            continue
        percent = 100 * correct / (n * (claim.runs or 1))
        if abs(percent - claim.value_percent) > 0.5 * 10.0**-claim.decimals + SLACK:
            raise CatalogError(
                f"{where}.value_percent: found {claim.value_percent}, expected "
                f"{percent:.{claim.decimals}f}, as its {correct} right answers give; correct one, "
                "or tell in 'note' that the source prints it so."
            )


def load_catalog(extra: Iterable[Path] = ()) -> Catalog:
    """The packaged catalog plus the user's files or folders, cross-references checked.

    Raises `CatalogError`; a name that stands in two files is an error, never an override.
    """
    files = _packaged_files()
    for folder in extra:
        if not folder.exists():
            raise CatalogError(
                f"{folder}: found nothing there, expected a catalog file or a folder of them; give "
                "another path with --catalog."
            )
        files.extend(_user_files(folder))
    sections: dict[str, dict[str, CatalogEntry]] = {section: {} for section in SHAPES}
    origin: dict[tuple[str, str], Path] = {}
    for path in files:
        for section, name, entry in _entries(path):
            if (section, name) in origin:
                raise CatalogError(
                    f"{path}: {section}.{name}: found a second entry of this name, expected one; "
                    f"the first is in {origin[section, name]}; give yours another name."
                )
            sections[section][name] = entry
            origin[section, name] = path
    try:
        catalog = Catalog.model_validate(sections)
    except ValidationError as error:
        first = error.errors()[0]
        section, name = str(first["loc"][0]), str(first["loc"][1])
        raise CatalogError(
            f"{origin.get((section, name), 'catalog')}: {section}: found the name {shown(name)}, "
            "expected letters, digits, '.', '_' and '-', not more than 80; give it another name."
        ) from None
    _check_references(catalog, origin)
    _check_aliases(catalog, origin)
    _check_averages(catalog, origin)
    _check_counts(catalog, origin)
    return catalog
