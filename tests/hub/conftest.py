"""A hub with one of everything, a cache of its own, and the program pointed at both."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hub.server import Hub
from tests.support.program import Ended, run
from tina_bench.embedded.files import dataset_file, model_folder
from tina_bench.lock.lockfile import Lock, read_lock

BASE = {path.name: path.read_bytes() for path in model_folder().iterdir() if path.is_file()}
ROWS = dataset_file("smoke-30.jsonl").read_bytes()
CARD = b"""---
license: apache-2.0
configs:
- config_name: default
  data_files:
  - split: test
    path: problems/*.jsonl
---
# The embedded problems, as a repository of the hub
"""
ADAPTER = {
    "adapter_config.json": b"{}",
    "adapter_model.safetensors": b"a small adapter",
    "optimizer.pt": b"a pickle",
    "tokenizer.json": b"{}",
}

CATALOG = """
[models.my-base]
title = "base"
kind = "base"
family = "mine"
source = "hub"
repo = "me/base"

[models.my-adapter]
title = "adapter"
kind = "adapter"
family = "mine"
source = "hub"
repo = "me/adapters"
subfolder = "checkpoint-50"
base = "my-base"
"""
TASK = """
[tasks.{name}]
title = "{name}"
source = "hub"
dataset = "{dataset}"
split = "test"
n_problems = 30
prompt = "tina_bench.embedded.prompts:smoke_prompt"
metric = "lighteval.metrics.metrics:Metrics.expr_gold_metric"
max_new_tokens = 128
expected_output_tokens = 60
margin_points = 10
{more}
"""


def parquet(rows: bytes = ROWS) -> bytes:
    import pyarrow
    import pyarrow.parquet

    made = pyarrow.Table.from_pylist([json.loads(line) for line in rows.splitlines()])
    out = io.BytesIO()
    pyarrow.parquet.write_table(made, out)
    return out.getvalue()


@dataclass
class Site:
    """A user of one hub: their catalog, their lock, their cache."""

    hub: Hub
    root: Path
    catalog_text: str

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.write_catalog(self.catalog_text)

    def write_catalog(self, text: str) -> None:
        self.catalog.write_text(text, encoding="utf-8")

    @property
    def catalog(self) -> Path:
        return self.root / "mine.toml"

    @property
    def lock_file(self) -> Path:
        return self.root / "mine.lock"

    @property
    def hf_home(self) -> Path:
        return self.root / "hf"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HF_ENDPOINT": self.hub.url,
            "HF_HOME": str(self.hf_home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_TOKEN": "",
            "HF_HUB_OFFLINE": "",
            "TRANSFORMERS_OFFLINE": "",
            "COLUMNS": "200",
        }

    def lock(self, *names: str, code: int = 0, **environment: str) -> Ended:
        """`tina-bench lock`, of these names only where there are any."""
        asked = [part for name in names for part in ("--update", name)]
        return self._run("lock", "--file", self.lock_file, *asked, code=code, **environment)

    def fetch(self, *arguments: object, code: int = 0, **environment: str) -> Ended:
        return self._run("fetch", "--lock", self.lock_file, *arguments, code=code, **environment)

    def _run(self, *arguments: object, code: int, **environment: str) -> Ended:
        ended = run(*arguments, "--catalog", self.catalog, **{**self.environment, **environment})
        assert ended.code == code, f"exit {ended.code}\n{ended.out}\n{ended.err}"
        return ended

    @property
    def locked(self) -> Lock:
        return read_lock(self.lock_file)

    def snapshot(self, kind: str, repo: str, revision: str) -> Path:
        folder = f"{kind}s--{repo.replace('/', '--')}"
        return self.hf_home / "hub" / folder / "snapshots" / revision

    def blobs(self) -> list[Path]:
        return sorted(path for path in self.hf_home.glob("hub/*/blobs/*") if path.is_file())


def refusal(ended: Ended) -> str:
    """The sentence of an explained error, whatever was said before it on the way."""
    last = ended.err.strip().splitlines()[-1]
    assert last.startswith("error: "), ended.err
    assert last.endswith("."), last
    assert "Traceback" not in ended.err
    return last.removeprefix("error: ")


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    made.repository("model", "me/base", {**BASE, "README.md": b"# hi", "run.py": b"evil()"})
    made.repository(
        "model",
        "me/adapters",
        {f"checkpoint-{step}/{name}": data for step in (50, 100) for name, data in ADAPTER.items()},
    )
    made.repository("dataset", "me/problems", {"README.md": CARD, "problems/test.jsonl": ROWS})
    made.repository("dataset", "me/columns", {"data/test-00000-of-00001.parquet": parquet()})
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def site(hub: Hub, tmp_path: Path) -> Site:
    tasks = [
        TASK.format(name="my-rows", dataset="me/problems", more=""),
        TASK.format(name="my-columns", dataset="me/columns", more=""),
    ]
    return Site(hub, tmp_path / "site", CATALOG + "".join(tasks))
