"""maj@k: exact over ties and over all subsets, as brute force over every subset has it."""

from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stats.made_records import make_record
from tina_bench.stats.outcome_matrix import correct_answers
from tina_bench.stats.scores.estimates import pass_at_k
from tina_bench.stats.scores.majority import majority, majority_shares
from tina_bench.store.records import ResultRecord


def record_of(*rows: tuple[int, ...]) -> ResultRecord:
    return make_record([[group == 0 for group in row] for row in rows], answer_group=rows)


def won(votes: tuple[int, ...]) -> Fraction:
    """The share of fair draws among the most frequent answers that give the right one."""
    counts = {group: votes.count(group) for group in votes if group >= 0}
    most = max(counts.values(), default=0)
    top = [group for group, count in counts.items() if count == most]
    return Fraction(top.count(0), len(top)) if top else Fraction(0)


def by_brute_force(rows: tuple[tuple[int, ...], ...], size: int) -> float:
    shares = [
        sum((won(votes) for votes in subsets), Fraction(0)) / len(subsets)
        for subsets in (list(combinations(row, size)) for row in rows)
    ]
    return float(100 * sum(shares, Fraction(0)) / len(rows))


@st.composite
def many_rows(draw: st.DrawFn) -> tuple[tuple[int, ...], ...]:
    k = draw(st.integers(1, 7))
    row = st.lists(st.integers(-1, 4), min_size=k, max_size=k).map(tuple)
    return tuple(draw(st.lists(row, min_size=1, max_size=4)))


@settings(max_examples=200, deadline=None)
@given(many_rows())
def test_every_value_is_the_mean_over_all_subsets_of_runs(
    rows: tuple[tuple[int, ...], ...],
) -> None:
    found = majority(record_of(*rows))
    assert found == {size: by_brute_force(rows, size) for size in range(1, len(rows[0]) + 1)}


@settings(max_examples=50, deadline=None)
@given(many_rows())
def test_one_vote_scores_avg_and_no_number_of_votes_more_than_pass(
    rows: tuple[tuple[int, ...], ...],
) -> None:
    record = record_of(*rows)
    found, passed = majority(record), pass_at_k(correct_answers(record))
    assert found is not None
    assert found[1] == pytest.approx(100 * record.n_correct / (record.n * record.k))
    assert all(found[size] <= passed[size] + 1e-9 for size in found)


@settings(max_examples=50, deadline=None)
@given(many_rows(), st.randoms(use_true_random=False))
def test_neither_the_order_of_problems_nor_of_runs_nor_the_names_of_groups_matter(rows, random):
    turned = [[{0: 0, -1: -1}.get(group, 9 - group) for group in row] for row in rows]
    for row in turned:
        random.shuffle(row)
    random.shuffle(turned)
    assert majority(record_of(*map(tuple, turned))) == majority(record_of(*rows))


def test_a_tie_counts_by_the_chance_of_a_fair_draw() -> None:
    assert majority(record_of((0, 0, 1, 1)))[4] == 50.0
    assert majority(record_of((0, 1, 2, -1)))[4] == pytest.approx(100 / 3)


def test_what_has_no_answer_has_no_vote() -> None:
    assert majority(record_of((0, -1, -1, -1)))[4] == 100.0
    assert majority(record_of((-1, -1, -1, -1))) == {1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0}


def test_without_groups_nothing_is_said() -> None:
    assert majority(make_record([[1, 0], [1, 1]])) is None


def test_a_record_with_groups_for_some_problems_only_says_nothing() -> None:
    record = record_of((0, 1), (0, 0))
    second = record.problems[1].model_copy(update={"answer_group": ()})
    half = record.model_copy(update={"problems": (record.problems[0], second)})
    assert majority(half) is None


def test_sixty_four_runs_of_many_wrong_answers_are_exact_too() -> None:
    found = [100 * share for share in majority_shares(20, (1,) * 44, 64)]
    # The right answer ties only where it is drawn once: the chance of two draws is known.
    assert found[64] == 100
    once_each = Fraction(20 * 44, 2016) / 2
    both = Fraction(20 * 19 // 2, 2016)
    assert found[2] == 100 * (once_each + both)


def test_many_runs_give_the_first_and_the_last_of_what_few_would_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = record_of((0, 0, 0, 1, 1, 1, 2), (0, 0, 1, 1, 1, -1, 2), (-1,) * 7, (0,) * 7)
    every = majority(record)
    monkeypatch.setattr("tina_bench.stats.scores.majority.MOST_RUNS", 6)
    few = majority(record)
    assert few == {1: pytest.approx(every[1]), 7: pytest.approx(every[7])}
