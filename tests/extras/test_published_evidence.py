"""What others measured is what the facts say of it: by seed, by problem, score by score."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.catalog.facts import SIX, facts
from tests.catalog.test_facts_evidence import percents

pytestmark = pytest.mark.extra
NAMES = {
    "r1-distill-qwen-1.5b": "R1-Distill-Qwen-1.5B",
    "own-tina-open-rs3-repo-default-ckpt500": "own Tina-Open-RS3 repo default ckpt-500 (G=6)",
    "own-tina-open-rs3-ckpt500": "own Tina-Open-RS3 ckpt-500 (G=4)",
    "own-tina-open-rs2-ckpt450": "own Tina-Open-RS2 ckpt-450",
    "own-tina-limr-ckpt180": "own Tina-LIMR ckpt-180",
}
NO_TEST_SET = {"math(500?)", "aime25 part I", "gpqa (set not said)", "math (set not said)",
               "aime (year not said)", "amc"}  # fmt: skip
OTHER_TEST_SET = {("thunlp/JustRL", "olympiadbench"), ("ProRL", "amc23")}
"""Source and task whose digits show another test set: facts.md, section 1.9."""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_run_of_the_third_party_is_in_the_facts_and_no_other(
    published_evidence: Path,
) -> None:
    runs: dict[tuple[str, str], dict[int, int]] = {}
    for row in rows(published_evidence / "per_seed.csv"):
        seeds = runs.setdefault((NAMES[row["model"]], row["task"]), {})
        seeds[int(row["seed"])] = int(row["correct"])
    theirs = {cell: [seeds[seed] for seed in range(5)] for cell, seeds in runs.items()}
    ours = {(row["name"], task): row[task] for row in facts()["third_party_seeds"] for task in SIX}
    assert theirs == ours
    for row in rows(published_evidence / "per_task.csv"):
        assert sum(ours[NAMES[row["model"]], row["task"]]) == int(row["correct"])


def test_answers_by_problem_are_in_the_facts(published_evidence: Path) -> None:
    found = rows(published_evidence / "aime24_per_problem.csv")
    base, own = (row["aime24_of_5"] for row in facts()["third_party_problems"])
    assert [int(row["base_correct_of_5"]) for row in found] == base
    assert [int(row["own_tina_open_rs3_ckpt500_correct_of_5"]) for row in found] == own
    order = {
        int(row["doubt_q"]): int(row["hf_row"])
        for row in rows(published_evidence / "aime24_r1distill15b_two_measurers.csv")
    }
    for name, runs in (("newlim_16", 16), ("combined", 4)):
        path = published_evidence / "doubt-injection" / f"results_per_doubtprob_aime_{name}.json"
        plain = {int(q): d["0.6"]["0.0"] for q, d in json.loads(path.read_text()).items()}
        assert {of for _, of in plain.values()} == {runs}
        by_row = {order[q]: right for q, (right, _) in plain.items()}
        (row,) = [r for r in facts()["further_score"] if path.name in r["source"]]
        assert row["correct_by_problem"] == [by_row[index] for index in range(30)]


def test_every_further_score_is_in_the_facts_or_left_out_for_its_test_set(
    published_evidence: Path,
) -> None:
    theirs: Counter[tuple[str, float]] = Counter()
    source = ""
    for row in rows(published_evidence / "new_claims.csv"):
        source = source if row["source"].startswith("same") else row["source"]
        tasks = row["task"].split(" / ")
        printed = row["printed"].split(" / ") if len(tasks) > 1 else [row["printed"]]
        for task, value in zip(tasks, printed, strict=True):
            other = any(source.startswith(s) and task == t for s, t in OTHER_TEST_SET)
            if task not in NO_TEST_SET and not other:
                theirs.update((task, one) for one in percents(value))
    ours = Counter(
        (row["task"], one) for row in facts()["further_score"] for one in percents(row["printed"])
    )
    assert theirs == ours
