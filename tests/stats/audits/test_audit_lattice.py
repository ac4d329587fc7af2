from decimal import ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from audit_catalog import make_catalog, make_claim
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalog.facts import CATALOG, MODELS, SIX, V1, facts
from tina_bench.stats.audits.lattice import (
    MAX_RUNS,
    audit_lattice,
    audit_lattices,
    audit_tables,
    counts_printed_as,
)

ROUNDINGS = (ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_HALF_DOWN)


def printed(count, total, decimals):
    """Every print of a score by every way of rounding a tie, in decimal arithmetic."""
    exact = Decimal(100 * count) / Decimal(total)
    unit = Decimal(1).scaleb(-decimals)
    return {exact.quantize(unit, rounding) for rounding in ROUNDINGS}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 3), st.integers(0, 10**6))
def test_the_counts_are_those_that_enumeration_finds(n, runs, decimals, seed):
    total = n * runs
    value = Decimal(seed % (100 * 10**decimals + 1)).scaleb(-decimals)
    found = [c for c in range(total + 1) if value in printed(c, total, decimals)]
    assert list(counts_printed_as(float(value), decimals, total)) == found


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 700), st.integers(1, 64), st.integers(0, 4), st.integers(0, 10**9))
def test_a_true_score_is_always_possible(n, runs, decimals, seed):
    count = seed % (n * runs + 1)
    for value in printed(count, n * runs, decimals):
        assert count in counts_printed_as(float(value), decimals, n * runs)
        audit = audit_lattice("c", make_claim(float(value), decimals=decimals, runs=runs), n)
        assert audit.possible
        assert any(low <= runs <= high for low, high in audit.possible_runs)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(0, 10_000))
def test_possible_runs_are_those_with_a_count_and_no_others(n, hundredths):
    value = hundredths / 100
    audit = audit_lattice("c", make_claim(value, runs=None), n)
    said = {k for low, high in audit.possible_runs for k in range(low, high + 1)}
    found = {
        k
        for k in range(1, MAX_RUNS + 1)
        if any(
            Decimal(hundredths).scaleb(-2) in printed(c, n * k, 2)
            for c in range(
                max(0, int(value * n * k / 100) - 1), min(n * k, int(value * n * k / 100) + 2) + 1
            )
        )
    }
    assert said == found
    assert audit.one_run_possible == (1 in found)
    assert audit.possible == bool(found)


def test_43_33_is_13_of_30_and_possible_with_one_run():
    audit = audit_lattice("c", make_claim(43.33), 30)
    assert audit.possible
    assert audit.counts == (13,)
    assert audit.sentence == "43.33 is 13 of 30."


def test_43_40_is_impossible_with_one_run_and_the_nearest_are_told():
    audit = audit_lattice("c", make_claim(43.4), 30)
    assert not audit.possible
    assert audit.nearest_percent == pytest.approx((100 * 13 / 30, 100 * 14 / 30))
    assert "43.40 is no score of 30 problems × 1 run" in audit.sentence


def test_one_run_can_be_proved_wrong_and_never_right():
    """Whatever one run prints, two runs can print."""
    for count in range(31):
        value = round(100 * count / 30, 2)
        audit = audit_lattice("c", make_claim(value, runs=None), 30)
        assert audit.one_run_possible
        assert audit.possible_runs == ((1, MAX_RUNS),)


def test_a_score_whose_runs_are_not_stated_is_possible_if_any_number_of_runs_is():
    audit = audit_lattice("c", make_claim(28.9, decimals=1, runs=None), 30)
    assert audit.possible
    assert not audit.one_run_possible
    assert "as printed it is not one" in audit.sentence


def test_digits_that_were_cut_off_are_recognised():
    audit = audit_lattice("c", make_claim(46.66), 30)
    assert not audit.possible
    assert audit.cut_off_possible
    assert not audit_lattice("c", make_claim(46.65), 30).cut_off_possible


def test_single_runs_printed_with_a_score_are_checked_too():
    good = make_claim(31.33, runs=5, per_run_percent=(20.0, 40.0, 30.0, 23.33, 43.33))
    assert audit_lattice("c", good, 30).impossible_runs == ()
    bad = make_claim(31.33, runs=5, range_percent=(21.0, 43.33))
    assert audit_lattice("c", bad, 30).impossible_runs == (21.0,)


def test_a_table_of_single_runs_is_told_from_a_table_of_two():
    ones = [make_claim(round(100 * c / 30, 2), runs=None) for c in range(5, 15)]
    (table,) = audit_tables(audit_lattices(make_catalog(ones)))
    assert (table.claims, table.on_single_run_lattice) == (10, 10)
    # 31 of the 61 scores of two runs are scores of one.
    assert table.chance_with_two_runs == pytest.approx((31 / 61) ** 10)
    two = [*ones, make_claim(35.0, runs=None)]
    (table,) = audit_tables(audit_lattices(make_catalog(two)))
    assert (table.claims, table.on_single_run_lattice) == (11, 10)
    assert table.chance_with_two_runs is None


def test_every_v1_cell_is_the_count_that_the_facts_derive():
    audits = {(a.source, a.model, a.task): a for a in audit_lattices(CATALOG) if V1 in a.source}
    compared = 0
    for row in [*facts()["v1_baselines"], *facts()["v1_tina_main"]]:
        for task, count in zip(SIX, row["correct_counts"], strict=True):
            (audit,) = [
                a
                for (_, model, t), a in audits.items()
                if (model, t) == (MODELS[row["name"]], task)
            ]
            assert audit.counts == (count,)
            compared += 1
    assert compared == 66


def test_all_scores_of_the_paper_s_first_version_are_single_runs():
    audits = tuple(audit for audit in audit_lattices(CATALOG) if audit.source.startswith("Tina v1"))
    (table,) = audit_tables(audits)
    assert table.on_single_run_lattice == table.claims == 126
    assert table.chance_with_two_runs is not None
    assert table.chance_with_two_runs < 1e-30


def test_the_known_impossible_values_are_found_and_no_others():
    """39.33 and 28.67 are multiples of 1/150 and of no 1/1920; Resa's 31.90 is no k/198."""
    audits = audit_lattices(CATALOG)
    stated = {audit.claim for audit in audits if not audit.possible}
    assert {
        "still-3-authors-still-3-1.5b-aime24",
        "still-3-authors-r1-distill-qwen-1.5b-aime24",
        "sober-open-rs1-aime24",
    } <= stated
    for audit in audits:
        if audit.claim in stated:
            runs = audit.runs_stated
            assert runs is not None
            assert not any(
                Decimal(repr(audit.value_percent)) in printed(c, audit.n * runs, audit.decimals)
                for c in range(audit.n * runs + 1)
            )
    unstated = {a.claim for a in audits if a.runs_stated is None and not a.one_run_possible}
    assert "resa-ii-thought-1.5b-gpqa" in unstated
