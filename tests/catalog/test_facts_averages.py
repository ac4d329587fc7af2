"""Printed averages in the catalog are the facts', and follow from the cells beside them."""

import pytest

from tests.catalog.facts import (
    BASE,
    CATALOG,
    CLAIMS,
    FIVE,
    MODELS,
    SIX,
    V1,
    WHO,
    facts,
    standing_for,
)
from tina_bench.catalog.published import AverageClaim


def average(name: str, tasks: tuple[str, ...] | None = SIX) -> AverageClaim:
    found = CATALOG.averages[name]
    assert found.tasks == tasks
    return found


def printed_averages() -> dict[str, tuple[float, int, int | None, float | None]]:
    """Name of the average in the catalog, and what the facts print."""
    made: dict[str, tuple[float, int, int | None, float | None]] = {}
    for section in ("v1_baselines", "v1_tina_main", "v1_ablation"):
        for row in facts()[section]:
            model = standing_for(row) if section == "v1_ablation" else MODELS[row["name"]]
            made[f"tina-v1-{model}-average"] = (row["avg"], 2, 1, None)
    for row, model in zip(
        facts()["later_version_ablation"],
        ("tina-open-rs3", "tina-open-rs3-long-completion", "tina-open-rs3-format"),
        strict=True,
    ):
        made[f"tina-iclr2026-{model}-average"] = (row["avg"], 2, None, None)
    for row in facts()["resa_paper_rows"]:
        made[f"resa-{MODELS[row['name']]}-average"] = (row["avg"], 2, None, None)
    for row in facts()["tina_author_earlier_reeval"]:
        made[f"tina-author-2025-04-01-{MODELS[row['name']]}-average"] = (row["avg"], 2, 1, None)
    for section, start, runs in (
        ("third_party_reproduction", "third-party", 5),
        ("third_party_single_run", "third-party-single", 1),
    ):
        for row in facts()[section]:
            model = MODELS[row["name"]].removeprefix("third-party-")
            made[f"{start}-{model}-average"] = (row["avg"], 2, runs, row.get("avg_std"))
    for row in facts()["author_claims"]:
        start = WHO[row["claimant"]][0].lower().replace(" ", "-")
        _, runs, decimals = WHO[row["claimant"]]
        name = f"{start}-{MODELS[row['model']]}-average"
        if "avg5" in row:
            made[name] = (row["avg5"], decimals, runs, None)
        if "avg4" in row:
            made[name] = (row["avg4"], decimals, None, None)
    return made


def test_every_printed_average_is_in_the_catalog_and_no_other() -> None:
    assert {
        name: (claim.value_percent, claim.decimals, claim.runs, claim.spread_points)
        for name, claim in CATALOG.averages.items()
    } == printed_averages()


def test_averages_that_are_printed_again_say_where() -> None:
    figure = {
        "STILL-3": "still-3-1.5b", "DeepScaleR": "deepscaler-1.5b", "Open-RS1": "open-rs1",
        "Open-RS2": "open-rs2", "Open-RS3": "open-rs3", "Tina (best, Open-RS2)": "tina-open-rs2",
    }  # fmt: skip
    for row in facts()["v1_figure1"]:
        claim = average(f"tina-v1-{figure[row['name']]}-average")
        assert claim.value_percent == row["perf_avg"]
        assert f"{V1}Figure 1, {row['name']}" in claim.also_in
    for row in facts()["v1_tina_main"]:
        place = f"{V1}Table 3, baseline column of {row['name']}"
        (claim,) = [c for c in CATALOG.averages.values() if place in c.also_in]
        assert claim.value_percent == row["baseline_avg"]
    for row in facts()["v1_ablation"]:
        if "same_row_as" in row:
            place = f"{V1}Table 4, group {row['group']}, row {row['name']}"
            assert place in average(f"tina-v1-{standing_for(row)}-average").also_in
    for row in facts()["third_party_reproduction"]:
        name = f"third-party-{MODELS[row['name']].removeprefix('third-party-')}-average"
        assert list(average(name).per_run_percent) == row["per_seed_avg"]


WITHOUT_CELLS = {
    "tina-iclr2026-tina-open-rs3-average",
    "tina-iclr2026-tina-open-rs3-long-completion-average",
    "tina-iclr2026-tina-open-rs3-format-average",
    "still-3-authors-still-3-1.5b-average",
    f"still-3-authors-{BASE}-average",
}
"""No cells are known, or they are of benchmarks that are no tasks here."""
WRONG_AVERAGES: set[str] = set()
"""Printed averages that do not follow from the cells beside them: none was found."""


def test_the_printed_averages_follow_from_the_cells() -> None:
    wrong = set()
    for name, claim in CATALOG.averages.items():
        cells = [
            c
            for c in CLAIMS.values()
            if (c.who, c.model, c.source) == (claim.who, claim.model, claim.source)
        ]
        if name in WITHOUT_CELLS:
            assert not cells or claim.tasks is None
            continue
        assert claim.tasks is not None
        assert sorted(c.task for c in cells) == sorted(claim.tasks)
        mean = sum(c.value_percent for c in cells) / len(cells)
        # Each cell and the average are rounded: half a unit of the last digit on either side.
        slack = 0.5 * 10**-claim.decimals + 0.5 * 10 ** -cells[0].decimals + 1e-9
        if abs(mean - claim.value_percent) > slack:
            wrong.add(name)
    assert wrong == WRONG_AVERAGES


def test_the_average_of_four_follows_from_what_stands_under_other_scores() -> None:
    for model in ("still-3-1.5b", BASE):
        start = f"still-3-authors-{model}-"
        others = [s.value_percent for n, s in CATALOG.other_scores.items() if n.startswith(start)]
        mean = (sum(others) + CLAIMS[f"{start}aime24"].value_percent) / 4
        assert mean == pytest.approx(CATALOG.averages[f"{start}average"].value_percent, abs=0.0101)
        assert "MATH, OMNI and LiveAOPS" in CATALOG.averages[f"{start}average"].note


def test_the_average_of_five_names_its_tasks() -> None:
    fives = [claim for claim in CATALOG.averages.values() if claim.tasks == FIVE]
    assert len(fives) == sum("avg5" in row for row in facts()["author_claims"]) == 7
