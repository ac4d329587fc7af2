"""Every published score in the catalog is that of the facts, cell by cell, in both directions."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.catalog.facts import (
    BASE,
    CATALOG,
    CLAIMS,
    MODELS,
    SIX,
    V1,
    WHO,
    facts,
    prose,
    sober,
    standing_for,
)
from tina_bench.catalog.published import Claim
from tina_bench.catalog.schema import Confidence

ModelTask = tuple[str, str]
"""Model and task."""
SOBER_TASKS = ("aime24", "aime25", "amc23", "math500", "minerva", "olympiadbench")
THREADS = {
    "thread-open-rs-issue-6-l40-aime24": ("knoveleng/open-rs #6", "RS3 AIME24 23.3 on 1×L40"),
    "thread-open-rs-issue-6-a40-aime24": ("knoveleng/open-rs #6", "46.7 on 1×A40"),
    "thread-rllm-issue-12-n16-aime24": ("rllm #12", "41.0/40.7/41.4 at n = 16/32/64"),
    "thread-rllm-issue-12-n32-aime24": ("rllm #12", "41.0/40.7/41.4 at n = 16/32/64"),
    "thread-rllm-issue-12-n64-aime24": ("rllm #12", "41.0/40.7/41.4 at n = 16/32/64"),
    "thread-slow-thinking-issue-22-n16-aime24": ("Slow_Thinking) #22", "32.71 (n 16, 32k)"),
    "thread-slow-thinking-issue-22-n5-aime24": ("Slow_Thinking) #22", "36.67 (n 5)"),
    "thread-open-r1-issue-97-aime24": ("open-r1 #97", "1.5B AIME24 30.0"),
    "sober-internal-qwen2.5-math-1.5b-aime24": ("internal A100", "7.3±3.8 vs 11.3±3.6"),
}
"""Claims that stand in facts.md only: the row that they are in, and its words."""


def of_source(start: str) -> dict[ModelTask, Claim]:
    """The claims whose source begins so, by cell."""
    found = [claim for claim in CLAIMS.values() if claim.source.startswith(start)]
    cells = {(claim.model, claim.task): claim for claim in found}
    assert len(cells) == len(found), f"a cell of {start} is claimed twice"
    return cells


def shown(claims: dict[ModelTask, Claim]) -> dict[ModelTask, tuple[Any, ...]]:
    return {
        cell: (claim.value_percent, claim.decimals, claim.runs, claim.spread_points)
        for cell, claim in claims.items()
    }


def single_runs(section: str) -> dict[ModelTask, tuple[Any, ...]]:
    """Rows of single values, two digits printed, one run behind each."""
    return {
        (MODELS[row["name"]], task): (row[task], 2, 1, None)
        for row in facts()[section]
        if "same_row_as" not in row
        for task in SIX
    }


@pytest.mark.parametrize(
    ("section", "source"),
    [
        ("v1_baselines", f"{V1}Table 2"),
        ("v1_tina_main", f"{V1}Table 3"),
        ("v1_ablation", f"{V1}Table 4"),
        ("tina_author_earlier_reeval", "knoveleng/open-rs issue #11"),
    ],
)
def test_a_table_of_single_runs_is_in_the_catalog_and_nothing_else_of_it(
    section: str, source: str
) -> None:
    assert shown(of_source(source)) == single_runs(section)


def test_a_row_that_is_printed_again_is_one_claim_that_says_where() -> None:
    again = [row for row in facts()["v1_ablation"] if "same_row_as" in row]
    said = {(claim.model, place) for claim in CLAIMS.values() for place in claim.also_in}
    expected = set()
    for row in again:
        place = f"{V1}Table 4, group {row['group']}, row {row['name']}"
        expected.add((standing_for(row), place))
        for task in SIX:
            (claim,) = [c for c in CLAIMS.values() if c.task == task and place in c.also_in]
            assert claim.value_percent == row[task]
    assert said == expected


def test_tina_rows_say_that_they_were_picked_and_baselines_do_not() -> None:
    for claim in CLAIMS.values():
        if claim.source.startswith((f"{V1}Table 3", f"{V1}Table 4")):
            assert (claim.best_of == 17) == (claim.model in {
                "tina-open-rs2", "tina-open-rs3", "tina-open-rs3-drgrpo",
            })  # fmt: skip
            assert claim.note
        elif claim.source.startswith(V1):
            assert claim.best_of is None


def test_the_rows_of_the_resa_paper_are_exchanged_back_and_say_so() -> None:
    expected = {
        (MODELS[row["name"]], task): (row[task], 2, None, None)
        for row in facts()["resa_paper_rows"]
        for task in SIX
    }
    claims = of_source("Resa paper")
    assert shown(claims) == expected
    exchanged = {cell for cell, claim in claims.items() if "exchanged" in claim.note}
    assert exchanged == {("ii-thought-1.5b", "gpqa"), ("ii-thought-1.5b", "minerva")}


BENCHMARKS = {"livecodebench": "LiveCodeBench", "math": "MATH", "omni": "OMNI",
              "liveaops": "LiveAOPS"}  # fmt: skip
NO_CELLS = {"claimant", "model", "source", "samples", "step", "avg4", "avg5"}


def author_cells() -> Iterator[tuple[dict[str, Any], str, str, float]]:
    for row in facts()["author_claims"]:
        for key in row.keys() - NO_CELLS:
            yield row, WHO[row["claimant"]][0], key, row[key]


def test_what_authors_claim_of_their_models_is_in_the_catalog_and_nothing_else_of_it() -> None:
    expected, elsewhere = {}, {}
    for row, who, key, value in author_cells():
        _, runs, decimals = WHO[row["claimant"]]
        if row["model"] == "FastCuRL-1.5B-V3":
            runs = None
        runs = row.get("samples", {}).get(key, runs)
        model = MODELS[row["model"]]
        if key in BENCHMARKS:
            known = runs if key == "math" or "samples" in row else None
            elsewhere[who, model, BENCHMARKS[key]] = (value, decimals, known)
        else:
            expected[who, model, key] = (value, decimals, runs, None)
    authors = {who for who, _, _ in WHO.values()}
    actual = {
        (claim.who, claim.model, claim.task): shown({("", ""): claim})["", ""]
        for name, claim in CLAIMS.items()
        if claim.who in authors and "logs/evals" not in claim.source
    }
    assert actual == expected
    assert elsewhere == {
        (score.who, score.model, score.benchmark): (score.value_percent, score.decimals, score.runs)
        for score in CATALOG.other_scores.values()
    }


def test_open_rs_authors_claims_say_out_of_how_many_checkpoints_they_were_picked() -> None:
    logged: dict[int, list[int]] = {}
    for row in facts()["open_rs_checkpoint_log"]:
        logged.setdefault(row["experiment"], []).append(row["step"])
    for experiment, model in ((1, "open-rs1"), (2, "open-rs2"), (3, "open-rs3")):
        claims = [
            c for n, c in CLAIMS.items() if n.startswith("open-rs-authors") and c.model == model
        ]
        assert len(claims) == 5
        assert {claim.best_of for claim in claims} == {len(logged[experiment])}
        (step,) = {row["step"] for row in facts()["author_claims"] if MODELS[row["model"]] == model}
        assert all(f"Experiment {experiment}, step {step};" in claim.note for claim in claims)


def test_the_open_rs_checkpoint_log_is_in_the_catalog_and_nothing_else_of_it() -> None:
    expected = {
        (f"openrs-grpo-exp{row['experiment']}-step{row['step']}", task): (row[task], 2, 1, None)
        for row in facts()["open_rs_checkpoint_log"]
        for task in ("aime24", "math500", "amc23")
    }
    assert shown(of_source("knoveleng/open-rs at 2889c47")) == expected


def test_the_third_party_s_seeds_and_single_runs_are_in_the_catalog() -> None:
    start = "report of 2026-05-10"
    claims = {n: c for n, c in CLAIMS.items() if c.source.startswith(start)}
    single = {(c.model, c.task): c for c in claims.values() if c.source.endswith("single runs")}
    seeds = {(c.model, c.task): c for c in claims.values() if not c.source.endswith("single runs")}
    assert len(single) + len(seeds) == len(claims)
    assert shown(single) == single_runs("third_party_single_run")
    assert shown(seeds) == {
        (MODELS[row["name"]], task): (row[task][0], 2, row["n_seeds"], row[task][1])
        for row in facts()["third_party_reproduction"]
        for task in SIX
    }
    (row,) = [r for r in facts()["third_party_reproduction"] if MODELS[r["name"]] == BASE]
    by_seed = tuple(float(word) for word in row["note"].split("AIME24")[1].split())
    assert seeds[BASE, "aime24"].per_run_percent == by_seed


def test_the_64_runs_of_the_base_are_in_the_catalog() -> None:
    row = facts()["base_model_64_runs"]
    claims = of_source("arXiv 2506.04734v2")
    assert shown(claims) == {
        (BASE, task): (value, 1, 64, None) for task, value in row["mean"].items()
    }
    assert {task: list(c.range_percent or ()) for (_, task), c in claims.items()} == (
        row["single_run_range"]
    )


def test_what_only_the_prose_says_stands_there_word_for_word() -> None:
    lines = prose().splitlines()
    for name, (row, words) in THREADS.items():
        (line,) = [line for line in lines if row in line and words in line]
        assert words in line
        value = f"{CLAIMS[name].value_percent:.{CLAIMS[name].decimals}f}"
        assert value in words
        assert CLAIMS[name].confidence in {Confidence.THREAD, Confidence.PAGE}


def sober_cells(row: dict[str, Any]) -> dict[ModelTask, tuple[Any, ...]]:
    """Mean and spread over ten seeds of a small set, three of a large one."""
    name = row["name"].removeprefix("DeepSeek-").replace("FastCurl", "FastCuRL").split(" (")[0]
    by_title = {model.title: key for key, model in CATALOG.models.items()}
    model = MODELS.get(name) or by_title[name]
    return {
        (model, task): (row[task][0], 1, 10 if task in ("aime24", "aime25", "amc23") else 3,
                        row[task][1])
        for task in SOBER_TASKS
    }  # fmt: skip


def test_a_sober_look_s_leaderboard_is_in_the_catalog_cell_by_cell() -> None:
    claims = {(c.model, c.task): c for n, c in CLAIMS.items() if "data.json" in c.source}
    expected: dict[ModelTask, tuple[Any, ...]] = {}
    for row in sober():
        expected |= sober_cells(row)
    assert len(expected) == len(sober()) * len(SOBER_TASKS) == 180
    assert shown(claims) == expected
    for effort in ("Sky-T1", "SimpleRL", "PRIME", "STILL", "DeepScaleR"):
        assert any(effort in CATALOG.models[model].title for model, _ in claims)


def test_its_first_version_is_in_the_catalog_where_it_differs() -> None:
    (row,) = (row for row in facts()["sober_reasoning"] if "April" in row["name"])
    assert shown(of_source("A Sober Look v1")) == sober_cells(row)


def test_every_claim_of_the_catalog_belongs_to_one_of_these_sources() -> None:
    starts = (
        f"{V1}Table 2", f"{V1}Table 3", f"{V1}Table 4", "knoveleng/open-rs issue #11",
        "Resa paper", "knoveleng/open-rs at 2889c47", "report of 2026-05-10",
        "arXiv 2506.04734v2", "A Sober Look (arXiv 2504.07086); data.json", "A Sober Look v1",
    )  # fmt: skip
    authors = {who for who, _, _ in WHO.values()}
    further = {row["source"].rpartition(" [")[0] for row in facts()["further_score"]}
    left = {
        name
        for name, claim in CLAIMS.items()
        if not claim.source.startswith(starts)
        and claim.who not in authors
        and claim.source not in further
    }
    assert left == set(THREADS)


def test_sampling_is_stated_only_where_the_source_states_it() -> None:
    """0.6 and 0.95 everywhere: section 5, the STILL-3 README, eval.sh of Open-RS, section 1.8."""
    stated = (V1, "knoveleng/open-rs issue #11", "knoveleng/open-rs at 2889c47",
              "report of 2026-05-10")  # fmt: skip
    for name, claim in CLAIMS.items():
        knows = claim.source.startswith(stated) or claim.who == "STILL-3 authors"
        knows |= claim.who in ("Open-RS authors", "doubt-injection author (stephen1cowley)")
        assert (claim.sampling is not None) == knows, name
        if claim.sampling is not None:
            assert (claim.sampling.temperature, claim.sampling.top_p) == (0.6, 0.95), name


def test_a_figure_s_confidence_is_the_facts_own() -> None:
    tags = {"v1_baselines": Confidence.READ, "resa_paper_rows": Confidence.SECONDARY,
            "tina_author_earlier_reeval": Confidence.THREAD,
            "third_party_reproduction": Confidence.PAGE}  # fmt: skip
    for section, tag in tags.items():
        assert all(f"[{tag}]" in row["source"] for row in facts()[section])
    expected = {
        V1: Confidence.READ, "Resa paper": Confidence.SECONDARY, "A Sober Look v1": Confidence.READ,
        "knoveleng/open-rs issue #11": Confidence.THREAD, "arXiv 2506.04734v2": Confidence.PAGE,
        "knoveleng/open-rs at 2889c47": Confidence.READ, "report of 2026-05-10": Confidence.PAGE,
    }  # fmt: skip
    for start, confidence in expected.items():
        assert {c.confidence for c in CLAIMS.values() if c.source.startswith(start)} == {confidence}
    for row, who, key, value in author_cells():
        if key not in BENCHMARKS:
            (claim,) = [
                c
                for c in CLAIMS.values()
                if (c.who, c.model, c.task) == (who, MODELS[row["model"]], key)
                and "logs/evals" not in c.source
            ]
            assert f"[{claim.confidence}]" in row["source"], (who, key, value)


NO_WHOLE_NUMBER = {"resa-ii-thought-1.5b-gpqa"}
"""31.90 is no multiple of 1/198."""


def test_a_single_run_is_a_whole_number_of_problems_but_where_the_note_says_no() -> None:
    odd = set()
    for name, claim in CLAIMS.items():
        if claim.runs == 1 or name.startswith("resa-"):
            n = facts()["meta"]["n_items"][claim.task]
            assert n == CATALOG.tasks[claim.task].n_problems
            correct = round(claim.value_percent * n / 100)
            if round(100 * correct / n, claim.decimals) != claim.value_percent:
                odd.add(name)
                assert f"no multiple of 1/{n}" in claim.note
    assert odd == NO_WHOLE_NUMBER
