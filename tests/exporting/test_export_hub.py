"""`.eval_results` of the hub: written and read back by huggingface_hub."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry, parse_eval_result_entries

from tests.exporting.exports import CATALOG, export
from tests.importing.made_files import take_in
from tests.importing.made_harness import write_csv
from tests.support.sealed import mixed, seal
from tina_bench.errors import BlockedError
from tina_bench.store.home import Home


def entries(folder: Path) -> dict[str, EvalResultEntry]:
    """By place; a file holds one."""
    found = {}
    for path in sorted(folder.rglob("*.yaml")):
        document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert not any("verifyToken" in one for one in document), "verified is not ours to claim"
        (found[path.relative_to(folder).as_posix()],) = parse_eval_result_entries(document)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    seal(made, "open-rs1", "gpqa", mixed(198, 2, 140), profile="paper")
    return made


def test_a_registered_benchmark_is_read_back_as_it_was_measured(home: Home, tmp_path: Path) -> None:
    made = export(home.root, "hf-eval-results", tmp_path / "out")
    assert (made.files, made.own, made.answers) == (1, 1, 0)
    ((place, entry),) = entries(tmp_path / "out").items()
    assert place == "knoveleng/Open-RS1/.eval_results/gpqa-paper.yaml"
    assert (entry.dataset_id, entry.task_id) == ("Idavidrein/gpqa", "gpqa_diamond")
    assert entry.value == pytest.approx(100 * 140 / 396, abs=1e-4)
    assert entry.date == "2026-01-02"
    assert entry.verify_token is None
    assert entry.source_url is None
    for words in ("percent; 140 of 396", "2 runs of 198 problems", "95 % interval", "tina-bench 0"):
        assert words in str(entry.notes)


def test_where_it_can_be_seen_is_a_source(home: Home, tmp_path: Path) -> None:
    export(home.root, "hf-eval-results", tmp_path / "out", url="https://example.org", who="A team")
    (entry,) = entries(tmp_path / "out").values()
    assert (entry.source_url, entry.source_name) == ("https://example.org", "A team")


def test_what_the_hub_cannot_hold_is_left_out_with_a_sentence_each(
    home: Home, tmp_path: Path
) -> None:
    seal(home, "open-rs1", "aime24", mixed(30, 2, 20), profile="paper")
    seal(home, "open-rs1", "gpqa", mixed(198, 2, 140), profile="paper.retrained")
    seal(home, "tina-open-rs2", "gpqa", mixed(198, 2, 140), profile="paper")
    seal(home, "smoke-base", "gpqa", mixed(198, 2, 140), profile="paper")
    assert CATALOG.models["tina-open-rs2"].subfolder is not None
    made = export(home.root, "hf-eval-results", tmp_path / "out")
    assert len(entries(tmp_path / "out")) == made.own == 1
    said = " ".join(made.left_out)
    assert "open-rs1 on aime24 (paper): left out, as the catalog names no registered" in said
    assert "open-rs1 on gpqa (paper.retrained): left out, as the weights were trained here" in said
    assert "tina-open-rs2 on gpqa (paper): left out, as the format cannot say which folder" in said
    assert "smoke-base on gpqa (paper): left out, as there is no repository" in said


def test_an_import_goes_along_only_with_the_address_of_its_source(
    home: Home, tmp_path: Path
) -> None:
    row = {"model": "open-rs1", "task": "gpqa", "correct": 70, "n": 198, "runs": 1}
    for who, source in (("A team", "https://example.org/runs"), ("B team", "a paper")):
        rows = [{**row, "who": who, "source": source}]
        take_in(home.root, write_csv(tmp_path / f"{who}.csv", rows))
    made = export(home.root, "hf-eval-results", tmp_path / "out")
    assert (made.own, made.imported) == (1, 1)
    (entry,) = [one for one in entries(tmp_path / "out").values() if one.source_url is not None]
    assert (entry.source_url, entry.source_name) == ("https://example.org/runs", "A team")
    assert "measured by others (A team), not by tina-bench" in str(entry.notes)
    assert any("without the address" in sentence for sentence in made.left_out)


def test_where_nothing_fits_nothing_is_written(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "open-rs1", "aime24", mixed(30, 2, 20))
    with pytest.raises(BlockedError, match="nothing could be exported in this format"):
        export(home.root, "hf-eval-results", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
