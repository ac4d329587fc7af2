from itertools import product

import numpy as np
import pytest
from audit_catalog import make_average, make_catalog, make_claim
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalog.facts import CATALOG
from tina_bench.stats.audits.averages import (
    Follows,
    audit_averages,
    audit_runs,
    sd_range,
)

CELLS = {"aime": 43.33, "amc": 77.5, "math": 87.0}


def beside(cells, decimals=2, **changes):
    return {
        task: make_claim(value, task=task, decimals=decimals, **changes)
        for task, value in cells.items()
    }


def audit(average, cells):
    (found,) = audit_averages(make_catalog(cells, {"a": average}))
    return found


def test_an_average_that_follows_is_said_to_follow():
    found = audit(make_average(69.28), beside(CELLS))
    assert found.follows is Follows.YES
    assert found.off_by == 0


def test_an_average_that_does_not_follow_is_found_and_how_far_off_it_is():
    found = audit(make_average(69.5), beside(CELLS))
    assert found.follows is Follows.NO
    assert found.off_by == pytest.approx(69.5 - 0.005 - (207.83 / 3 + 0.005))
    assert "does not follow" in found.sentence


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.floats(0, 100), min_size=3, max_size=3),
    st.integers(0, 2),
    st.integers(0, 2),
)
def test_the_rounded_mean_of_true_cells_always_follows(cells, cell_digits, digits):
    shown = {t: round(v, cell_digits) for t, v in zip(CELLS, cells, strict=True)}
    average = make_average(round(sum(cells) / 3, digits), decimals=digits)
    assert audit(average, beside(shown, cell_digits)).follows is Follows.YES


@settings(deadline=None, max_examples=80)
@given(st.lists(st.integers(0, 1000), min_size=3, max_size=3), st.integers(0, 1000))
def test_it_follows_only_if_some_cells_that_print_so_have_it(tenths, average):
    """Brute force over a fine grid of what each cell may have been."""
    shown = {t: v / 10 for t, v in zip(CELLS, tenths, strict=True)}
    found = audit(make_average(average / 10, decimals=1), beside(shown, 1))
    # In thousandths: each cell within 50, the mean times 3 within 150 of the printed one's.
    possible = any(
        abs(sum(v * 100 for v in tenths) + sum(offsets) - 300 * average) <= 150
        for offsets in product(range(-50, 51, 10), repeat=3)
        if all(0 <= v * 100 + o <= 100_000 for v, o in zip(tenths, offsets, strict=True))
    )
    assert (found.follows is Follows.YES) == possible


def test_a_missing_cell_is_said_and_what_it_would_have_to_be():
    cells = beside({k: v for k, v in CELLS.items() if k != "amc"})
    found = audit(make_average(69.28), cells)
    assert found.follows is Follows.UNKNOWN
    assert found.missing == ("amc",)
    assert "about 77.5" in found.sentence


def test_an_average_that_no_missing_cell_can_save_does_not_follow():
    cells = beside({"aime": 10.0, "math": 20.0})
    assert audit(make_average(90.0), cells).follows is Follows.NO


def test_cells_of_other_people_sources_and_models_are_not_beside_it():
    for change in ({"who": "others"}, {"source": "Table 4"}, {"model": "x"}):
        found = audit(make_average(69.5), beside(CELLS, **change))
        assert found.follows is Follows.UNKNOWN
        assert len(found.missing) == 3


def test_an_average_over_tasks_that_nobody_names_cannot_be_checked():
    found = audit(make_average(69.5, tasks=None), beside(CELLS))
    assert found.follows is Follows.UNKNOWN


RUNS = (20.0, 40.0, 30.0, 23.33, 43.33)


def test_runs_that_give_their_mean_and_sd_are_in_order():
    claim = make_claim(31.33, runs=5, spread_points=10.17, per_run_percent=RUNS)
    assert [a.follows for a in audit_runs("c", claim)] == [Follows.YES, Follows.YES]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"value_percent": 33.33}, "mean of 5 runs"),
        ({"spread_points": 12.0}, "SD of 5 runs"),
        ({"spread_points": 8.0}, "SD of 5 runs"),
        ({"runs": 6}, "number of runs"),
    ],
)
def test_runs_that_do_not_give_what_is_printed_are_found(changes, what):
    values = {"value_percent": 31.33, "runs": 5, "spread_points": 10.17, "per_run_percent": RUNS}
    claim = make_claim().model_copy(update={**values, **changes})
    wrong = [a for a in audit_runs("c", claim) if a.follows is Follows.NO]
    assert [a.what for a in wrong] == [what]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 100), min_size=2, max_size=14),
    st.sampled_from([0.0, 0.005, 0.05, 0.5]),
    st.integers(0, 1000),
)
def test_the_sd_of_runs_lies_in_its_range_however_they_were_rounded(runs, half, seed):
    true = np.array(runs) + np.random.default_rng(seed).uniform(-half, half, len(runs))
    low, high = sd_range(runs, half)
    assert low - 1e-9 <= true.std(ddof=0)
    assert true.std(ddof=1) <= high + 1e-9


def test_in_the_catalog_all_averages_follow_and_five_cannot_be_checked():
    found = audit_averages(CATALOG)
    averages = [a for a in found if a.what.startswith("mean of") and "tasks" in a.what]
    assert len(averages) == len(CATALOG.averages)
    assert {a.follows for a in averages} == {Follows.YES, Follows.UNKNOWN}
    assert sum(a.follows is Follows.UNKNOWN for a in averages) == 5
    assert not [a for a in found if a.follows is Follows.NO]
