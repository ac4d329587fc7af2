import itertools
import math

import numpy as np
import pytest

from tests.stats.made_records import make_provenance, make_record, make_solved
from tina_bench.errors import UsageError
from tina_bench.stats.comparisons.all_pairs import AVERAGE, PairVerdict, compare_all
from tina_bench.stats.comparisons.paired import Weighting
from tina_bench.stats.comparisons.two_models import compare


def board(models, tasks, k=4, seed=0, step=0.05):
    """Models `m0`, `m1`, ... each better than the one before; `tasks`: sizes by name."""
    rng = np.random.default_rng(seed)
    records = []
    for task, n in tasks.items():
        chances = rng.beta(1, 1, n)
        records += [
            make_record(
                rng.random((n, k)) < np.clip(chances + step * index, 0, 1)[:, None],
                model=f"m{index}",
                task=task,
            )
            for index in range(models)
        ]
    return records


def test_every_pair_of_a_task_is_compared_as_it_would_be_alone():
    records = board(4, {"aime": 30, "amc": 40})
    by_cell = {(record.model, record.task): record for record in records}
    for table in compare_all(records)[:2]:
        pairs = [(pair.model_a, pair.model_b) for pair in table.comparisons]
        assert pairs == list(itertools.combinations(table.models, 2))
        for pair in table.comparisons:
            alone = compare(
                [by_cell[pair.model_a, table.scope]], [by_cell[pair.model_b, table.scope]]
            )
            assert pair.p_value == alone.p_value
            assert pair.difference_points == pytest.approx(alone.difference_points)
            assert pair.interval.low == pytest.approx(alone.interval.low)
            assert (pair.n, pair.tasks, pair.method) == (alone.n, alone.tasks, alone.method)


def test_the_average_gives_each_task_the_same_weight():
    records = board(3, {"aime": 30, "amc": 40, "math": 200})
    average = compare_all(records)[-1]
    assert (average.scope, average.weights, average.n) == (AVERAGE, Weighting.TASKS, 270)
    scores = {
        model: np.mean(
            [100 * record.n_correct / (record.n * record.k) for record in records
             if record.model == model]
        )
        for model in average.models
    }  # fmt: skip
    assert average.scores_percent == pytest.approx(scores)
    for pair in average.comparisons:
        sides = [[r for r in records if r.model == m] for m in (pair.model_a, pair.model_b)]
        alone = compare(*sides, weights=Weighting.TASKS)
        assert pair.p_value == alone.p_value
        gain = scores[pair.model_a] - scores[pair.model_b]
        assert pair.difference_points == pytest.approx(gain)


def test_neither_the_order_of_records_nor_a_second_run_changes_anything():
    records = board(5, {"aime": 30, "amc": 40})
    assert compare_all(records[::-1]) == compare_all(records) == compare_all(records)


def test_one_pair_needs_no_correction():
    (table,) = compare_all(board(2, {"aime": 30}))
    (pair,) = table.comparisons
    assert pair.adjusted_p == pair.p_value
    assert table.family == "the only pair of 2 models on aime, both directions of each"


def test_the_family_is_stated_and_grows_with_the_models_asked_for():
    records = board(6, {"aime": 30, "amc": 40})
    whole = compare_all(records)
    assert [len(table.comparisons) for table in whole] == [15, 15, 15]
    assert whole[0].family.startswith("all 15 pairs of 6 models on aime")
    assert "average over aime, amc" in whole[-1].family
    fewer = compare_all(records, models=["m0", "m5"], tasks=["aime"])[0].comparisons[0]
    same = next(
        pair for pair in whole[0].comparisons if (pair.model_a, pair.model_b) == ("m0", "m5")
    )
    assert fewer.p_value == same.p_value
    assert fewer.adjusted_p < same.adjusted_p


def test_the_finding_names_the_better_model_whichever_comes_first():
    low, high = [1] * 40, [9] * 40
    for counts in ((low, high), (high, low)):
        records = [make_solved(c, k=10, model=m) for c, m in zip(counts, "ab", strict=True)]
        (pair,) = compare_all(records)[0].comparisons
        assert pair.finding is (PairVerdict.A_BETTER if counts[0] is high else PairVerdict.B_BETTER)
    equal = [make_solved(low, k=10, model=m) for m in "ab"]
    (pair,) = compare_all(equal)[0].comparisons
    assert (pair.finding, pair.p_value) == (PairVerdict.NOT_TOLD_APART, 1.0)


def test_a_model_measured_on_other_problems_is_left_out_by_name():
    records = board(3, {"aime": 30})
    ids = [f"q{i}" for i in range(30)]
    odd = make_record(np.ones((30, 4)), model="odd", ids=ids)
    few = make_record(np.ones((20, 4)), model="few")
    (table,) = compare_all([*records, odd, few])
    assert table.models == ("m0", "m1", "m2")
    assert table.left_out == {
        "few": "measured on other problems of aime: 20, of which 20 are among the 30 of the others",
        "odd": "measured on other problems of aime: 30, of which 0 are among the 30 of the others",
    }


def test_a_model_without_a_task_is_left_out_of_it_and_of_the_average():
    records = board(4, {"aime": 30, "amc": 40})
    records = [r for r in records if (r.model, r.task) != ("m2", "amc")]
    aime, amc, average = compare_all(records)
    assert aime.left_out == {}
    assert amc.left_out == {"m2": "not measured on amc"}
    assert average.left_out == {"m2": "not comparable on amc"}
    assert average.models == ("m0", "m1", "m3")


def test_the_average_is_over_the_tasks_with_the_most_results():
    wide = board(4, {"aime": 30, "amc": 40})
    small = [
        make_solved([1] * 10, k=2, model=m, task=t) for m in ("x", "y") for t in ("s1", "s2", "s3")
    ]
    average = compare_all([*wide, *small])[-1]
    assert average.tasks == ("aime", "amc")
    assert set(average.left_out) == {"x", "y"}
    chosen = compare_all([*wide, *small], tasks=["s1", "s3"])
    assert chosen[-1].tasks == ("s1", "s3")
    assert chosen[-1].models == ("x", "y")


def test_names_that_no_record_has_are_refused():
    records = board(2, {"aime": 30})
    with pytest.raises(UsageError, match=r"no result of the model 'm7' here; .* of m0, m1"):
        compare_all(records, models=["m0", "m7"])
    with pytest.raises(UsageError, match=r"no result of the task 'amc' here; .* of aime"):
        compare_all(records, tasks=["amc"])
    with pytest.raises(UsageError, match="two records of m0 on aime"):
        compare_all([*records, make_record(np.ones((30, 4)), model="m0")])


def test_models_with_different_numbers_of_runs_are_compared_by_share():
    counts = np.array([0, 1, 2, 3, 4] * 6)
    records = [
        make_solved(counts, k=4, model="a"),
        make_solved(2 * counts, k=8, model="b"),
        make_solved(5 * counts, k=20, model="c"),
    ]
    (table,) = compare_all(records)
    for pair in table.comparisons:
        assert (pair.difference_points, pair.p_value) == (0, 1)
        assert math.isclose(-pair.interval.low, pair.interval.high)


def test_a_prompt_that_stands_in_two_tasks_is_one_observation_of_the_average():
    rng = np.random.default_rng(8)
    answers = {m: rng.random((30, 1)) < p for m, p in (("a", 0.9), ("b", 0.5))}
    prompts = [f"{i:016x}" for i in range(30)]
    others = [f"{i + 99:016x}" for i in range(30)]

    def average(second_ids):
        records = [
            make_record(answers[m], model=m, task=task, ids=ids)
            for m in "ab"
            for task, ids in (("one", prompts), ("two", second_ids))
        ]
        return compare_all(records)[-1].comparisons[0]

    (alone,) = compare_all([make_record(answers[m], model=m, ids=prompts) for m in "ab"])
    twice, apart = average(prompts), average(others)
    assert twice.p_value == pytest.approx(alone.comparisons[0].p_value)
    assert apart.p_value < twice.p_value
    width = twice.interval.high - twice.interval.low
    assert width > 1.3 * (apart.interval.high - apart.interval.low)


def test_settings_that_not_all_models_were_measured_with_are_told():
    records = [make_solved([1] * 30, k=2, model=f"m{i}") for i in range(4)]
    assert compare_all(records)[0].made_differently == ()
    warm = make_solved([1] * 30, k=2, model="warm", provenance=make_provenance(temperature=0.7))
    paper = make_solved([1] * 30, k=2, model="paper", provenance=make_provenance(stack="paper"))
    assert compare_all([*records, warm, paper])[0].made_differently == (
        "aime: stack current for 5 models; paper for paper",
        "aime: temperature 0.6 for 5 models; 0.7 for warm",
    )
    longer = make_solved([1] * 30, k=2, model="long", provenance=make_provenance(max_tokens=9))
    assert compare_all([records[0], longer])[0].made_differently == (
        "aime: max_tokens 9 for long; not recorded for m0",
    )
