"""A report from what was kept of the same records is the report made anew."""

import numpy as np
from test_stats_report import CATALOG, RECORDS

from tests.stats.made_records import make_solved
from tina_bench.stats.cache import RecordCache
from tina_bench.stats.comparisons.all_pairs import compare_all
from tina_bench.stats.report import build_report


class Memory:
    """Keeps everything, and counts what had to be made."""

    def __init__(self):
        self.values = {}
        self.made = []

    def get(self, kind, key, make):
        name = f"{kind} {key}"
        if name not in self.values:
            self.values[name] = make()
            self.made.append(kind)
        return self.values[name]


def known(memory, records, names=None):
    keys = [(record.model, record.task) for record in records]
    return RecordCache(memory, dict(zip(keys, names or map(str, range(len(keys))), strict=True)))


def test_the_report_is_the_same_with_and_without_and_the_second_time():
    memory = Memory()
    plain = build_report(CATALOG, RECORDS)
    for _ in range(2):
        assert build_report(CATALOG, RECORDS, known(memory, RECORDS)) == plain
    assert memory.made.count("estimate") == len(RECORDS)
    assert memory.made.count("outcome") == 2
    assert memory.made.count("comparison") == len(plain.comparisons)


def test_pairs_are_the_same_with_and_without_and_the_second_time():
    memory = Memory()
    plain = compare_all(RECORDS)
    for _ in range(2):
        assert compare_all(RECORDS, known=known(memory, RECORDS)) == plain
    assert memory.made.count("pairs") == len(plain)


def test_one_model_measured_anew_leaves_the_tests_of_the_other_pairs_as_they_are():
    rng = np.random.default_rng(3)
    models, tasks = ("a", "b", "c", "d"), ("x", "y")
    records = [
        make_solved(rng.integers(0, 5, 12), k=4, model=model, task=task)
        for model in models
        for task in tasks
    ]
    memory = Memory()
    compare_all(records, known=known(memory, records))
    assert memory.made.count("pair") == 6
    memory.made.clear()
    changed = [make_solved([1] * 12, k=4, model="a", task="x"), *records[1:]]
    names = ["other", *map(str, range(1, len(records)))]
    assert compare_all(changed, known=known(memory, changed, names)) == compare_all(changed)
    assert memory.made.count("pair") == 3


def test_a_record_with_other_bytes_is_worked_out_anew_and_the_others_are_not():
    memory = Memory()
    build_report(CATALOG, RECORDS, known(memory, RECORDS))
    memory.made.clear()
    changed = [make_solved([1, 1, 1], k=1, model="tina"), *RECORDS[1:]]
    names = ["other", *map(str, range(1, len(RECORDS)))]
    again = build_report(CATALOG, changed, known(memory, changed, names))
    assert again == build_report(CATALOG, changed)
    assert memory.made.count("estimate") == 1


def test_a_record_whose_bytes_have_no_name_is_always_worked_out():
    memory = Memory()
    assert build_report(CATALOG, RECORDS, RecordCache(memory)) == build_report(CATALOG, RECORDS)
    assert memory.made == []
