"""A result record as matrices: one row per problem, one column per run.

The single place where statistics read a record, so that what counts as correct, and which records
are refused as malformed, cannot drift between estimates, comparisons and verdicts.
"""

import weakref
from collections.abc import Iterable
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tina_bench.errors import UsageError
from tina_bench.store.records import ResultRecord

BoolMatrix = NDArray[np.bool_]
Counts = NDArray[np.int64]
Column = Literal["correct", "undecided", "answered", "truncated", "tokens_out"]


_READ: dict[int, tuple[weakref.ref[ResultRecord], dict[str, NDArray[np.generic]]]] = {}
"""Arrays of each living record, by its id: a record is frozen, and read many times over."""


def _arrays(record: ResultRecord) -> dict[str, NDArray[np.generic]]:
    identity = id(record)
    known = _READ.get(identity)
    if known is not None and known[0]() is record:
        return known[1]
    made: dict[str, NDArray[np.generic]] = {}
    _READ[identity] = weakref.ref(record, lambda _: _READ.pop(identity, None)), made
    return made


def column(record: ResultRecord, name: Column) -> NDArray[np.generic]:
    """Return one column of the record's outcomes, shape (n problems, k runs); not to be written to.

    Raises `UsageError` where a problem does not have exactly one entry per run.
    """
    arrays = _arrays(record)
    if name not in arrays:
        arrays[name] = _column(record, name)
        arrays[name].flags.writeable = False
    return arrays[name]


def _column(record: ResultRecord, name: Column) -> NDArray[np.generic]:
    k = record.k
    rows = [getattr(problem, name) for problem in record.problems]
    if any(len(row) != k for row in rows):
        raise UsageError(
            f"the record of {record.model} on {record.task} has {record.k} seeds, but a problem "
            f"whose '{name}' is of another length; make the record again from its grades"
        )
    kind = np.int64 if name == "tokens_out" else np.bool_
    return np.fromiter(chain.from_iterable(rows), kind, len(rows) * k).reshape(len(rows), k)


def flags(record: ResultRecord, name: Column) -> BoolMatrix:
    """Return a column of yes or no, shape (n, k)."""
    return column(record, name).astype(np.bool_, copy=False)


def correct_answers(record: ResultRecord) -> BoolMatrix:
    """Return which answers count as correct, shape (n, k), n and k at least 1.

    An undecided answer is not correct whatever else the record says, and stays in the denominator:
    leaving it out would raise the score of a model whose answers break the grader.
    """
    if record.n == 0 or record.k == 0:
        raise UsageError(
            f"the record of {record.model} on {record.task} holds {record.n} problems and "
            f"{record.k} runs; a score needs at least one of each"
        )
    ids = {problem.problem for problem in record.problems}
    if len(ids) != record.n:
        raise UsageError(
            f"the record of {record.model} on {record.task} lists a problem twice; "
            "make the record again from its grades"
        )
    return flags(record, "correct") & ~flags(record, "undecided")


def repeats_itself(record: ResultRecord) -> bool:
    """Whether decoding was greedy and every run gave the same: one run, repeated k times.

    Greedy runs that differ (batches change rounding) do vary by chance, if of another kind.
    """
    correct = correct_answers(record)
    same = bool((correct == correct[:, :1]).all())
    return same and record.provenance.sampling.get("temperature") == 0


def independent_answers(record: ResultRecord) -> tuple[Counts, int]:
    """Return right answers by problem, shape (n,), and the number of runs that they are out of.

    Only what chance can move twice: of greedy runs that repeat themselves the first stands for all.
    """
    correct = correct_answers(record)
    if repeats_itself(record):
        correct = correct[:, :1]
    return correct.sum(axis=1, dtype=np.int64), correct.shape[1]


def by_cell(records: Iterable[ResultRecord]) -> dict[tuple[str, str], ResultRecord]:
    """Return records by (model, task); two records of one cell are refused.

    Choosing between two results of one cell is a choice of the result, which statistics must not
    make.
    """
    cells: dict[tuple[str, str], ResultRecord] = {}
    for record in records:
        first = cells.setdefault((record.model, record.task), record)
        if first is not record:
            raise UsageError(
                f"two records of {record.model} on {record.task} (stacks "
                f"'{first.provenance.stack}' and '{record.provenance.stack}'); pass only one"
            )
    return cells
