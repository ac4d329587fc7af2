"""Imported results as measurements of others: answers where each has a mark, else what is counted.

An import keeps no texts. A result that repeats another is no evidence of its own and is not told
twice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from tina_bench.catalog.schema import Catalog
from tina_bench.exporting.measurements import (
    ExportedAnswer,
    ExportedMeasurement,
    ExportedProtocol,
    ExportedTotal,
    NotExported,
)
from tina_bench.exporting.options import Relationship
from tina_bench.files.hashing import digest
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedOutcome
from tina_bench.store.imported_results import ImportedResult

MOST_OFF = 1e-9
"""Of a share that is a count: what the division leaves."""
NO_TEXTS = "without texts of answers, as an import keeps none"


def imported_measurements(
    home: Home, catalog: Catalog, results: Sequence[ImportedResult], left_out: NotExported
) -> list[ExportedMeasurement]:
    """One measurement a result, without those that repeat another."""
    metrics = Counter((result.id, result.task_as_printed) for result in results)
    found = []
    for result in results:
        if result.repeat_of is not None:
            reason = "left out, as repeats of earlier runs are no further evidence"
            left_out.add(reason, f"import {result.id}")
            continue
        several = metrics[result.id, result.task_as_printed] > 1
        found.append(_measurement(home, catalog, result, several=several))
    return found


def _measurement(
    home: Home, catalog: Catalog, result: ImportedResult, *, several: bool
) -> ExportedMeasurement:
    said, answers = result.protocol, _answers(result)
    details = {
        "file": result.path,
        "format": result.format,
        "metric": result.metric,
        "model_as_printed": result.model_as_printed,
        "task_as_printed": result.task_as_printed,
    }
    if result.stderr is not None:
        details["standard_error_as_printed"] = repr(result.stderr)
    if result.wall_seconds is not None:
        details["wall_seconds_of_file"] = repr(result.wall_seconds)
    return ExportedMeasurement(
        id=digest([result.id, result.task_as_printed, result.metric])[:16],
        third_party=True,
        model=result.model or result.model_as_printed,
        task=result.task or result.task_as_printed,
        known_model=catalog.models.get(result.model or ""),
        known_task=catalog.tasks.get(result.task or ""),
        score=result.value,
        n=result.n,
        runs=result.runs,
        correct=result.n_correct,
        trials=result.n_trials,
        protocol=ExportedProtocol(
            temperature=said.temperature,
            top_p=said.top_p,
            max_tokens=said.max_tokens,
            prompt=said.prompt,
            # Two metrics of one run are two measurements only by what graded.
            grader=result.metric if several else said.grader or result.metric,
        ),
        harness=result.harness or result.format,
        harness_version=result.harness_version,
        who=result.reported_by,
        source=result.source,
        relationship=Relationship.THIRD,
        name=f"import {result.id}",
        retrieved_at=int(home.imported_file(result.id).stat().st_mtime),
        revision=result.revision_as_printed,
        started_at=result.saved_at_as_printed,
        no_texts=None if answers is None else NO_TEXTS,
        answers=None if answers is None else lambda: iter(answers),
        totals=() if answers is not None else _totals(result),
        decimals=result.decimals,
        sd_points=None if result.sd_over_runs is None else 100 * result.sd_over_runs,
        details=details,
    )


def _answers(result: ImportedResult) -> list[ExportedAnswer] | None:
    """Every answer; `None` where not each of them has a mark by this metric."""
    found: list[ExportedAnswer] = []
    for outcome in result.outcomes:
        made = list(_marked(outcome, result.metric))
        if not made:
            return None
        found += made
    return found or None


def _marked(outcome: ImportedOutcome, metric: str) -> Iterator[ExportedAnswer]:
    share = outcome.values.get(metric)
    if share is None:
        return
    graded = [
        (place, answer)
        for place, answer in enumerate(outcome.answers)
        if answer.correct is not None
    ]
    right = sum(answer.correct is True for _, answer in graded)
    trials = outcome.trials if outcome.trials is not None else max(1, len(graded))
    apart = len({answer.run for _, answer in graded}) == trials
    if apart and len(graded) == trials and abs(share * trials - right) < MOST_OFF:
        for place, answer in graded:
            yield _answer(outcome, place, correct=answer.correct is True)
    elif trials == 1 and share in {0.0, 1.0}:
        # The mark may be another metric's; of one answer, the value itself is one.
        yield _answer(outcome, 0, correct=share == 1.0)


def _answer(outcome: ImportedOutcome, place: int, *, correct: bool) -> ExportedAnswer:
    answer = outcome.answers[place] if place < len(outcome.answers) else None
    extracted = outcome.extracted or ()
    return ExportedAnswer(
        problem=outcome.problem,
        index=outcome.index,
        seed=None if answer is None else answer.run,
        correct=correct,
        truncated=None if answer is None else answer.truncated,
        tokens_out=None if answer is None else answer.tokens_out,
        gold=outcome.gold[0] if outcome.gold else None,
        extracted=extracted[place] if place < len(extracted) else None,
    )


def _totals(result: ImportedResult) -> tuple[ExportedTotal, ...]:
    """Counts by problem, by run, or all together; none where a score is only printed."""
    by_problem = [_of_problem(outcome, result.metric) for outcome in result.outcomes]
    if by_problem and None not in by_problem:
        return tuple(total for total in by_problem if total is not None)
    if result.n_correct is None or result.n_trials is None:
        return ()
    by_run = tuple(ExportedTotal(one.n_correct, one.n, seed=one.run) for one in result.by_run)
    if by_run and sum(one.correct for one in by_run) == result.n_correct:
        return by_run
    return (ExportedTotal(result.n_correct, result.n_trials),)


def _of_problem(outcome: ImportedOutcome, metric: str) -> ExportedTotal | None:
    share, trials = outcome.values.get(metric), outcome.trials
    if share is None or not trials or abs(share * trials - round(share * trials)) > MOST_OFF:
        return None
    return ExportedTotal(round(share * trials), trials, outcome.problem, outcome.index)
