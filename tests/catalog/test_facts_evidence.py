"""Counted answers and further published scores are those of the facts, in both directions."""

from typing import Any

from tests.catalog.facts import BASE, CATALOG, CLAIMS, MODELS, SIX, facts
from tina_bench.catalog.published import Claim
from tina_bench.catalog.schema import Confidence


def percents(printed: str) -> list[float]:
    """What a source prints as `0.263`, `33.2%`, `29.17 (140 of 480)` or `0.818 / 0.82 / 0.826`."""
    values = []
    for word in printed.split(" (", maxsplit=1)[0].split(" / "):
        number = float(word.removesuffix("%"))
        share = number < 1 and not word.endswith("%")
        values.append(round(100 * number, 6) if share else number)
    return values


def sources() -> set[str]:
    return {row["source"].rpartition(" [")[0] for row in facts()["further_score"]}


def further() -> dict[tuple[Any, ...], Claim]:
    """Claims of the sources of `further_score`, by source, model, task and runs printed."""
    found = [claim for claim in CLAIMS.values() if claim.source in sources()]
    made = {
        (c.source, c.model, c.task, *(c.per_run_percent or (c.value_percent,))): c for c in found
    }
    assert len(made) == len(found)
    return made


def test_further_scores_are_in_the_catalog_and_nothing_else_of_their_sources() -> None:
    rows = {
        (
            row["source"].rpartition(" [")[0],
            row["model"],
            row["task"],
            *percents(row["printed"]),
        ): row
        for row in facts()["further_score"]
    }
    claims = further()
    assert len(rows) == len(facts()["further_score"]) == 110
    assert claims.keys() == rows.keys()
    for key, row in rows.items():
        claim = claims[key]
        printed = percents(row["printed"])
        assert abs(sum(printed) / len(printed) - claim.value_percent) <= 0.005
        assert (claim.who, claim.runs) == (row["who"], row.get("runs"))
        assert row["source"].endswith(f" [{claim.confidence}]")
        assert claim.max_new_tokens == row.get("max_new_tokens")
        assert claim.harness == row.get("harness", "")
        assert list(claim.correct_by_problem) == row.get("correct_by_problem", [])
        sampling = claim.sampling
        stated = claim.temperature if sampling is None else sampling.temperature
        assert stated == row.get("temperature")
        assert (sampling.top_p if sampling else None) == row.get("top_p")


def test_a_number_seen_second_hand_or_without_its_table_keeps_that_mark() -> None:
    marks: dict[str, int] = {}
    for claim in further().values():
        marks[claim.confidence] = marks.get(claim.confidence, 0) + 1
    assert marks == {
        "read": 49, "secondary": 22, "page": 13, "image": 11, "unread": 8, "thread": 7,
    }  # fmt: skip


def third_party() -> dict[tuple[str, str], Claim]:
    start = "third party, report of 2026-05-10"
    return {(c.model, c.task): c for c in CLAIMS.values() if c.who == start and c.correct_by_run}


def test_the_third_party_s_150_runs_are_in_the_catalog_seed_by_seed() -> None:
    expected = {
        (MODELS[row["name"]], task): tuple(row[task])
        for row in facts()["third_party_seeds"]
        for task in SIX
    }
    assert {cell: claim.correct_by_run for cell, claim in third_party().items()} == expected
    assert sum(len(runs) for runs in expected.values()) == 150
    counted = [c for c in CLAIMS.values() if c.correct_by_run]
    assert len(counted) == len(expected)
    for (_, task), claim in third_party().items():
        n = facts()["meta"]["n_items"][task]
        assert claim.per_run_percent == tuple(
            round(100 * right / n, 2) for right in claim.correct_by_run
        )


def test_the_printed_spread_of_the_third_party_is_that_of_its_seeds() -> None:
    for (_, task), claim in third_party().items():
        n = facts()["meta"]["n_items"][task]
        runs = [100 * right / n for right in claim.correct_by_run]
        mean = sum(runs) / len(runs)
        sd = (sum((run - mean) ** 2 for run in runs) / (len(runs) - 1)) ** 0.5
        assert claim.spread_points is not None
        assert abs(sd - claim.spread_points) <= 0.0051


def test_answers_by_problem_are_in_the_catalog_and_no_others() -> None:
    expected = {
        ("third party, report of 2026-05-10", MODELS[row["name"]]): [row["aime24_of_5"]]
        for row in facts()["third_party_problems"]
    }
    expected["doubt-injection author (stephen1cowley)", BASE] = [
        row["correct_by_problem"] for row in facts()["further_score"] if "correct_by_problem" in row
    ]
    found: dict[tuple[str, str], list[list[int]]] = {}
    for claim in CLAIMS.values():
        if claim.correct_by_problem:
            assert claim.task == "aime24"
            cell = found.setdefault((claim.who, claim.model), [])
            cell.append(list(claim.correct_by_problem))
    assert found == expected
    assert sorted(sum(counts) for counts in expected["doubt-injection author (stephen1cowley)",
                                                     BASE]) == [35, 140]  # fmt: skip


def test_what_others_trained_by_a_recipe_says_whose_recipe_it_is() -> None:
    trained = {n: m.retraining_of for n, m in CATALOG.models.items() if m.retraining_of is not None}
    assert trained == {
        "third-party-open-rs3-g4": "tina-open-rs3",
        "third-party-open-rs3-g6": "tina-open-rs3",
        "third-party-open-rs3": "tina-open-rs3",
        "third-party-open-rs2": "tina-open-rs2",
        "third-party-limr": "tina-limr",
        "lyf22034-open-rs2-rank-64": "tina-open-rs2",
    }


def test_exchanged_columns_and_one_figure_in_two_papers_are_marked() -> None:
    exchanged = {n for n, c in CLAIMS.items() if "exchanged" in c.note}
    assert exchanged == {"resa-ii-thought-1.5b-gpqa", "resa-ii-thought-1.5b-minerva"}
    equal = {c.who for c in CLAIMS.values() if "perhaps one measurement" in c.note}
    assert equal == {"JustRL authors", "ProRL authors"}
    assert {c.confidence for c in CLAIMS.values() if c.who == "ProRL authors"} == {
        Confidence.SECONDARY
    }
