"""Datasets of the hub as rows: every layout that a card names, and nothing that the lock lacks."""

import gzip
import json
from pathlib import Path

import pytest

from tests.hub.conftest import CARD, ROWS, parquet
from tests.hub.server import Hub, sha256
from tina_bench.errors import IntegrityError
from tina_bench.jobs.lighteval_tasks import read_rows
from tina_bench.store.job_folder import Dataset

pytestmark = pytest.mark.engine

EXPECTED = [json.loads(line) for line in ROWS.splitlines()]
CSV = "problem,answer\n" + "".join(f'"{r["problem"]}",{r["answer"]}\n' for r in EXPECTED)
TWO = b"""---
configs:
- config_name: diamond
  data_files: diamond.csv
- config_name: main
  data_files: main.csv
---
"""


def laid_out(home: Path, files: dict[str, bytes], *, stray: bytes | None = None) -> Dataset:
    """A fetched dataset in a home; `stray` lies in its folder without being locked."""
    folder = home / "jobs" / "fetch" / "data"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    if stray is not None:
        (folder / "problems" / "stray.jsonl").write_bytes(stray)
    return Dataset(
        name="me/data",
        folder="jobs/fetch/data",
        sha256={name: sha256(data) for name, data in files.items()},
    )


@pytest.mark.parametrize(
    ("files", "subset", "split"),
    [
        ({"README.md": CARD, "problems/a.jsonl": ROWS}, "default", "test"),
        ({"test.jsonl": ROWS}, "default", "test"),
        ({"data/test.jsonl.gz": gzip.compress(ROWS)}, "default", "test"),
        ({"data/test-00000-of-00001.parquet": parquet()}, "default", "test"),
        ({"test.json": json.dumps(EXPECTED).encode()}, "default", "test"),
        ({"test.csv": CSV.encode()}, "default", "test"),
        (
            {"README.md": TWO, "diamond.csv": CSV.encode(), "main.csv": b"a\n1\n"},
            "diamond",
            "train",
        ),
    ],
    ids=["card", "jsonl", "gz", "parquet", "json", "csv", "configuration"],
)
def test_every_layout_gives_the_same_rows_in_the_same_order(
    tmp_path: Path, files: dict[str, bytes], subset: str, split: str
) -> None:
    dataset = laid_out(tmp_path, files)
    before = sorted(path for path in tmp_path.rglob("*"))
    rows = read_rows(dataset, tmp_path, subset, split)
    assert [{key: str(row[key]) for key in ("problem", "answer")} for row in rows] == [
        {key: str(row[key]) for key in ("problem", "answer")} for row in EXPECTED
    ]
    assert sorted(path for path in tmp_path.rglob("*")) == before, "the home is only read"


def test_a_changed_byte_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    dataset = laid_out(tmp_path, {"test.jsonl": ROWS})
    (tmp_path / "jobs/fetch/data/test.jsonl").write_bytes(ROWS.replace(b"1", b"2", 1))
    with pytest.raises(IntegrityError, match=r"test\.jsonl: found sha256"):
        read_rows(dataset, tmp_path, "default", "test")


def test_a_file_beside_the_locked_ones_is_refused_where_the_card_would_read_it(
    tmp_path: Path,
) -> None:
    files = {"README.md": CARD, "problems/a.jsonl": ROWS}
    dataset = laid_out(tmp_path, files, stray=ROWS)
    with pytest.raises(IntegrityError, match=r"its card names '.*stray\.jsonl', expected only"):
        read_rows(dataset, tmp_path, "default", "test")


def test_a_card_cannot_reach_out_of_its_folder_or_to_another_server(
    tmp_path: Path, hub: Hub
) -> None:
    hub.plain["/evil.jsonl"] = ROWS
    (tmp_path / "outside.jsonl").write_bytes(ROWS)
    for number, place in enumerate(
        (f"{hub.url}/evil.jsonl", str(tmp_path / "outside.jsonl"), "../../../outside.jsonl")
    ):
        card = CARD.replace(b"problems/*.jsonl", place.encode())
        home = tmp_path / f"home-{number}"
        dataset = laid_out(home, {"README.md": card, "problems/a.jsonl": ROWS})
        with pytest.raises(IntegrityError, match="dataset me/data"):
            read_rows(dataset, home, "default", "test")
    assert hub.asked == [], "not even to look"


@pytest.mark.parametrize(("subset", "split"), [("other", "test"), ("default", "other")])
def test_a_configuration_or_split_that_is_not_there_is_a_sentence(
    tmp_path: Path, subset: str, split: str
) -> None:
    dataset = laid_out(tmp_path, {"README.md": CARD, "problems/a.jsonl": ROWS})
    with pytest.raises(IntegrityError, match=f"configuration '{subset}', split '{split}'") as told:
        read_rows(dataset, tmp_path, subset, split)
    assert "\n" not in str(told.value)


def test_rows_that_are_none_are_a_sentence(tmp_path: Path) -> None:
    dataset = laid_out(tmp_path, {"test.jsonl": b'{"a": \n'})
    with pytest.raises(IntegrityError, match="cannot be read from its locked files"):
        read_rows(dataset, tmp_path, "default", "test")


def test_a_card_whose_head_is_no_yaml_is_a_sentence(tmp_path: Path) -> None:
    card = b"---\nconfigs: [unclosed\n---\n"
    dataset = laid_out(tmp_path, {"README.md": card, "test.jsonl": ROWS})
    with pytest.raises(IntegrityError, match="the head of its card cannot be read"):
        read_rows(dataset, tmp_path, "default", "test")
