"""From grades, one a sample, to outcomes, one a problem."""

from collections.abc import Iterable, Sequence

from tina_bench.store.records import Grade, GradeStatus, ProblemOutcome


def collect(
    problems: Sequence[tuple[str, int]], grades: Iterable[Grade]
) -> tuple[tuple[int, ...], tuple[ProblemOutcome, ...]]:
    """Seeds whose runs are complete, ascending, and the outcomes of every problem over them.

    `problems` are (id, dataset row) in dataset order. A run that lacks a problem is left out
    whole: a score over the easy half of a benchmark is no score. Of two grades of one sample the
    later wins.
    """
    by_seed: dict[int, dict[str, Grade]] = {}
    for grade in grades:
        by_seed.setdefault(grade.seed, {})[grade.problem] = grade
    ids = [problem for problem, _ in problems]
    seeds = tuple(
        sorted(seed for seed, found in by_seed.items() if all(name in found for name in ids))
    )
    outcomes = []
    for problem, index in problems:
        row = [by_seed[seed][problem] for seed in seeds]
        outcomes.append(
            ProblemOutcome(
                problem=problem,
                index=index,
                correct=tuple(grade.correct for grade in row),
                undecided=tuple(grade.status is not GradeStatus.GRADED for grade in row),
                answered=tuple(grade.extracted is not None for grade in row),
                truncated=tuple(grade.truncated for grade in row),
                tokens_out=tuple(grade.tokens_out for grade in row),
            )
        )
    return seeds, tuple(outcomes)
