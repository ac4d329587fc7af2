"""A report from the cache is the report computed anew."""

import numpy as np
from test_stats_report import CATALOG, RECORDS

from tests.stats.made_records import make_solved
from tina_bench.stats.cache import RecordCache
from tina_bench.stats.comparisons.all_pairs import compare_all
from tina_bench.stats.report import build_report


class Store:
    """Stores everything, and counts what was computed."""

    def __init__(self):
        self.values = {}
        self.computed = []

    def get(self, kind, key, make):
        name = f"{kind} {key}"
        if name not in self.values:
            self.values[name] = make()
            self.computed.append(kind)
        return self.values[name]


def record_cache(store, records, names=None):
    keys = [(record.model, record.task) for record in records]
    return RecordCache(store, dict(zip(keys, names or map(str, range(len(keys))), strict=True)))


def test_the_report_is_the_same_with_and_without_and_the_second_time():
    store = Store()
    plain = build_report(CATALOG, RECORDS)
    for _ in range(2):
        assert build_report(CATALOG, RECORDS, record_cache(store, RECORDS)) == plain
    assert store.computed.count("estimate") == len(RECORDS)
    assert store.computed.count("outcome") == 2
    assert store.computed.count("comparison") == len(plain.comparisons)


def test_pairs_are_the_same_with_and_without_and_the_second_time():
    store = Store()
    plain = compare_all(RECORDS)
    for _ in range(2):
        assert compare_all(RECORDS, cache=record_cache(store, RECORDS)) == plain
    assert store.computed.count("pairs") == len(plain)


def test_one_model_measured_anew_leaves_the_tests_of_the_other_pairs_as_they_are():
    rng = np.random.default_rng(3)
    models, tasks = ("a", "b", "c", "d"), ("x", "y")
    records = [
        make_solved(rng.integers(0, 5, 12), k=4, model=model, task=task)
        for model in models
        for task in tasks
    ]
    store = Store()
    compare_all(records, cache=record_cache(store, records))
    assert store.computed.count("pair") == 6
    store.computed.clear()
    changed = [make_solved([1] * 12, k=4, model="a", task="x"), *records[1:]]
    names = ["other", *map(str, range(1, len(records)))]
    assert compare_all(changed, cache=record_cache(store, changed, names)) == compare_all(changed)
    assert store.computed.count("pair") == 3


def test_a_record_with_other_bytes_is_computed_anew_and_the_others_are_not():
    store = Store()
    build_report(CATALOG, RECORDS, record_cache(store, RECORDS))
    store.computed.clear()
    changed = [make_solved([1, 1, 1], k=1, model="tina"), *RECORDS[1:]]
    names = ["other", *map(str, range(1, len(RECORDS)))]
    again = build_report(CATALOG, changed, record_cache(store, changed, names))
    assert again == build_report(CATALOG, changed)
    assert store.computed.count("estimate") == 1


def test_a_record_whose_bytes_have_no_name_is_always_computed():
    store = Store()
    assert build_report(CATALOG, RECORDS, RecordCache(store)) == build_report(CATALOG, RECORDS)
    assert store.computed == []
