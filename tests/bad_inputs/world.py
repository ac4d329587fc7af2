"""A small world in which everything is right, to be spoilt in one place, and the rules of refusal.

Every case goes through the program's own entry point. What must hold of it stands in `refused`.
"""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.importing.made_files import old_document, write_results
from tests.support.made import make_entry
from tests.support.program import Ended, call
from tests.support.sealed import mixed, seal
from tina_bench.files.append_log import LogWriter
from tina_bench.lock.lockfile import packaged_lock
from tina_bench.store.home import Home
from tina_bench.store.records import Phase

MODEL, TASK = "smoke-base", "smoke-30"
N, K = 30, 4
MOST_CHARACTERS = 480
"""Of a sentence, paths not counted."""

CATALOG = """\
[models.mine]
title = "Mine"
kind = "baseline"
family = "home-made"
source = "hub"
repo = "me/mine"

[tasks.riddles]
title = "Riddles"
source = "hub"
dataset = "me/riddles"
split = "test"
n_problems = 12
prompt = "my.prompts:ask"
metric = "my.metrics:grade"
max_new_tokens = 100
margin_points = 5

[tasks.jokes]
title = "Jokes"
source = "hub"
dataset = "me/jokes"
split = "test"
n_problems = 10
prompt = "my.prompts:ask"
metric = "my.metrics:grade"
max_new_tokens = 100
margin_points = 5

[profiles.home]
title = "At home"
models = ["mine"]
tasks = ["riddles"]
seeds = [0, 1]
stack = "cpu"
sampling = { temperature = 0.6, top_p = 0.95 }
max_model_tokens = 512

[prices.attic]
device = "an old desktop"
billed_per = "machine"
price_usd_per_hour = 0.05
provider = "me"
date = 2026-02-01
source = "the electricity bill"

[claims.riddles]
model = "mine"
task = "riddles"
value_percent = 50.0
decimals = 1
runs = 2
spread_points = 11.8
range_percent = [41.7, 58.3]
per_run_percent = [41.7, 58.3]
best_of = 3
who = "me"
source = "my blog"
confidence = "page"

[claims.jokes]
model = "mine"
task = "jokes"
value_percent = 30.0
decimals = 1
who = "me"
source = "my blog"
confidence = "page"

[averages.both]
model = "mine"
tasks = ["riddles", "jokes"]
value_percent = 40.0
decimals = 1
runs = 2
per_run_percent = [35.8, 44.2]
who = "me"
source = "my blog"
confidence = "page"
"""
"""A catalog of one's own, every figure of which fits every other."""


@dataclass(frozen=True)
class World:
    """A catalog, a lock, a home with a result, a bill and an import, and a file to import."""

    root: Path

    @property
    def catalog(self) -> Path:
        return self.root / "mine.toml"

    @property
    def lock(self) -> Path:
        return self.root / "mine.lock"

    @property
    def home(self) -> Home:
        return Home(self.root / "home")

    @property
    def record(self) -> Path:
        return self.home.result_file("smoke", MODEL, TASK)

    @property
    def ledger(self) -> Path:
        return self.home.work_folder("evaluate-smoke-base-1") / "ledger.jsonl"

    @property
    def samples(self) -> Path:
        (path,) = (self.home.root / "samples" / MODEL).glob("*.jsonl")
        return path

    @property
    def grades(self) -> Path:
        (path,) = (self.home.root / "grades" / MODEL).glob("*.jsonl")
        return path

    @property
    def imported(self) -> Path:
        (path,) = (self.home.root / "imported").glob("*.json")
        return path

    @property
    def results(self) -> Path:
        (path,) = (self.root / "logs").glob("results_*.json")
        return path

    def replace(self, path: Path, old: str, new: str) -> None:
        """Put one text in the place of another that stands there once."""
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (old, text.count(old))
        path.write_text(text.replace(old, new), encoding="utf-8")

    def edit(self, path: Path, change: Callable[[Any], object]) -> None:
        """Change a JSON file's value in place."""
        value = json.loads(path.read_text(encoding="utf-8"))
        change(value)
        path.write_text(json.dumps(value), encoding="utf-8")

    def bytes(self) -> dict[str, bytes | str]:
        """Everything that lies in the home."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            if path.is_file()
            else str(path.readlink() if path.is_symlink() else "folder")
            for path in sorted(self.home.root.rglob("*"))
        }


def build(root: Path) -> World:
    """Make the world."""
    world = World(root)
    world.catalog.write_text(CATALOG, encoding="utf-8")
    shutil.copyfile(packaged_lock(), world.lock)
    seal(world.home, MODEL, TASK, mixed(N, K, 46))
    entries = [
        make_entry(event="start", model=MODEL),
        make_entry(phase=Phase.LOAD, wall_seconds=2, cost_usd=0.5, model=MODEL, price_name="p"),
        make_entry(phase=Phase.GENERATE, wall_seconds=6, cost_usd=1.5, model=MODEL, price_name="p"),
    ]
    with LogWriter(world.ledger) as log:
        log.append(entry.model_dump(mode="json") for entry in entries)
    write_results(root / "logs", old_document())
    ended = call("import", world.results, "--who", "they", "--home", world.home.root)
    assert ended.code == 0, ended.err
    return world


@dataclass(frozen=True)
class Case:
    """One mistake: how it is made, who is asked, and what the answer must name."""

    spoil: Callable[[World], object]
    code: int
    key: str
    """Key, line or byte, as the sentence names the place within the file."""
    found: str
    expected: str
    verb: tuple[str, ...] = ()
    """What is asked; the group's own if empty. `{root}` stands for the world's folder."""
    file: str = ""
    """File that the sentence begins with, below the world's folder; the group's own if empty."""


def assert_one_line(ended: Ended, root: Path) -> str:
    """What was said is one explained line on stderr, readable; returns it without the world."""
    assert "Traceback" not in ended.out + ended.err
    bare = ended.sentence.replace(str(root), "")
    assert bare.isprintable(), ascii(ended.sentence)
    return bare


def assert_one_sentence(ended: Ended, root: Path) -> str:
    """What was said is one line on stderr, one sentence, readable, and short; returns it."""
    sentence, bare = ended.sentence, assert_one_line(ended, root)
    assert not sentence.endswith(".."), sentence
    assert len(bare) <= MOST_CHARACTERS, f"{len(bare)} characters: {sentence}"
    assert not re.search(r"[.!?] [A-Z]", bare), f"more than one sentence: {sentence}"
    return sentence


def ask(world: World, verb: tuple[str, ...]) -> Ended:
    """Call the program on the world's home."""
    words = [word.replace("{root}", str(world.root)) for word in verb]
    if "--home" not in words and words[0] not in {"catalog", "lock"}:
        words += ["--home", str(world.home.root)]
    return call(*words)


def refused(world: World, case: Case, verb: tuple[str, ...], file: Path | None) -> str:
    """The mistake gets its exit code and one sentence of place, found, expected and what to do.

    Nothing is printed beside it, and nothing in the home changes.
    """
    case.spoil(world)
    before = world.bytes()
    ended = ask(world, case.verb or verb)
    assert ended.code == case.code, (ended.code, ended.err)
    sentence = assert_one_sentence(ended, world.root)
    if case.file:
        file = world.root / case.file
    if file is not None:
        assert sentence.startswith(f"{file}"), sentence
    said = sentence.removeprefix(f"{file}")
    assert case.key in said.partition("found")[0], sentence
    assert case.found in said, sentence
    place, _, expected = said.partition(", expected ")
    assert "found " in place, sentence
    assert case.found in place, sentence
    assert case.expected in expected, sentence
    assert "; " in expected, f"not said what to do: {sentence}"
    assert world.bytes() == before
    return sentence
