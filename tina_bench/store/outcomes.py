"""From grades, one per sample, to outcomes, one per problem."""

from collections.abc import Iterable, Sequence

from tina_bench.store.answer_logs import last_grades
from tina_bench.store.records import Grade, GradeStatus, ProblemOutcome

RIGHT_ANSWER = 0
NO_ANSWER = -1


def collect(
    problems: Sequence[tuple[str, int]], grades: Iterable[Grade]
) -> tuple[tuple[int, ...], tuple[ProblemOutcome, ...]]:
    """Seeds whose runs are complete, ascending, and the outcomes of every problem over them.

    `problems` are (id, dataset row) in dataset order. A run that lacks a problem is left out
    whole: a score over the easy half of a benchmark is no score. Of two grades of one sample the
    later wins.
    """
    by_seed = last_grades(grades)
    ids = [problem for problem, _ in problems]
    seeds = tuple(
        sorted(seed for seed, found in by_seed.items() if all(name in found for name in ids))
    )
    rows = [[by_seed[seed][problem] for seed in seeds] for problem in ids]
    grouped = _says_what_it_read(rows)
    outcomes = []
    for (problem, index), row in zip(problems, rows, strict=True):
        outcomes.append(
            ProblemOutcome(
                problem=problem,
                index=index,
                correct=tuple(grade.correct for grade in row),
                undecided=tuple(grade.status is not GradeStatus.GRADED for grade in row),
                answered=tuple(grade.extracted is not None for grade in row),
                truncated=tuple(grade.truncated for grade in row),
                tokens_out=tuple(grade.tokens_out for grade in row),
                answer_group=answer_groups(row) if grouped else (),
            )
        )
    return seeds, tuple(outcomes)


def answer_groups(row: Iterable[Grade]) -> tuple[int, ...]:
    """Which of one problem's answers are the same, as `ProblemOutcome.answer_group` spells it.

    Right answers are one group, as each equals the gold answer. Wrong ones are the same where the
    grader's reading of them is the same text: 1/2 and 0.5 are two groups where the grader spells
    them so, which can only make a wrong majority smaller. What the grader read nothing in, or came
    to no decision on, is in no group.
    """
    numbers: dict[str, int] = {}
    groups = []
    for grade in row:
        if grade.status is not GradeStatus.GRADED:
            groups.append(NO_ANSWER)
        elif grade.correct:
            groups.append(RIGHT_ANSWER)
        elif grade.extracted is None:
            groups.append(NO_ANSWER)
        else:
            groups.append(numbers.setdefault(grade.extracted, len(numbers) + 1))
    return tuple(groups)


def as_recorded(
    outcomes: Sequence[ProblemOutcome], recorded: Sequence[ProblemOutcome]
) -> tuple[ProblemOutcome, ...]:
    """The outcomes as a record of those problems would have them that knows no groups of answers.

    Records made before `answer_group` existed lack it; that is no difference between a record and
    what is collected from its grades today.
    """
    if any(outcome.answer_group for outcome in recorded):
        return tuple(outcomes)
    return tuple(outcome.model_copy(update={"answer_group": ()}) for outcome in outcomes)


def _says_what_it_read(rows: Iterable[Sequence[Grade]]) -> bool:
    """False for a metric that finds answers right and never says what it read."""
    grades = [grade for row in rows for grade in row]
    says = any(grade.extracted is not None for grade in grades)
    return says or not any(grade.correct for grade in grades)
