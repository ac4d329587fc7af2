import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stats.made_records import (
    make_average_claim,
    make_claim,
    make_provenance,
    make_record,
    make_sampling,
    make_solved,
    make_task,
)
from tina_bench.errors import UsageError
from tina_bench.stats.claims.p_values import average_p_value, claim_p_value
from tina_bench.stats.claims.sequential import decide
from tina_bench.stats.claims.verdicts import AverageCase, Case, judge, judge_family
from tina_bench.stats.methods.beta_binomial import fit
from tina_bench.stats.methods.score_variance import answer_variance
from tina_bench.stats.outcome_matrix import correct_answers
from tina_bench.stats.types import AVERAGE, Verdict
from tina_bench.store.records import UntilDecided

# 30 problems, 10 runs: 50.00 %, half of the problems mixed.
HALF = make_solved([0] * 7 + [10] * 7 + [2, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 7, 8], k=10)


def make_case(value=50.0, record=HALF, margin=5.0, name="claim", **claim):
    n = 30 if record is None else record.n
    return Case(name, make_claim(value, **claim), make_task(n=n, margin=margin), record)


def test_a_close_result_with_a_narrow_interval_is_reproduced():
    made = judge(make_case(50.0, runs=100))
    assert made.verdict is Verdict.REPRODUCED
    assert "equal to the claimed 50.00 % (100 runs)" in made.reason
    assert "within the margin of ±5 points" in made.reason
    assert made.would_decide is None
    assert -5 <= made.interval.low < 0 < made.interval.high <= 5
    assert made.interval.level == pytest.approx(0.90)


def test_a_far_result_is_not_reproduced_and_says_which_way_it_lies():
    made = judge(make_case(80.0, runs=10))
    assert made.verdict is Verdict.NOT_REPRODUCED
    assert "30.00 points lower than the claimed 80.00 %" in made.reason
    assert made.difference_points == pytest.approx(-30)
    assert "20.00 points higher than" in judge(make_case(30.0, runs=10)).reason


def test_a_real_difference_within_the_margin_is_reproduced_and_the_reason_says_so():
    counts = [50] * 500
    record = make_solved(counts, k=100)
    made = judge(make_case(51.5, record=record, runs=100))
    assert made.p_value < 0.001
    assert made.verdict is Verdict.REPRODUCED
    assert "more than chance" in made.reason
    assert "too small to matter" in made.reason


def test_an_open_case_says_about_how_many_seeds_decide_and_they_do():
    made = judge(make_case(50.0, record=make_solved([2] * 30, k=4), runs=64))
    assert made.verdict is Verdict.INCONCLUSIVE
    assert made.would_decide.startswith("About ")
    further = int(made.would_decide.split()[1])
    k = 4 + further + further % 2
    more = make_solved([k // 2] * 30, k=k)
    assert judge(make_case(50.0, record=more, runs=64)).verdict is Verdict.REPRODUCED
    assert further < 40


def test_a_claim_that_luck_explains_but_our_score_does_not_stays_open_and_says_both():
    endless = make_solved(np.repeat([0, 10, 5], 10) * 1000, k=10_000)
    made = judge(make_case(58.0, record=endless, runs=1))
    assert made.verdict is Verdict.INCONCLUSIVE
    assert made.direction == "lower"
    assert "does lie outside that margin, yet the claim can be luck" in made.reason
    assert "1 run like it scatters by 5.3 points (SD)" in made.reason
    assert made.further_seeds is None
    assert "more runs behind the claim would decide" in made.would_decide


def test_an_open_case_at_the_edge_of_the_margin_says_that_seeds_may_not_help():
    made = judge(make_case(55.0, runs=1))
    assert made.verdict is Verdict.INCONCLUSIVE
    assert "near the edge of the margin" in made.would_decide


def test_greedy_runs_are_not_offered_more_seeds():
    greedy = make_solved([0, 10] * 15, k=10, provenance=make_provenance(temperature=0))
    made = judge(make_case(50.0, record=greedy))
    assert made.verdict is Verdict.INCONCLUSIVE
    assert "greedy" in made.would_decide
    assert made.further_seeds is None


def test_a_claim_from_one_run_can_be_confirmed_and_an_impossible_value_is_no_trap():
    assert judge(make_case(50.0, runs=1)).verdict is Verdict.REPRODUCED
    # 51 % of 30 is no count: the nearest ones to either side stand for it.
    assert judge(make_case(51.0, runs=1)).p_value == judge(make_case(51.5, runs=1)).p_value


def test_unknown_runs_are_taken_as_one_and_the_reason_says_so():
    made = judge(make_case(50.0, runs=None))
    assert made.runs is None
    assert "number of runs not stated, taken as 1" in made.reason
    assert made.p_value == judge(make_case(50.0, runs=1)).p_value
    assert made.interval == judge(make_case(50.0, runs=1)).interval


def test_coarser_rounding_widens_the_interval_by_half_a_unit():
    fine, coarse = judge(make_case(50.0, decimals=2)), judge(make_case(50.0, decimals=0))
    assert coarse.interval.high - fine.interval.high == pytest.approx(0.5 - 0.005)
    assert judge(make_case(51.0, decimals=0)).p_value == 1


def test_a_claim_about_a_recipe_carries_the_spread_between_trainings():
    fixed = judge(make_case(50.0, runs=10)).interval
    recipe = judge(make_case(50.0, runs=10, trainings=4, training_sd_points=2.0)).interval
    assert recipe.high > fixed.high
    evidence = claim_p_value(make_claim(runs=10, trainings=4, training_sd_points=2.0), HALF)
    assert evidence.training.value == pytest.approx(4 * 1.25)
    assert evidence.training.degrees_of_freedom == 3
    assert (
        "more trainings, the claim's and ours, would decide"
        in judge(make_case(50.0, runs=10, trainings=4, training_sd_points=5.0)).would_decide
    )


def test_without_a_record_a_claim_is_not_measured():
    made = judge(make_case(50.0, record=None))
    assert made.verdict is Verdict.NOT_MEASURED
    assert made.measured_percent is made.interval is made.p_value is None
    assert made.reason == "There is no result of tina on aime yet."


@pytest.mark.parametrize(
    ("stated", "difference"),
    [
        ({"stack": "paper"}, "stack: claimed paper, ours current"),
        ({"sampling": make_sampling(temperature=0.7)}, "temperature: claimed 0.7, ours 0.6"),
        ({"sampling": make_sampling(top_p=1.0)}, "top_p: claimed 1, ours 0.95"),
        ({"sampling": make_sampling(top_k=20)}, "top_k: claimed 20, ours -1"),
        ({"max_new_tokens": 8000}, "longest answer in tokens: claimed 8000, ours not recorded"),
        ({"grader": "c:d"}, "grader: claimed c:d, ours a:b"),
    ],
)
def test_a_stated_protocol_that_differs_is_not_comparable(stated, difference):
    made = judge(make_case(90.0, **stated))
    assert made.verdict is Verdict.NOT_COMPARABLE
    assert made.differences == (difference,)
    assert "40.00 points lower" in made.reason
    assert difference in made.reason
    assert made.measured_percent == pytest.approx(50)
    assert made.p_value is None


@pytest.mark.parametrize(
    ("claim", "ours"),
    [
        ({}, {"temperature": 1.3}),
        ({"stack": "current"}, {}),
        ({"sampling": make_sampling()}, {}),
        ({"sampling": make_sampling()}, {"top_k": 20}),  # a default is not a statement
        ({"sampling": make_sampling(top_k=-1)}, {"top_k": 0}),  # both mean off
        ({"sampling": make_sampling(temperature=0, top_p=1)}, {"temperature": 0.0, "top_p": 0.9}),
    ],
)
def test_only_what_the_claim_states_is_compared(claim, ours):
    record = HALF.model_copy(update={"provenance": make_provenance(**ours)})
    assert judge(make_case(90.0, record=record, **claim)).verdict is Verdict.NOT_REPRODUCED


def test_a_setting_that_we_did_not_record_is_a_difference():
    record = HALF.model_copy(update={"provenance": make_provenance(top_p=None)})
    made = judge(make_case(record=record, sampling=make_sampling()))
    assert made.differences == ("top_p: claimed 0.95, ours not recorded",)


def test_deviations_and_missing_problems_are_not_comparable():
    record = HALF.model_copy(
        update={"provenance": make_provenance(deviations=("half the length",))}
    )
    case = Case("claim", make_claim(), make_task(n=500), record)
    assert judge(case).differences == (
        "problems: 500 in the task, 30 measured",
        "ours deviates: half the length",
    )


def test_a_record_of_another_cell_is_refused():
    with pytest.raises(UsageError, match="cannot decide it"):
        make_case(record=make_solved([1], k=1, model="other"))


def test_a_family_is_corrected_and_says_so():
    alone = make_case(65.0, runs=2)
    assert judge(alone).verdict is Verdict.NOT_REPRODUCED
    made = judge_family([alone] + [make_case(50.0)] * 9)[0]
    assert made.p_value == judge(alone).p_value
    assert made.verdict is Verdict.INCONCLUSIVE
    assert "after Holm's correction over 10 claims" in made.reason


def test_claims_without_a_comparable_result_do_not_enlarge_the_family():
    alone = make_case(65.0, runs=2)
    idle = [make_case(1.0, stack="paper"), make_case(1.0, record=None)] * 9
    assert judge_family([alone, *idle])[0] == judge(alone)


def test_no_claims_make_no_judgements():
    assert judge_family([]) == ()


cases = st.builds(
    make_case,
    value=st.integers(0, 100).map(float),
    runs=st.sampled_from([None, 1, 5, 10]),
    stack=st.sampled_from([None, "current", "paper"]),
    decimals=st.integers(0, 2),
    name=st.sampled_from(["a", "b", "c"]),
    record=st.sampled_from([None, HALF, make_solved([4] * 30, k=4), make_solved([0, 1] * 9, k=1)]),
)


@given(st.lists(cases, max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_claims_decides_nothing(family, random):
    order = random.sample(range(len(family)), len(family))
    made = judge_family(family)
    assert judge_family([family[i] for i in order]) == tuple(made[i] for i in order)


def looked_at(counts, k, family=6):
    rng = np.random.default_rng(1)
    correct = rng.permuted(np.arange(k)[None, :] < np.asarray(counts)[:, None], axis=1)
    declared = UntilDecided(family=family, looks=(4, k))
    return make_record(correct, provenance=make_provenance(until_decided=declared))


def test_a_result_that_was_looked_at_is_judged_by_the_method_that_allows_it():
    record = looked_at([20] * 10 + [0] * 10 + [10] * 10, 20)
    made = judge(make_case(80.0, record=record, runs=10))
    direct = decide(
        correct_answers(record),
        claimed_percent=80.0,
        decimals=2,
        k0=10,
        margin_points=5.0,
        family=6,
    )
    assert made.verdict is direct.verdict is Verdict.NOT_REPRODUCED
    assert f"after {direct.decided_after} runs" in made.reason
    assert made.family == "6 claims declared before the first look (Bonferroni)"
    assert made.p_value is made.adjusted_p is None
    assert made.interval.low < made.difference_points < made.interval.high


def test_an_open_result_that_was_looked_at_offers_more_of_the_same():
    made = judge(make_case(53.0, record=looked_at([4] * 30, 8)))
    assert made.verdict is Verdict.INCONCLUSIVE
    assert "--until-decided" in made.would_decide
    sure = judge(make_case(50.0, record=looked_at([40] * 15 + [0] * 15, 40)))
    assert sure.verdict is Verdict.REPRODUCED
    assert sure.would_decide is None


def test_what_was_looked_at_never_enters_a_fixed_design_s_family():
    fixed, looked = make_case(65.0, runs=2), make_case(50.0, record=looked_at([4] * 30, 8))
    assert judge_family([fixed, looked])[0] == judge(fixed)
    recipe = make_case(50.0, record=looked.record, trainings=4, training_sd_points=2.0)
    made = judge(recipe)
    assert made.verdict is Verdict.INCONCLUSIVE
    assert "chosen by looking" in made.reason


TASKS = ("aime", "amc", "math")


def make_average(value=50.0, counts=((5,) * 30, (5,) * 40, (5,) * 500), k=10, runs=1, **rest):
    claim = make_average_claim(value, tasks=TASKS, runs=runs, **rest)
    cells = [
        Case(
            task,
            make_claim(50.0, task=task),
            make_task(n=len(solved), margin=margin),
            make_solved(solved, k=k, task=task),
        )
        for task, solved, margin in zip(TASKS, counts, (5.0, 5.0, 2.0), strict=True)
    ]
    return AverageCase("average claim", claim, tuple(cells))


def test_an_average_is_judged_with_every_task_of_the_same_weight():
    made = judge_family([make_average(50.0)])[0]
    assert made.verdict is Verdict.REPRODUCED
    assert (made.task, made.tasks) == (AVERAGE, TASKS)
    assert made.measured_percent == pytest.approx(50)
    assert made.margin_points == pytest.approx(4)
    assert "10 runs of 3 tasks" in made.reason
    far = judge_family([make_average(90.0)])[0]
    assert far.verdict is Verdict.NOT_REPRODUCED
    unequal = make_average(60.0, counts=((10,) * 30, (5,) * 40, (3,) * 500))
    assert judge_family([unequal])[0].measured_percent == pytest.approx((100 + 50 + 30) / 3)


def test_the_spread_of_an_average_is_that_of_its_tasks_together():
    evidence = average_p_value(make_average().claim, [c.record for c in make_average().cells])
    within = [answer_variance(np.full(n, 5), 10).value / n for n in (30, 40, 500)]
    assert evidence.answer.value == pytest.approx(100**2 * sum(within) / 9)
    assert evidence.k == pytest.approx(10)


def test_an_average_without_all_its_tasks_is_not_measured_and_names_what_lacks():
    whole = make_average()
    lacking = dataclasses.replace(
        whole, cells=(dataclasses.replace(whole.cells[0], record=None), *whole.cells[1:])
    )
    made = judge_family([lacking])[0]
    assert made.verdict is Verdict.NOT_MEASURED
    assert made.reason == "There is no result of tina on aime yet."
    unsaid = AverageCase("unsaid", make_average_claim(50.0, tasks=None), ())
    assert "does not say which tasks" in judge_family([unsaid])[0].reason


def test_an_average_of_cells_made_otherwise_is_not_comparable():
    whole = make_average()
    claim = make_claim(50.0, task="amc", sampling=make_sampling(temperature=0.9))
    other = dataclasses.replace(whole.cells[1], claim=claim)
    made = judge_family(
        [dataclasses.replace(whole, cells=(whole.cells[0], other, whole.cells[2]))]
    )[0]
    assert made.differences == ("amc: temperature: claimed 0.9, ours 0.6",)
    assert made.verdict is Verdict.NOT_COMPARABLE


def test_averages_join_the_family_of_the_cells():
    made = judge_family([make_case(50.0), make_average(50.0)])
    assert {judged.family for judged in made} == {
        "all claims that a comparable result exists for (2)"
    }


@given(
    st.integers(1, 6).flatmap(
        lambda k: st.lists(st.integers(0, k), min_size=1, max_size=30).map(
            lambda counts: make_solved(counts, k=k)
        )
    ),
    st.integers(0, 10_000).map(lambda value: value / 100),
    st.sampled_from([None, 1, 10]),
)
@settings(max_examples=100, deadline=None)
def test_every_measured_claim_gets_a_verdict_numbers_and_a_direction(record, value, runs):
    made = judge(make_case(value, record=record, runs=runs))
    assert 0 <= made.p_value <= 1
    assert made.interval.low < made.difference_points < made.interval.high
    assert any(word in made.reason for word in ("lower than", "higher than", "equal to"))
    assert (made.would_decide is not None) == (made.verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("outcome", [True, False])
@pytest.mark.parametrize("k", [1, 4])
def test_a_unanimous_result_is_not_taken_as_certain(outcome, k):
    record = make_record(np.full((30, k), outcome))
    near, far = (95.0, 50.0) if outcome else (5.0, 50.0)
    assert judge(make_case(near, record=record)).verdict is not Verdict.NOT_REPRODUCED
    assert judge(make_case(far, record=record)).verdict is Verdict.NOT_REPRODUCED


def test_an_undecided_answer_counts_against_the_score():
    record = make_record(np.ones((30, 4)), undecided=np.arange(4)[None, :].repeat(30, 0) < 2)
    assert judge(make_case(50.0, record=record)).measured_percent == pytest.approx(50)


@pytest.mark.parametrize("runs", [1, 3, 10])
def test_the_seeds_that_are_said_to_decide_do_so_in_four_of_five_cases(runs):
    """The model's chances are drawn from what our first runs leave possible."""
    rng = np.random.default_rng(runs)
    first = np.array([3, 1, 0, 4, 2, 4] * 10)
    made = judge(make_case(60.0, record=make_solved(first, k=4), runs=runs))
    assert made.verdict is Verdict.INCONCLUSIVE
    further, decided, draws = made.further_seeds, 0, 100
    known = fit(first, 4)
    for _ in range(draws):
        node = rng.choice(len(known.weight), p=known.weight)
        a = known.concentration[node] * known.mean[node]
        chances = rng.beta(a + first, known.concentration[node] - a + 4 - first)
        counts = first + rng.binomial(further, chances)
        again = judge(make_case(60.0, record=make_solved(counts, k=4 + further), runs=runs))
        decided += again.verdict is not Verdict.INCONCLUSIVE
    assert 0.68 <= decided / draws <= 0.95
