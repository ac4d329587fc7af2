"""Who measured what: claims, imported files and our own records as pieces of evidence.

The same runs told twice are one piece. What counts as told twice:

- an imported file whose answers repeat an earlier one's (`repeat_of`, from LightEval's hashes);
- an imported single run, or a line of an author's log, with the score that the same people print
  for the same weights: a published checkpoint and its line in the log are one model
  (`published_as` in the catalog);
- a score that the same people print in two sources which differ in nothing that they share;
- smaller numbers of samples beside larger ones in one source: the larger may hold the smaller;
- several-run figures of the same people in two versions of a table: one of the two;
- several records of ours, whose profiles may share answers: the one with most runs.

All but the first are read out of the print, so each leans towards counting less: two runs that gave
the same score by chance are then one. What is left out is told, with the reason.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from tina_bench.catalog.schema import Catalog, Claim
from tina_bench.stats.methods.score_variance import answer_variance
from tina_bench.stats.outcome_matrix import independent_answers
from tina_bench.stats.types import Shape
from tina_bench.store.imported import ImportedResult
from tina_bench.store.records import ResultRecord

OURS = "tina-bench (here)"
"""Who measured our own records."""


class Measurement(Shape):
    """One piece of evidence: one or several runs of a model on a task by somebody."""

    name: str
    """Catalog name of the claim, or which file or record it is."""
    origin: Literal["claim", "imported file", "own record"]
    """What it was read from."""
    model: str
    """Catalog name of the model."""
    task: str
    """Catalog name of the task."""
    percent: float
    """The score, percent."""
    decimals: int | None = None
    """Digits printed; `None`: not rounded."""
    n: int
    """Problems."""
    runs: int | None
    """Runs behind it; `None`: not stated, and taken as one."""
    spread_points: float | None = None
    """SD of one run by this measurement itself, points."""
    spread_degrees_of_freedom: float | None = None
    """How well that SD is known, as those of a chi-square."""
    best_of: int | None = None
    """Checkpoints that it was picked out of by such scores, where known: its luck came with it."""
    who: str
    """Who measured."""
    source: str
    """Where it is printed."""
    told_again_in: tuple[str, ...] = ()
    """Other names under which the same runs were found."""


class SetAside(Shape):
    """Something that looks like evidence and is not counted as a piece of its own."""

    name: str
    """Claim, file or record."""
    counted_as: str | None
    """The piece that holds it; `None`: not counted at all."""
    reason: str
    """Why."""


class AuditInput(Shape):
    """Every piece once."""

    measurements: tuple[Measurement, ...]
    """By model, task and name."""
    set_aside: tuple[SetAside, ...]
    """By name."""

    def of(self, model: str, task: str) -> tuple[Measurement, ...]:
        """Return the pieces on one model and task."""
        return tuple(m for m in self.measurements if (m.model, m.task) == (model, task))


def group_of(who: str) -> str:
    """Return the people behind a name: `Tina authors` and `Tina author (name)` are the same."""
    return re.split(r"\s+authors?\b", who, maxsplit=1)[0]


def log_folders(catalog: Catalog) -> dict[str, str]:
    """Return the log folder's name of every checkpoint whose claims come from a folder of its own.

    By model: the last part of the claims' common source, such as `Exp1_100`.
    """
    sources: dict[str, set[str]] = {}
    for claim in catalog.claims.values():
        if catalog.models[claim.model].training is not None:
            sources.setdefault(claim.model, set()).add(claim.source)
    return {
        model: found.pop().rstrip("/").rpartition("/")[2]
        for model, found in sorted(sources.items())
        if len(found) == 1
    }


def model_of(result: ImportedResult, folders: dict[str, str]) -> tuple[str | None, str | None]:
    """Return the catalog's model of an imported result, and the folder whose name alone says so.

    The import itself takes no folder's name for a model. Here a folder counts where its name ends
    with that of a checkpoint's log folder as its claims cite it, and whoever prints that says so.
    """
    if result.model is not None:
        return result.model, None
    for part in reversed(result.path.split("/")[:-1]):
        for model, folder in folders.items():
            if part == folder or part.endswith(f"_{folder}"):
                return model, part
    return None, None


def collect_measurements(
    catalog: Catalog,
    imported: Sequence[ImportedResult] = (),
    records: Sequence[ResultRecord] = (),
    extra: Sequence[Measurement] = (),
) -> AuditInput:
    """Return every piece of evidence once; the same for any order of the inputs."""
    aside: list[SetAside] = []
    found = list(extra)
    for name, claim in catalog.claims.items():
        if claim.trainings is not None:
            reason = "about a recipe, over several trainings, and not about fixed weights"
            aside.append(SetAside(name=name, counted_as=None, reason=reason))
        else:
            found.append(_of_claim(catalog, name, claim))
    found.extend(_of_record(record) for record in records)
    found.extend(_of_files(catalog, imported, aside))
    kept: list[Measurement] = []
    cells: dict[tuple[str, str], list[Measurement]] = {}
    for piece in found:
        cells.setdefault((piece.model, piece.task), []).append(piece)
    agreements = _Agreements(found)
    for _, pieces in sorted(cells.items()):
        kept.extend(_once(pieces, agreements, aside))
    return AuditInput(
        measurements=tuple(sorted(kept, key=lambda m: (m.model, m.task, m.name))),
        set_aside=tuple(sorted(aside, key=lambda a: (a.name, a.reason))),
    )


def _weights(catalog: Catalog, model: str) -> str:
    """The name that these very weights were published under.

    A file may have been imported with a catalog that had other models.
    """
    known = catalog.models.get(model)
    return model if known is None else known.published_as or model


def _of_claim(catalog: Catalog, name: str, claim: Claim) -> Measurement:
    several = claim.runs is not None and claim.runs > 1
    spread = claim.spread_points if several else None
    return Measurement(
        name=name,
        origin="claim",
        model=_weights(catalog, claim.model),
        task=claim.task,
        percent=claim.value_percent,
        decimals=claim.decimals,
        n=catalog.tasks[claim.task].n_problems,
        runs=claim.runs,
        spread_points=spread,
        spread_degrees_of_freedom=None if spread is None or not claim.runs else claim.runs - 1,
        best_of=claim.best_of,
        who=claim.who,
        source=claim.source,
    )


def _of_record(record: ResultRecord) -> Measurement:
    solved, runs = independent_answers(record)
    variance = answer_variance(solved, runs) if runs > 1 else None
    return Measurement(
        name=f"record of {record.model} on {record.task}, {record.provenance.stack} stack",
        origin="own record",
        model=record.model,
        task=record.task,
        percent=100 * float(solved.sum()) / (len(solved) * runs),
        n=len(solved),
        runs=runs,
        spread_points=None if variance is None else 100 * (variance.value / len(solved)) ** 0.5,
        spread_degrees_of_freedom=None if variance is None else variance.degrees_of_freedom,
        who=OURS,
        source=f"profile {getattr(record.provenance, 'profile', '?')}",
    )


def _of_files(
    catalog: Catalog, imported: Iterable[ImportedResult], aside: list[SetAside]
) -> Iterable[Measurement]:
    folders = log_folders(catalog)
    loggers = {claim.model: claim.who for _, claim in sorted(catalog.claims.items())}
    seen: set[tuple[str, str]] = set()
    for result in sorted(imported, key=lambda r: (r.id, r.task_as_printed, r.metric)):
        model, folder = model_of(result, folders)
        if model is None or result.task is None or not result.n or result.n_correct is None:
            continue
        name = file_name(result)
        if result.repeat_of is not None:
            reason = "the same answers as an earlier file: the same run said again"
            aside.append(SetAside(name=name, counted_as=result.repeat_of, reason=reason))
            continue
        if (result.id, result.task_as_printed) in seen:
            reason = "another metric of the same answers"
            aside.append(SetAside(name=f"{name}, {result.metric}", counted_as=name, reason=reason))
            continue
        seen.add((result.id, result.task_as_printed))
        # A file in a checkpoint's own log folder is its loggers', whoever is said to have measured.
        who = loggers[model] if folder else result.reported_by or "unknown"
        yield Measurement(
            name=name,
            origin="imported file",
            model=_weights(catalog, model),
            task=result.task,
            percent=100 * result.n_correct / result.n,
            n=result.n,
            runs=1,
            who=who,
            source=result.source or result.path,
        )


def file_name(result: ImportedResult) -> str:
    """Return what an imported result is called here."""
    return f"imported file {result.id} ({result.task})"


def same_print(a: Measurement, b: Measurement) -> bool:
    """Whether one score can be the other with fewer digits."""
    digits = [m.decimals for m in (a, b) if m.decimals is not None]
    if not digits:
        return a.percent == b.percent
    # Both may be rounded: half a unit of the coarser, a hair wider for binary fractions.
    return abs(a.percent - b.percent) <= 0.5 * 10.0 ** -min(digits) * (1 + 1e-6) + (
        0.5 * 10.0 ** -max(digits) if len(digits) > 1 and min(digits) != max(digits) else 0.0
    )


class _Agreements:
    """Whether two sources of the same people print the same wherever they print both."""

    def __init__(self, pieces: Iterable[Measurement]) -> None:
        self._cells: dict[tuple[str, str], dict[str, list[Measurement]]] = {}
        for piece in pieces:
            rows = self._cells.setdefault((piece.source, piece.model), {})
            rows.setdefault(piece.task, []).append(piece)

    def agree(self, a: Measurement, b: Measurement) -> bool:
        """Whether the sources of a and b contradict each other nowhere on this model."""
        ours = self._cells[a.source, a.model]
        theirs = self._cells[b.source, b.model]
        return all(
            any(same_print(x, y) for x in ours[task] for y in theirs[task])
            for task in sorted(ours.keys() & theirs.keys())
        )


def _once(
    pieces: list[Measurement], agreements: _Agreements, aside: list[SetAside]
) -> list[Measurement]:
    """The pieces of one model and task, each once; what goes is noted in `aside`.

    The finer print stays, then the larger number of runs, then the first by name.
    """
    order = {"own record": 0, "claim": 1, "imported file": 2}
    kept: list[Measurement] = []
    for piece in sorted(
        pieces,
        key=lambda m: (order[m.origin], -(m.runs or 1), -(m.decimals or 0), m.source, m.name),
    ):
        for index, first in enumerate(kept):
            reason = _why_same(first, piece, agreements)
            if reason is not None:
                again = tuple(sorted((*first.told_again_in, piece.name)))
                best_of = max(first.best_of or 0, piece.best_of or 0) or None
                change = {"told_again_in": again, "best_of": best_of}
                kept[index] = first.model_copy(update=change)
                aside.append(SetAside(name=piece.name, counted_as=first.name, reason=reason))
                break
        else:
            kept.append(piece)
    return kept


def _why_same(a: Measurement, b: Measurement, agreements: _Agreements) -> str | None:
    """Why b tells of runs that a already tells of; `None` if it does not, as far as is known."""
    if b.origin == "imported file" and a.origin == "claim":
        return _why_in_print(a, b)
    if a.origin != b.origin or a.origin == "imported file":
        return None
    if a.origin == "own record":
        return "another record of ours, which may rest on the same answers"
    return _why_in_claims(a, b, agreements)


def _why_in_claims(a: Measurement, b: Measurement, agreements: _Agreements) -> str | None:
    """Why two printed scores are of the same runs; `None` if they are not, as far as is known."""
    if group_of(a.who) != group_of(b.who):
        return None
    if a.source == b.source:
        fewer = (a.runs or 1) > (b.runs or 1)
        return "fewer samples beside more in one source, which may hold them" if fewer else None
    if a.runs != b.runs:
        return None
    reason = None
    if (a.runs or 1) > 1:
        reason = "a figure of as many runs by the same people, in another version of their table"
    elif same_print(a, b) and agreements.agree(a, b):
        reason = "the same score by the same people, in a source that contradicts the other nowhere"
    return reason


def _why_in_print(claim: Measurement, file: Measurement) -> str | None:
    """Why a printed score was read from this file; `None` if it was not, as far as is known."""
    if claim.runs not in (None, 1) or not same_print(claim, file):
        return None
    # A file that nobody named is the log's; a file of other people is a run of theirs.
    theirs = file.who == "unknown" or group_of(claim.who) == group_of(file.who)
    return "the file that the printed score was read from" if theirs else None
