"""Recipes and provenance as flat tables: what a second party needs to repeat or doubt a result."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tina_bench.board.content.context import SiteContext
from tina_bench.catalog.fields import Source
from tina_bench.store.records import RETRAINED, Provenance, ResultRecord

_APART = frozenset({"command_line", "deviations", "caveats"})
"""Fields that have a place of their own on the page."""
_GENERAL = "General"
_PACKAGES_FIRST = ("stack", "profile", "tina_bench_version")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a table of facts."""

    name: str
    """What it is."""
    value: str
    """As text."""
    meaning: str = ""
    """What it means, from the shape's own documentation."""
    tasks: tuple[str, ...] = ()
    """Tasks it holds for, where it does not hold for all."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A heading and its lines."""

    title: str
    """Heading."""
    about: str
    """What the lines have in common."""
    lines: tuple[Fact, ...]
    """In order."""


def _text(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every leaf of nested mappings, its path joined by dots."""
    if isinstance(value, dict):
        if not value:
            yield name, "none"
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    else:
        yield name, _text(value)


def recipe_facts(recipe: BaseModel) -> tuple[Facts, ...]:
    """Every setting with its meaning; nested shapes under headings of their own."""
    own: list[Fact] = []
    nested: list[Facts] = []
    for name, field in type(recipe).model_fields.items():
        value, about = getattr(recipe, name), field.description or ""
        if isinstance(value, BaseModel):
            nested += [
                Facts(name, about, inner.lines) for inner in recipe_facts(value) if inner.lines
            ]
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            dumped = [_text(entry.model_dump(mode="json")) for entry in value]
            nested.append(Facts(name, about, tuple(Fact(str(i), t) for i, t in enumerate(dumped))))
        elif value != "":
            own.append(Fact(name, _text(recipe.model_dump(mode="json")[name]), about))
    return (Facts(_GENERAL, "", tuple(own)), *nested)


def _sections(record: ResultRecord) -> Iterator[tuple[str, str, str]]:
    """Section, name and value of everything in a provenance."""
    for field, value in record.provenance.model_dump(mode="json").items():
        if field in _APART:
            continue
        if isinstance(value, dict):
            for name, text in _leaves(value, ""):
                yield field, name or field, text
        else:
            yield _GENERAL, field, _text(value)


def provenance_facts(evidence: SiteContext, model: str) -> tuple[Facts, ...]:
    """A model's provenance over all its tasks; what differs between tasks says for which it holds.

    Nothing is left out and nothing is repeated: a hash that all tasks share is one line.
    """
    tasks = [task for task in evidence.tasks if (model, task) in evidence.records]
    holders: dict[tuple[str, str, str], list[str]] = {}
    for task in tasks:
        for key in _sections(evidence.records[model, task]):
            holders.setdefault(key, []).append(task)
    by_section: dict[str, list[Fact]] = {}
    for (section, name, value), where in holders.items():
        held = () if len(where) == len(tasks) else tuple(map(evidence.task_title, where))
        meaning = ""
        if section == _GENERAL:
            meaning = Provenance.model_fields[name].description or ""
        by_section.setdefault(section, []).append(Fact(name, value, meaning, held))
    order = sorted(by_section, key=lambda section: section != _GENERAL)
    return tuple(
        Facts(
            section,
            "" if section == _GENERAL else Provenance.model_fields[section].description or "",
            tuple(sorted(by_section[section], key=_rank)),
        )
        for section in order
    )


def _rank(fact: Fact) -> tuple[int, str]:
    """What people look for first stands first; lines of one name stand together."""
    first = fact.name in _PACKAGES_FIRST
    return (_PACKAGES_FIRST.index(fact.name) if first else len(_PACKAGES_FIRST), fact.name)


def command_lines(evidence: SiteContext, model: str) -> tuple[str, ...]:
    """What was typed for the model's results, each once."""
    lines = {
        shlex.join(record.provenance.command_line): None
        for (name, _), record in evidence.records.items()
        if name == model and record.provenance.command_line
    }
    return tuple(lines)


def deviations(evidence: SiteContext, model: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each deviation and caveat with the titles of the tasks it is true of."""
    found: dict[str, list[str]] = {}
    for task in evidence.tasks:
        record = evidence.records.get((model, task))
        made = record.provenance if record else None
        for text in (*made.deviations, *made.caveats) if made else ():
            found.setdefault(text, []).append(evidence.task_title(task))
    return tuple((text, tuple(tasks)) for text, tasks in found.items())


@dataclass(frozen=True, slots=True)
class ReproduceCommand:
    """How to measure something, for the first time or once more."""

    command: str
    """What to type."""
    n_answers: int | None
    """Answers that it asks for; `None` where the catalog lacks a task."""
    tokens: float | None
    """Tokens that those would take by the lengths that the catalog expects; `None`: unknown."""


def _profile(evidence: SiteContext, model: str, tasks: tuple[str, ...]) -> str | None:
    """The profile that means these models and tasks, else one that means the tasks."""
    known = evidence.catalog.profiles
    fitting = [name for name, profile in known.items() if set(tasks) <= set(profile.tasks)]
    own = [name for name in fitting if model in known[name].models]
    return next(iter([*own, *fitting, *known]), None)


def reproduce_command(
    evidence: SiteContext, model: str, tasks: tuple[str, ...], n_seeds: int | None = None
) -> ReproduceCommand | None:
    """The command that measures a model on some tasks; `None` where there is none.

    With the profile that the results at hand were made under, if there are any. `n_seeds`: another
    number than the profile's.
    """
    entry = evidence.model(model)
    if entry is None or entry.source is Source.UNPUBLISHED:
        return None
    used = {
        record.provenance.profile
        for (name, task), record in evidence.records.items()
        if name == model and (not tasks or task in tasks)
    }
    profile = used.pop() if len(used) == 1 else _profile(evidence, model, tasks)
    if profile is None:
        return None
    line = ["tina-bench", "reproduce", "--profile", profile.removesuffix(RETRAINED)]
    line += ["--model", model]
    for task in tasks:
        line += ["--task", task]
    if n_seeds is not None:
        line += ["--seeds", str(n_seeds)]
    if profile.endswith(RETRAINED):
        line.append("--retrain")
    known = evidence.catalog.profiles.get(profile.removesuffix(RETRAINED))
    runs = n_seeds or (len(known.seeds) if known else None)
    asked = tasks or (known.tasks if known else ())
    found = [evidence.catalog.tasks[task] for task in asked if task in evidence.catalog.tasks]
    if runs is None or len(found) < len(asked):
        return ReproduceCommand(shlex.join(line), None, None)
    lengths = [task.expected_output_tokens for task in found]
    tokens = None
    if None not in lengths:
        tokens = sum(runs * task.n_problems * (task.expected_output_tokens or 0) for task in found)
    return ReproduceCommand(shlex.join(line), runs * sum(task.n_problems for task in found), tokens)
