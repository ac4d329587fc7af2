"""The answers behind a result record, found again in the logs.

Guarantees: an answer is shown for an outcome only if the log's bytes are those that the record's
sha256 names and the answer has the length that the record counted; a grade is shown only if it
says what the record says. Anything else is refused with `IntegrityError`, because a page that
shows one answer and counts another is worse than no page. A home without the logs, such as the
committed records, gives the outcomes alone.

Traded away: all answers of one log are held in memory at once, so that a log is read once and not
once a task.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tina_bench.errors import IntegrityError
from tina_bench.store.home import Home
from tina_bench.store.integrity import check_sample_log
from tina_bench.store.log import read_log
from tina_bench.store.records import Grade, GradeStatus, ResultRecord, Sample

Place = tuple[str, int]
"""Problem id and seed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One outcome of a record, with the sample and grade behind it where they are at hand."""

    problem: str
    """Problem id."""
    index: int
    """Row in the dataset."""
    correct: bool
    """As the record has it."""
    undecided: bool
    """The grader gave no decision."""
    answered: bool
    """The grader found something to grade."""
    truncated: bool
    """Cut at the limit."""
    tokens_out: int
    """Generated tokens."""
    sample: Sample | None
    """What the model wrote."""
    grade: Grade | None
    """What the grader read out of it."""


@dataclass(frozen=True, slots=True)
class Run:
    """All answers of one model on one task for one seed, in dataset order."""

    model: str
    """Model."""
    task: str
    """Task."""
    seed: int
    """Sample seed."""
    answers: tuple[Answer, ...]
    """One a problem."""
    has_samples: bool
    """The sample log is in this home."""

    @property
    def n_correct(self) -> int:
        """Correct answers."""
        return sum(answer.correct for answer in self.answers)


def _log_of(home: Home, record: ResultRecord) -> Path:
    """The record's sample log; a record may come from anybody, so it may not point outside."""
    root = home.root.resolve()
    path = (root / record.provenance.sample_log).resolve()
    if not path.is_relative_to(root):
        raise IntegrityError(
            f"result of {record.model} on {record.task}: its sample log "
            f"{record.provenance.sample_log!r} lies outside the home {root}; correct the record."
        )
    return path


def _samples(path: Path) -> dict[str, dict[str, dict[Place, Sample]]]:
    """By task, protocol and place."""
    found: dict[str, dict[str, dict[Place, Sample]]] = defaultdict(lambda: defaultdict(dict))
    for line in read_log(path):
        sample = Sample.model_validate(line)
        found[sample.task][sample.protocol][sample.problem, sample.seed] = sample
    return found


def _grades(folder: Path) -> dict[tuple[str, str, str, int], list[Grade]]:
    """Every grade by key, task, problem and seed, in the order of the logs."""
    found: dict[tuple[str, str, str, int], list[Grade]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in read_log(path):
            grade = Grade.model_validate(line)
            found[grade.key, grade.task, grade.problem, grade.seed].append(grade)
    return found


def _lengths(record: ResultRecord) -> dict[Place, int]:
    return {
        (problem.problem, seed): tokens
        for problem in record.problems
        for seed, tokens in zip(record.seeds, problem.tokens_out, strict=True)
    }


def _matching(
    path: Path, record: ResultRecord, by_protocol: dict[str, dict[Place, Sample]]
) -> dict[Place, Sample]:
    """The samples of the protocol that the record was made under: a log may hold several.

    A record does not name its protocol's hash; the lengths of all its answers identify it.
    """
    lengths = _lengths(record)
    for _, samples in sorted(by_protocol.items()):
        if all(
            place in samples and samples[place].tokens_out == tokens
            for place, tokens in lengths.items()
        ):
            return samples
    raise IntegrityError(
        f"{path}: no protocol's samples fit the result of {record.model} on {record.task}; "
        "the record was not made from this log."
    )


def _answers(
    record: ResultRecord,
    position: int,
    samples: dict[Place, Sample],
    grades: dict[tuple[str, str, str, int], list[Grade]],
) -> Iterator[Answer]:
    seed = record.seeds[position]
    for problem in record.problems:
        sample = samples.get((problem.problem, seed))
        correct, undecided = problem.correct[position], problem.undecided[position]
        candidates = (
            grades.get((sample.key, record.task, problem.problem, seed), ()) if sample else ()
        )
        agreeing = [
            grade
            for grade in candidates
            if grade.correct == correct and (grade.status is not GradeStatus.GRADED) == undecided
        ]
        yield Answer(
            problem=problem.problem,
            index=problem.index,
            correct=correct,
            undecided=undecided,
            answered=problem.answered[position],
            truncated=problem.truncated[position],
            tokens_out=problem.tokens_out[position],
            sample=sample,
            grade=agreeing[-1] if agreeing else None,
        )


def _runs_of(
    home: Home, path: Path, records: Iterable[ResultRecord], *, with_samples: bool
) -> Iterator[Run]:
    records = list(records)
    at_hand = with_samples and path.is_file()
    by_task: dict[str, dict[str, dict[Place, Sample]]] = {}
    grades: dict[tuple[str, str, str, int], list[Grade]] = {}
    if at_hand:
        for record in records:
            check_sample_log(home.root, record)
        by_task = _samples(path)
        grades = _grades(home.root / "grades" / records[0].model)
    for record in records:
        samples = _matching(path, record, by_task.get(record.task, {})) if at_hand else {}
        for position, seed in enumerate(record.seeds):
            yield Run(
                model=record.model,
                task=record.task,
                seed=seed,
                answers=tuple(_answers(record, position, samples, grades)),
                has_samples=at_hand,
            )


def find_runs(
    home: Home, records: Iterable[ResultRecord], *, with_samples: bool = True
) -> Iterator[Run]:
    """Every run of every record; without samples when asked so, or when the log is not here."""
    keyed = sorted(
        ((record.model, str(_log_of(home, record)), record.task, record) for record in records),
        key=lambda entry: entry[:3],
    )
    for (_, path), group in groupby(keyed, key=lambda entry: entry[:2]):
        yield from _runs_of(home, Path(path), (e[3] for e in group), with_samples=with_samples)
