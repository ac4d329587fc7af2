"""Published costs and prices in the catalog are the facts', row by row, in both directions."""

import datetime
import re
from typing import Any

import pytest

from tests.catalog.facts import CATALOG, facts, prose
from tina_bench.catalog.published import CostClaim
from tina_bench.catalog.schema import Confidence, Price

ROWS = {
    "Tina-STILL-3": "tina-still-3",
    "Tina-DeepScaleR": "tina-deepscaler",
    "Tina-Open-RS1": "tina-open-rs1",
    "Tina-Open-RS2": "tina-open-rs2",
    "Tina-Open-RS3": "tina-open-rs3",
    "OpenThoughts": "tina-openthoughts",
    "OpenR1": "tina-openr1",
    "LIMR": "tina-limr",
    "DrGRPO": "tina-open-rs3-drgrpo",
}
FIGURE = {
    "STILL-3": "still-3-1.5b",
    "DeepScaleR": "deepscaler-1.5b",
    "Open-RS1": "open-rs1",
    "Open-RS2": "open-rs2",
    "Open-RS3": "open-rs3",
    "Tina (best, Open-RS2)": "tina-open-rs2",
}
PAPERS = {"DeepScaleR-1.5B-Preview": "deepscaler-1.5b", "STILL-3-1.5B-preview": "still-3-1.5b"}


def of_source(words: str) -> dict[str, CostClaim]:
    """The costs of that source, by title."""
    found = [claim for claim in CATALOG.costs.values() if words in claim.source]
    by_title = {claim.title: claim for claim in found}
    assert len(by_title) == len(found)
    return by_title


def test_the_paper_s_cost_table_is_in_the_catalog_and_nothing_else_of_it() -> None:
    assert {
        title: (c.train_usd, c.eval_usd, c.total_usd, c.kind, c.model, c.confidence)
        for title, c in of_source("v1 (arXiv 2504.15777v1), Table 1").items()
    } == {
        row["name"]: (
            row["train_usd"], row["eval_usd"], row["total_usd"], row["kind"],
            ROWS.get(row["name"]), Confidence.READ,
        )
        for row in facts()["v1_cost"]
    }  # fmt: skip


def test_the_rows_of_the_cost_table_add_up_to_its_total() -> None:
    table = of_source("v1 (arXiv 2504.15777v1), Table 1")
    rows = [claim for claim in table.values() if claim.kind == "row"]
    assert len(rows) == 12
    total = table["Total: all tasks"]
    for key in ("train_usd", "eval_usd", "total_usd"):
        assert sum(getattr(row, key) for row in rows) == getattr(total, key)


def test_a_row_s_parts_add_up_and_the_one_that_contradicts_another_says_so() -> None:
    table = of_source("v1 (arXiv 2504.15777v1), Table 1")
    for claim in table.values():
        assert (claim.train_usd or 0) + (claim.eval_usd or 0) == claim.total_usd
    all_checkpoints = table["All checkpoints in best-performance task"]
    row = table["Tina-Open-RS2"]
    assert (all_checkpoints.total_usd, row.total_usd) == (31, 32)
    assert "14 / 17 / 31 as printed" in all_checkpoints.note
    assert "15 / 17 / 32" in all_checkpoints.note


def test_the_figure_s_costs_are_in_the_catalog() -> None:
    assert {
        title: (c.model, c.hours, c.total_usd, c.data) for title, c in of_source("Figure 1").items()
    } == {
        row["name"]: (FIGURE[row["name"]], row["hours"], row["compute_usd"], f"{row['data_k']}k")
        for row in facts()["v1_figure1"]
    }


def test_the_later_version_s_costs_are_in_the_catalog() -> None:
    row = facts()["later_version_cost"]
    found = of_source("ICLR 2026 version")
    assert {title: claim.total_usd for title, claim in found.items()} == {
        "All experiments": row["total_all_experiments_usd"],
        "All experiments of v1": row["v1_total_usd"],
        "Best checkpoint": row["best_checkpoint_usd"],
    }
    assert {claim.confidence for claim in found.values()} == {Confidence.SECONDARY}


def test_the_baselines_costs_are_in_the_catalog_with_the_price_that_follows_from_them() -> None:
    found = of_source("Open-RS paper, Table 4")
    rows = facts()["baseline_cost"]
    assert len(found) == len(rows)
    for row in rows:
        claim = found[row["name"]]
        assert claim.model == PAPERS.get(row["name"])
        assert (claim.hardware, claim.gpu_count, claim.hours, claim.data, claim.total_usd) == (
            row["hardware"], row["gpus"], row["hours"], row["data"], row["usd"],
        )  # fmt: skip
        assert claim.price_usd_per_gpu_hour == row["usd_per_gpu_hour_derived"]
        derived = row["usd"] / row["hours"] / row["gpus"]
        assert claim.price_usd_per_gpu_hour == pytest.approx(derived, abs=5e-5)
        assert "derived" in claim.note


def test_deepscaler_s_authors_own_figures_stand_beside_those_that_they_conflict_with() -> None:
    claim = CATALOG.costs["deepscaler-authors"]
    (line,) = [line for line in prose().splitlines() if "3,800 A100-hours and $4,500" in line]
    assert "$1.18/h" in line
    assert (claim.hours, claim.total_usd, claim.price_usd_per_gpu_hour) == (3800, 4500, 1.18)
    assert "conflicts" in claim.note


def test_how_the_authors_count_is_in_the_catalog() -> None:
    row = facts()["cost_method"]
    claim = CATALOG.costs["tina-method"]
    assert claim.kind == "method"
    assert (claim.gpu_count, claim.hardware, claim.price_usd_per_gpu_hour) == (
        row["gpus"], row["gpu"], row["usd_per_gpu_hour"],
    )  # fmt: skip
    for words in (row["provider"], row["provider_url"], f"{row['includes_storage_gb']} GB"):
        assert words in claim.note
    assert "3629 / 14 = 259.2" in claim.note
    assert "259.2" in row["ratio_260x_derived"]


def test_every_cost_of_the_catalog_belongs_to_one_of_these_sources() -> None:
    sources = (
        "Table 1;", "Figure 1;", "ICLR 2026 version", "Open-RS paper, Table 4", "DeepScaleR blog",
        "besthub.dev",
    )  # fmt: skip
    counted = [sum(words in c.source for words in sources) for c in CATALOG.costs.values()]
    assert set(counted) == {1}
    assert len(counted) == len(facts()["v1_cost"]) + len(facts()["v1_figure1"]) + 3 + 3 + 1 + 1


# ---- prices

SHORT = {
    "L40S": "l40s", "L40": "l40", "RTX 6000 Ada": "rtx-6000-ada", "A6000": "rtx-a6000",
    "RTX A6000": "rtx-a6000", "A40": "a40", "H100": "h100", "H100 PCIe": "h100-pcie",
    "H100 SXM": "h100-sxm", "H100 SXM5": "h100-sxm", "A100 40GB": "a100-40gb",
    "A100 80GB": "a100-80gb", "A100 80GB PCIe": "a100-80gb-pcie",
    "A100 80GB SXM": "a100-80gb-sxm",
}  # fmt: skip
OURS = {"github-linux-2-core", "tina-paper"}
"""Prices that are in no table of the facts."""


def _date(text: str) -> datetime.date | None:
    if not re.fullmatch(r"\d{4}-\d\d(-\d\d)?", text):
        return None
    return datetime.date.fromisoformat(text if text.count("-") == 2 else f"{text}-01")


def _key(price: Price) -> tuple[Any, ...]:
    return (price.gpu, price.provider, price.kind, price.price_usd_per_hour, price.date)


def test_every_gpu_price_of_the_facts_is_in_the_catalog_and_no_other() -> None:
    expected, sources = {}, {}
    for row in facts()["gpu_price"]:
        for gpu in row["gpu"].split(" / "):
            key = (SHORT[gpu], row["provider"], row["kind"], row["usd_per_gpu_hour"],
                   _date(row["date"]))  # fmt: skip
            expected[*key, row["source"].split(", range")[0].split("; 3.99")[0]] = row
            sources[key] = row["source"]
    found = {n: p for n, p in CATALOG.prices.items() if n not in OURS}
    assert len(facts()["gpu_price"]) == 42
    assert len(expected) == len(found) == 45, "two rows are of several GPUs at one price"
    assert {(*_key(price), price.source) for price in found.values()} == set(expected)
    assert {price.billed_per for price in found.values()} == {"gpu"}


def test_a_price_says_what_is_doubtful_of_it() -> None:
    for name, price in CATALOG.prices.items():
        if "deploybase" in price.source:
            assert price.note.endswith("Doubtful: it disagrees with the other RunPod quotes.")
            assert "the day is not known" in price.note
        if price.date is None and name not in OURS:
            assert price.note.startswith(("Undated.", "The date of the commit is not known."))
        if "serverless" in price.provider.lower():
            per_second = price.price_usd_per_hour / 3600
            assert f"{per_second:.5f} US dollars a second" in price.note


def test_the_prices_that_stacks_and_people_know_by_name_are_still_there() -> None:
    for name in ("github-linux-2-core", "runpod-l40s", "tina-paper"):
        assert name in CATALOG.prices
    assert CATALOG.prices["runpod-l40s"].gpu == CATALOG.prices["tina-paper"].gpu == "l40s"
    assert (
        CATALOG.prices["tina-paper"].price_usd_per_hour
        == (facts()["cost_method"]["usd_per_gpu_hour"])
    )
