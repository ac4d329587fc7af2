"""Bills are sums that one can redo by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.made import make_entry
from tina_bench.metering.bill import BillLine, Column, add_lines, as_rows, bill
from tina_bench.store.records import JobKind, LedgerEntry, Outcome, Phase

KNOWN = {"gpu_seconds": 0.0, "energy_joules": 1.5, "cost_usd": 0.25}
LEDGER = [
    make_entry(attempt="a", event="start", phase=Phase.LOAD, peak_memory_bytes=7),
    make_entry(attempt="a", phase=Phase.LOAD, wall_seconds=3, cpu_seconds=2, **KNOWN),
    make_entry(attempt="a", phase=Phase.GENERATE, wall_seconds=5, tokens_in=10, tokens_out=100,
               samples=4, peak_memory_bytes=99, **KNOWN),
    make_entry(attempt="b", event="start"),
    make_entry(attempt="b", phase=Phase.GENERATE, wall_seconds=7, tokens_out=50, samples=1,
               peak_memory_bytes=50, **KNOWN),
    make_entry(attempt="b", event="end", outcome=Outcome.FAILED),
    make_entry(attempt="a", event="end", outcome=Outcome.DONE),
    make_entry(attempt="c", kind=JobKind.GRADE, phase=Phase.GRADE, wall_seconds=1, samples=5,
               cost_usd=1.0),
    make_entry(attempt="d", model="n", phase=Phase.TRAIN, kind=JobKind.TRAIN, wall_seconds=2,
               steps=8, **KNOWN),
]  # fmt: skip


def test_by_model_every_attempt_counts_whatever_became_of_it() -> None:
    m, n = bill(LEDGER, by=("model",))
    assert (m.model, m.wall_seconds, m.cpu_seconds) == ("m", 3 + 5 + 7 + 1, 2)
    assert (m.tokens_in, m.tokens_out, m.samples) == (10, 150, 4 + 1 + 5)
    assert m.peak_memory_bytes == 99
    assert m.cost_usd == pytest.approx(3 * 0.25 + 1.0)
    assert (n.model, n.steps, n.wall_seconds) == ("n", 8, 2)


def test_one_unknown_part_makes_its_sum_unknown_and_no_other() -> None:
    m, n = bill(LEDGER, by=("model",))
    assert m.energy_joules is None, "the grading has no energy counter"
    assert m.energy_joules_known == pytest.approx(4.5)
    assert m.gpu_seconds == 0.0
    assert n.energy_joules == 1.5


def test_by_attempt_each_says_how_it_ended() -> None:
    lines = bill(LEDGER, by=("attempt",))
    assert [(line.attempt, line.outcome, line.model, line.kind) for line in lines] == [
        ("a", "done", "m", "evaluate"),
        ("b", "failed", "m", "evaluate"),
        ("c", "interrupted", "m", "grade"),
        ("d", "interrupted", "n", "train"),
    ]


def test_by_model_and_phase_groups_come_in_the_order_of_their_first_entry() -> None:
    lines = bill(LEDGER, by=("model", "phase"))
    assert [(line.model, line.phase, line.wall_seconds) for line in lines] == [
        ("m", "load", 3),
        ("m", "generate", 12),
        ("m", "grade", 1),
        ("n", "train", 2),
    ]


def test_an_attempt_of_which_only_the_start_is_known_is_listed_as_interrupted() -> None:
    (line,) = bill([make_entry(event="start")], by=("attempt",))
    assert (line.outcome, line.wall_seconds, line.cost_usd) == ("interrupted", 0, 0)


def test_an_empty_ledger_is_an_empty_bill() -> None:
    assert bill([], by=("model",)) == []


def test_rows_are_the_lines_as_plain_values() -> None:
    assert as_rows([BillLine(model="m", cost_usd=None)])[0]["cost_usd"] is None
    assert as_rows(bill(LEDGER, by=("model",)))[0]["samples"] == 10


ENTRY = st.builds(
    make_entry,
    attempt=st.sampled_from("abc"),
    model=st.sampled_from("mn"),
    event=st.sampled_from(["start", "spent", "end"]),
    phase=st.sampled_from(Phase),
    wall_seconds=st.integers(0, 1000).map(float),
    tokens_out=st.integers(0, 1000),
    cost_usd=st.none() | st.integers(0, 100).map(float),
)


@settings(max_examples=60, deadline=None)
@given(
    entries=st.lists(ENTRY, max_size=12),
    by=st.lists(st.sampled_from(["model", "kind", "phase"]), min_size=1, unique=True),
)
def test_however_it_is_split_a_bill_adds_up_to_the_ledger(
    entries: list[LedgerEntry], by: list[str]
) -> None:
    lines = bill(entries, by=by)  # type: ignore[arg-type]
    spent = [entry for entry in entries if entry.event == "spent"]
    assert sum(line.wall_seconds for line in lines) == sum(e.wall_seconds for e in spent)
    assert sum(line.tokens_out for line in lines) == sum(e.tokens_out for e in spent)
    keys = [tuple(getattr(line, column) for column in by) for line in lines]
    assert len(set(keys)) == len(keys)
    for key, line in zip(keys, lines, strict=True):
        costs = [e.cost_usd for e in spent if tuple(str(getattr(e, c)) for c in by) == key]
        known = [cost for cost in costs if cost is not None]
        assert line.cost_usd == (sum(known) if len(known) == len(costs) else None)
        assert line.cost_usd_known == sum(known)


@settings(max_examples=60, deadline=None)
@given(entries=st.lists(ENTRY, max_size=12), by=st.sampled_from([(), ("model",)]))
def test_the_bills_of_attempts_add_up_to_the_bill_of_the_ledger(
    entries: list[LedgerEntry], by: tuple[Column, ...]
) -> None:
    models = {"a": "m", "b": "n", "c": "m"}
    entries = [e.model_copy(update={"model": models[e.attempt]}) for e in entries]
    assert add_lines(bill(entries, by=("attempt",)), by) == bill(entries, by)
    phases = add_lines(bill(entries, by=("attempt", "phase")), ("model", "phase"))
    whole = {(line.model, line.phase): line for line in bill(entries, by=("model", "phase"))}
    assert {(line.model, line.phase): line for line in phases} == whole
