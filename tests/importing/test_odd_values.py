"""Any value in any place of any format is a record that can be read again, or a sentence."""

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.importing import made_harness as made
from tests.importing.made_files import take_in
from tests.importing.made_harness import OURS, WRITERS
from tina_bench.importing.finding import DATA
from tina_bench.store.home import Home

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 0.5, 1e308, 10**30, -(10**12), "", " ", "x", "1", "é\u2028",
    "\ud800", "\x00\x1b[31m", [], {}, [[]], [None], {"a": 1}, ["x", 2], {"": {"": []}}, [1, 0],
)  # fmt: skip
TRIES = 40


def places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document but its root."""
    found = [where] if where else []
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in inner:
        found += places(below, (*where, key)) if isinstance(below, dict | list) else [(*where, key)]
    return found


def spoil(document: Any, rng: random.Random) -> None:
    """One value replaced, taken away, or put in beside what was there."""
    *above, last = rng.choice(places(document))
    for key in above:
        document = document[key]
    what = rng.randrange(8)
    if what == 0 and isinstance(document, dict):
        del document[last]
    elif what == 1 and isinstance(document, list):
        document.append(rng.choice(ODD))
    else:
        document[last] = rng.choice(ODD)


def spoil_file(path: Path, rng: random.Random) -> None:
    """One value in a file of a known format, whatever it is written as."""
    if path.suffix == ".eval":
        with zipfile.ZipFile(path) as file:
            members = {name: json.loads(file.read(name)) for name in file.namelist()}
        spoil(members[rng.choice(["header.json", "samples/3_epoch_1.json"])], rng)
        made.write_zip(path, members)
    elif path.suffix == ".json":
        document = json.loads(path.read_text(encoding="utf-8"))
        spoil(document, rng)
        made.write_json(path, document)
    elif path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        spoil(rows, rng)
        made.write_lines(path, rows)
    else:
        lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        row = rng.choice(lines)
        row[rng.randrange(len(row))] = str(rng.choice(ODD)).replace("\ud800", "?")
        path.write_text("\n".join(",".join(line) for line in lines), encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "table as parquet"])
def test_an_odd_value_is_a_record_that_reads_again_or_a_sentence(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    outcomes = set()
    for number in range(TRIES):
        folder = tmp_path / str(number)
        WRITERS[name](folder)
        files = [path for path in sorted(folder.rglob("*.*")) if path.suffix in DATA]
        spoil_file(rng.choice(files), rng)
        home = Home(tmp_path / f"home{number}")
        done = take_in(home.root, folder, model=OURS if name in made.NAMELESS else None)
        assert all(one.isprintable() and "found " in one for one in done.bad), done.bad
        assert {run.id for run in home.imported_runs()} == {run.id for run, _ in done.runs}
        assert len(home.imported()) >= len(done.runs)
        outcomes |= {bool(done.runs), bool(done.bad) + 2}
    assert {True, 3} <= outcomes, "some are good and some are bad"
