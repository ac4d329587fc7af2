"""A Sober Look's leaderboard is what the facts say of it, cell by cell."""

import json
from pathlib import Path

import pytest

from tests.catalog.facts import sober

pytestmark = pytest.mark.extra
COLUMNS = {"aime24": "aime24", "aime25": "aime25", "amc23": "amc23", "math500": "math500",
           "minerva": "minerva", "olympiadbench": "olympiad"}  # fmt: skip


@pytest.fixture(scope="module")
def published(published_leaderboard: Path) -> dict[str, dict[str, str]]:
    rows = json.loads(published_leaderboard.read_text(encoding="utf-8"))
    return {row["name"]: row for row in rows}


def test_every_row_of_the_facts_is_the_published_one(
    published: dict[str, dict[str, str]],
) -> None:
    for row in sober():
        theirs = published[row["name"]]
        assert theirs["organization"] == row["hf_org"]
        assert theirs["baseModel"] == row.get("base", theirs["baseModel"])
        for task, column in COLUMNS.items():
            mean, spread = theirs[column].split("±")
            assert [float(mean), float(spread)] == row[task], (row["name"], task)


def test_no_row_of_the_1_5b_family_is_left_out(published: dict[str, dict[str, str]]) -> None:
    assert {name for name in published if "1.5B" in name} <= {row["name"] for row in sober()}
