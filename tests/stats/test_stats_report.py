import itertools

import pytest

from tests.stats.made_records import make_claim, make_solved, make_task
from tina_bench.catalog.schema import Catalog, Model
from tina_bench.errors import UsageError
from tina_bench.stats.report import build_report
from tina_bench.stats.types import Verdict


def make_model(base=None):
    kind = "base" if base is None else "adapter"
    return Model(title="m", kind=kind, family="f", source="hub", repo="a/b", base=base)


CATALOG = Catalog(
    models={"zero": make_model(), "tina": make_model("zero"), "alpha": make_model("zero")},
    tasks={"math": make_task(n=4), "aime": make_task(n=3)},
    claims={"late": make_claim(task="aime"), "early": make_claim(task="math", model="alpha")},
)
RECORDS = [
    make_solved([1, 1, 0], k=1, model="tina"),
    make_solved([1, 0, 0], k=1, model="zero"),
    make_solved([1, 1, 0, 0], k=1, model="tina", task="math"),
    make_solved([1, 1, 1, 0], k=1, model="zero", task="math"),
    make_solved([1, 1, 1, 0], k=1, model="alpha", task="math"),
    make_solved([1], k=1, model="mystery", task="zzz"),
    make_solved([1], k=1, model="mystery", task="aaa"),
    make_solved([1, 0, 0], k=1, model="bogus"),
]


def test_estimates_follow_the_catalog_and_the_unknown_come_last_by_name():
    made = build_report(CATALOG, RECORDS)
    assert [(e.model, e.task) for e in made.estimates] == [
        ("zero", "math"),
        ("zero", "aime"),
        ("tina", "math"),
        ("tina", "aime"),
        ("alpha", "math"),
        ("bogus", "aime"),
        ("mystery", "aaa"),
        ("mystery", "zzz"),
    ]


def test_each_adapter_is_compared_with_its_base_by_task_then_pooled():
    made = build_report(CATALOG, RECORDS)
    assert [(c.model_a, c.model_b, c.tasks) for c in made.comparisons] == [
        ("tina", "zero", ("math",)),
        ("tina", "zero", ("aime",)),
        ("tina", "zero", ("aime", "math")),
        ("alpha", "zero", ("math",)),
    ]


def test_claims_are_judged_in_catalog_order():
    made = build_report(CATALOG, RECORDS)
    assert [j.claim for j in made.judgements] == ["late", "early"]
    assert Verdict.NOT_MEASURED not in {j.verdict for j in made.judgements}


def test_the_order_of_records_changes_nothing():
    made = build_report(CATALOG, RECORDS)
    for order in itertools.islice(itertools.permutations(RECORDS), 0, 40320, 5039):
        assert build_report(CATALOG, order) == made


def test_no_records_make_a_report_of_claims_not_measured():
    made = build_report(CATALOG, [])
    assert made.estimates == made.comparisons == ()
    assert {j.verdict for j in made.judgements} == {Verdict.NOT_MEASURED}


def test_two_records_of_a_cell_are_refused():
    with pytest.raises(UsageError, match="two records of tina on aime"):
        build_report(CATALOG, [*RECORDS, RECORDS[0].model_copy()])
