"""Answers and runs counted: by problem, by run, by metric; and what no count can be made of."""

import hashlib
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tina_bench.files.hashing import PROBLEM_DIGITS, digest, problem_id
from tina_bench.files.strict import MalformedError, shown
from tina_bench.formatting.escape import clean
from tina_bench.importing.counts import MAX_PROBLEMS
from tina_bench.importing.drafts import DraftTask, Row
from tina_bench.importing.reading import refuse
from tina_bench.store.imported import ImportedAnswer, ImportedOutcome, NKnown, RunTotal

RIGHT_OR_WRONG = "0 or 1, as an answer is right or wrong"


@dataclass
class Counted:
    """What a task's answers come to."""

    n: int | None
    n_known_by: NKnown
    runs: int | None
    trials: int
    correct: dict[str, int]
    """Right answers by metric."""
    means: dict[str, float] = field(default_factory=dict)
    """Metrics that are no count."""
    outcomes: tuple[ImportedOutcome, ...] = ()
    by_run: tuple[RunTotal, ...] = ()
    stderr: float | None = None


def _number(value: Any) -> float | None:
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return float(value)
    return None


def _counts(row: Row, metric: str) -> int | None:
    """Right answers of a row by a metric; `None` where that is no count."""
    value = _number(row.marks.get(metric))
    return int(value) if value is not None and value == int(value) and (
        0 <= value <= row.trials
    ) else None  # fmt: skip


def _check_rows(rows: list[Row]) -> None:
    """Refuse what no metric can make good: a row without a problem, an answer twice."""
    seen: dict[tuple[str, int | None], str] = {}
    for row in rows:
        if row.problem is None and row.query is None:
            found = "no id and no text of a problem"
            raise refuse(row.place, MalformedError("problem", found, "one of them"))
        if not 0 < row.trials <= MAX_PROBLEMS:
            raise refuse(row.place, MalformedError("trials", f"{row.trials}", "at least 1"))
        key = _key(row), row.run
        first = seen.setdefault(key, row.place)
        if first is not row.place:
            which = "" if row.run is None else f" with seed {row.run}"
            name = shown(row.problem) if row.problem is not None else "this text"
            expected = f"it once; it is in {first.rpartition(', ')[2]}, too"
            raise refuse(row.place, MalformedError("", f"problem {name}{which} again", expected))


def _key(row: Row) -> str:
    """What makes two rows answers to one problem."""
    return row.problem if row.problem is not None else digest(["text", row.query])


def _binary(rows: list[Row], metrics: list[str]) -> list[str]:
    """Metrics that are a count in every row; raises `ForeignFileError` where none is."""
    first_bad: tuple[Row, str] | None = None
    good = []
    for metric in metrics:
        bad = next((row for row in rows if _counts(row, metric) is None), None)
        if bad is None:
            good.append(metric)
        elif first_bad is None:
            first_bad = bad, metric
    if good:
        return good
    if first_bad is None:
        raise refuse(rows[0].place, MalformedError("", "no score", "one"))
    row, metric = first_bad
    value = row.marks.get(metric)
    expected = RIGHT_OR_WRONG
    if row.trials > 1:
        expected = f"a whole number from 0 to {row.trials}, the number of trials"
    raise refuse(
        row.place, MalformedError(metric, "nothing" if value is None else shown(value), expected)
    )


def count_rows(task: DraftTask) -> Counted:
    """Answers by problem; raises `ForeignFileError` for the first thing that is wrong."""
    rows = task.rows
    _check_rows(rows)
    metrics = list(dict.fromkeys(name for row in rows for name in row.marks))
    counted = _binary(rows, metrics)
    main = min(counted)  # the first by name, which is the one that audits count
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[_key(row)].append(row)
    trials = {key: sum(row.trials for row in group) for key, group in groups.items()}
    runs = next(iter(trials.values())) if len(set(trials.values())) == 1 else None
    seen = Counter[str]()
    outcomes = []
    for index, (key, group) in enumerate(groups.items()):
        outcomes.append(_outcome(index, key, group, counted, main, seen))
    return Counted(
        n=len(groups),
        n_known_by="table" if task.named_by_hand else "details",
        runs=runs,
        trials=sum(trials.values()),
        correct={m: sum(_counts(row, m) or 0 for row in rows) for m in counted},
        means=_means(rows, [m for m in metrics if m not in counted]),
        outcomes=tuple(outcomes),
        by_run=_by_run(rows, main),
    )


def _means(rows: list[Row], metrics: list[str]) -> dict[str, float]:
    means = {}
    for metric in metrics:
        values = [_number(row.marks.get(metric)) for row in rows]
        known = [value for value in values if value is not None]
        if len(known) == len(rows) and all(row.trials == 1 for row in rows):
            means[metric] = math.fsum(known) / len(known)
    return means


def _outcome(
    index: int, key: str, group: list[Row], metrics: list[str], main: str, seen: Counter[str]
) -> ImportedOutcome:
    first = group[0]
    if first.query is not None:
        query = clean(first.query)
        problem = problem_id(query, seen[query])
        seen[query] += 1
    else:
        problem = digest(["their id", clean(key)])[:PROBLEM_DIGITS]
    trials = sum(row.trials for row in group)
    ordered = sorted(group, key=lambda row: -1 if row.run is None else row.run)
    extracted = [row.extracted for row in ordered]
    return ImportedOutcome(
        problem=problem,
        index=index,
        gold=() if first.gold is None else (clean(first.gold),),
        extracted=None if all(one is None for one in extracted) else tuple(
            clean(one or "") for one in extracted
        ),
        answers=tuple(answer for row in ordered for answer in _answers(row, main)),
        values={clean(m): sum(_counts(row, m) or 0 for row in group) / trials for m in metrics},
        problem_as_printed=None if first.problem is None else clean(first.problem),
        correct=sum(_counts(row, main) or 0 for row in group),
        trials=trials,
    )  # fmt: skip


def _answers(row: Row, main: str) -> list[ImportedAnswer]:
    """The row's answers; none where it only counts them."""
    if row.trials > 1:
        return []
    graded = ImportedAnswer(
        **_text(row.text),
        tokens_out=row.tokens,
        run=row.run,
        correct=bool(_counts(row, main)),
        truncated=row.truncated,
    )
    return [graded, *(ImportedAnswer(**_text(text), tokens_out=None) for text in row.ungraded)]


def _text(text: str | None) -> dict[str, Any]:
    if text is None:
        return {"sha256": None, "characters": None}
    data = text.encode(errors="surrogatepass")
    return {"sha256": hashlib.sha256(data).hexdigest(), "characters": len(text)}


def _by_run(rows: list[Row], main: str) -> tuple[RunTotal, ...]:
    """Each run by itself, where every answer says of which it is, and there are several."""
    if any(row.run is None or row.trials > 1 for row in rows):
        return ()
    right, asked = Counter[int](), Counter[int]()
    for row in rows:
        if row.run is not None:
            asked[row.run] += 1
            right[row.run] += _counts(row, main) or 0
    if len(asked) < 2:
        return ()
    return tuple(RunTotal(run=run, n_correct=right[run], n=asked[run]) for run in sorted(asked))


def count_totals(task: DraftTask, ours: int | None) -> Counted:
    """Whole runs; raises `ForeignFileError` for the first thing that is wrong."""
    seen: dict[int | None, str] = {}
    n, first = None, task.totals[0]
    for total in task.totals:
        before = seen.setdefault(total.run, total.place)
        if before is not total.place or (None in seen and len(seen) > 1):
            which = "without a seed" if total.run is None else f"with seed {total.run}"
            found = f"a further line {which} for this model, task and setting"
            raise refuse(
                total.place,
                MalformedError("", found, f"one a seed; see {before.rpartition(', ')[2]}"),
            )
        if not 0 < total.trials <= MAX_PROBLEMS:
            raise refuse(total.place, MalformedError("trials", f"{total.trials}", "at least 1"))
        if not 0 <= total.correct <= total.trials:
            expected = f"0 to {total.trials}, the number of trials"
            raise refuse(total.place, MalformedError("correct", f"{total.correct}", expected))
        size = total.n or (total.trials if total.run is not None else ours)
        if n is not None and size != n:
            expected = f"{n} as in {first.place.rpartition(', ')[2]}"
            raise refuse(total.place, MalformedError("", f"{size} problems", expected))
        n = size
        if size is not None and (total.trials % size or (total.run is not None and (
            total.trials != size
        ))):  # fmt: skip
            expected = f"{size}, or for several runs together a multiple of it"
            raise refuse(total.place, MalformedError("trials", f"{total.trials}", expected))
    trials = sum(total.trials for total in task.totals)
    runs = None if n is None else trials // n
    by_run = [
        RunTotal(run=total.run, n_correct=total.correct, n=total.trials)
        for total in task.totals
        if total.run is not None
    ]
    in_table = any(total.n or total.run is not None for total in task.totals)
    return Counted(
        n=n,
        n_known_by="table" if in_table else "catalog",
        runs=runs,
        trials=trials,
        correct={task.metric: sum(total.correct for total in task.totals)},
        by_run=tuple(sorted(by_run, key=lambda one: one.run)) if len(by_run) > 1 else (),
        stderr=first.stderr if len(task.totals) == 1 else None,
    )
