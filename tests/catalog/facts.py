"""The facts of docs/facts, and which catalog model each of their names stands for."""

import tomllib
from functools import cache
from typing import Any

from tests.support.program import ROOT
from tina_bench.catalog.load import load_catalog

CATALOG = load_catalog()
FACTS = ROOT / "docs" / "facts"
SIX = ("aime24", "aime25", "amc23", "math500", "gpqa", "minerva")
FIVE = ("aime24", "math500", "amc23", "minerva", "olympiadbench")
BASE = "r1-distill-qwen-1.5b"

BASELINES = {
    "R1-Distill-Qwen-1.5B": BASE,
    "STILL-3-1.5B-preview": "still-3-1.5b",
    "DeepScaleR-1.5B-Preview": "deepscaler-1.5b",
    "Open-RS1": "open-rs1",
    "Open-RS2": "open-rs2",
    "Open-RS3": "open-rs3",
    "FastCuRL-1.5B-Preview": "fastcurl-1.5b",
    "L1-Qwen-1.5B-Exact": "l1-qwen-1.5b-exact",
    "L1-Qwen-1.5B-Max": "l1-qwen-1.5b-max",
    "II-Thought-1.5B-Preview": "ii-thought-1.5b",
}
OTHERS = {"Still-1.5B": "still-3-1.5b", "FastCuRL-1.5B-V3": "fastcurl-1.5b-v3"}
"""Names that their source spells in its own way, and one that has no row of its own."""
TINA = {
    "Tina-STILL-3-1.5B-preview": "tina-still-3",
    "Tina-DeepScaleR-1.5B-Preview": "tina-deepscaler",
    "Tina-Open-RS1": "tina-open-rs1",
    "Tina-Open-RS2": "tina-open-rs2",
    "Tina-Open-RS3": "tina-open-rs3",
    "Tina-II-Thought": "tina-ii-thought",
}
ABLATIONS = {
    "OpenR1 (93.7k)": "tina-openr1",
    "OpenThoughts (66.1k)": "tina-openthoughts",
    "LIMR (1.39k)": "tina-limr",
    "5e-6": "tina-limr-lr-5e-6",
    "5e-7": "tina-limr-lr-5e-7",
    "64": "tina-limr-rank-64",
    "16": "tina-limr-rank-16",
    "8": "tina-limr-rank-8",
    "4": "tina-limr-rank-4",
    "Open-RS3 Dr.GRPO": "tina-open-rs3-drgrpo",
}
THIRD = {
    "own Tina-Open-RS3 ckpt-500 (G=4)": "third-party-open-rs3-g4",
    "own Tina-Open-RS3 repo default ckpt-500 (G=6)": "third-party-open-rs3-g6",
    "own Tina-Open-RS2 ckpt-450": "third-party-open-rs2",
    "own Tina-LIMR ckpt-180": "third-party-limr",
    "own Tina-Open-RS3 ckpt-500": "third-party-open-rs3",
}
MODELS = {**BASELINES, **OTHERS, **TINA, **ABLATIONS, **THIRD}

WHO = {
    "DeepSeek": ("DeepSeek authors", None, 1),
    "open-r1 re-evaluation": ("open-r1 authors", None, 1),
    "DeepScaleR authors": ("DeepScaleR authors", 16, 1),
    "STILL-3 authors": ("STILL-3 authors", 64, 2),
    "Open-RS authors": ("Open-RS authors", 1, 1),
    "FastCuRL authors": ("FastCuRL authors", 16, 1),
}
"""Claimant: name in the catalog, runs and digits as the source states them."""
V1 = "Tina v1 (arXiv 2504.15777v1), "
"""How the source of everything in the paper's first version begins."""
CLAIMS = {
    name: claim for name, claim in CATALOG.claims.items() if claim.who != "tina-bench authors"
}
"""Everything that others claim."""


@cache
def facts() -> dict[str, Any]:
    """`published.toml`, the machine-readable facts."""
    return tomllib.loads((FACTS / "published.toml").read_text(encoding="utf-8"))


@cache
def pins() -> dict[str, Any]:
    """`pins.toml`: commits, sizes and hashes."""
    return tomllib.loads((FACTS / "pins.toml").read_text(encoding="utf-8"))


@cache
def prose() -> str:
    """`facts.md`."""
    return (FACTS / "facts.md").read_text(encoding="utf-8")


def sober() -> list[dict[str, Any]]:
    """The rows of A Sober Look's leaderboard, but for the one of an earlier state of it."""
    rows = [*facts()["sober_reasoning"], *facts()["sober_other_efforts"]]
    return [row for row in rows if "April" not in row["name"]]


def standing_for(row: dict[str, Any]) -> str:
    """The catalog model of a row of the ablation table, which may print another table's again."""
    name = row.get("same_row_as", row["name"])
    return MODELS[name]
