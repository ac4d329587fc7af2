"""The same evaluation out of every format: the same counts, whatever wrote it."""

import hashlib
import random
import shutil
from pathlib import Path

import pytest

from tests.importing import made_harness as made
from tests.importing.made_files import old_document, take_in, write_results
from tests.importing.made_harness import NAMELESS, OURS, RIGHT, RUNS, TASK, WRITERS, N
from tina_bench.importing.folder import Became
from tina_bench.importing.formats import FORMATS, FilePart, recognise
from tina_bench.importing.probing import probe
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedRun
from tina_bench.store.imported_results import ImportedResult

ONE_RUN_A_FILE = {"nemo-skills"}
GRADES_THE_FIRST = {"lm-eval"}
BY_TOTALS = {"sober"}
WITHOUT_LIMITS = {
    "lm-eval",
    "qwen2.5-math",
    "opencompass",
    "opencompass as a list",
    "verl",
    "sober",
}
"""Formats whose files do not say which answers were cut."""
WITHOUT_TOKENS = {
    "lm-eval",
    "qwen2.5-math",
    "opencompass",
    "opencompass as a list",
    "verl",
    "sober",
}
WITHOUT_SETTINGS = {"nemo-skills", "opencompass", "opencompass as a list", "verl"}


def imported(name: str, folder: Path) -> tuple[Home, list[ImportedResult]]:
    WRITERS[name](folder / "theirs")
    home = Home(folder / "home")
    said = {"model": OURS} if name in NAMELESS else {}
    done = take_in(home.root, folder / "theirs", **said)
    assert done.bad == []
    assert done.left_out == []
    return home, home.imported()


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_counts_that_its_files_have(name: str, tmp_path: Path) -> None:
    _, results = imported(name, tmp_path)
    if name in ONE_RUN_A_FILE:
        assert sorted(result.n_correct or 0 for result in results) == sorted(RIGHT)
        assert {(result.n, result.runs) for result in results} == {(N, 1)}
        return
    (result,) = results
    runs = 1 if name in GRADES_THE_FIRST else RUNS
    assert (result.n, result.runs, result.n_trials) == (N, runs, N * runs)
    assert result.n_correct == sum(RIGHT[:runs])
    assert result.value == pytest.approx(sum(RIGHT[:runs]) / (N * runs))
    if runs > 1:
        assert [one.n_correct for one in result.by_run] == list(RIGHT)
        assert {one.n for one in result.by_run} == {N}


@pytest.mark.parametrize("name", WRITERS)
def test_names_become_the_catalogs_where_the_file_prints_them(name: str, tmp_path: Path) -> None:
    _, results = imported(name, tmp_path)
    assert {(result.model, result.task) for result in results} == {(OURS, TASK)}
    assert {result.format for result in results} == {name.partition(" as ")[0]}


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in BY_TOTALS])
def test_every_answer_is_in_by_hash_and_by_its_mark(name: str, tmp_path: Path) -> None:
    home, _ = imported(name, tmp_path)
    outcomes = [o for run in home.imported_runs() for task in run.tasks for o in task.outcomes]
    marks = {a.sha256: a.correct for o in outcomes for a in o.answers}
    for i, run in made.pairs():
        text = hashlib.sha256(made.answer(i, run).encode()).hexdigest()
        graded = name not in GRADES_THE_FIRST or run == 0
        assert marks[text] == (made.is_right(i, run) if graded else None)
    assert all(o.index < N and o.gold == (str(2 * o.index),) for o in outcomes)


@pytest.mark.parametrize("name", WRITERS)
def test_truncation_tokens_and_settings_are_in_where_the_files_have_them(
    name: str, tmp_path: Path
) -> None:
    home, results = imported(name, tmp_path)
    cut = [result.truncated for result in results]
    assert cut == [None] if name in WITHOUT_LIMITS else sum(filter(None, cut)) == 1
    tokens = {
        a.tokens_out
        for run in home.imported_runs()
        for task in run.tasks
        for o in task.outcomes
        for a in o.answers
    }
    assert tokens <= ({None} if name in WITHOUT_TOKENS else {9})
    temperature = None if name in WITHOUT_SETTINGS else 0.6
    assert {result.protocol.temperature for result in results} == {temperature}


@pytest.mark.parametrize("name", WRITERS)
def test_importing_again_changes_nothing(name: str, tmp_path: Path) -> None:
    home, results = imported(name, tmp_path)
    said = {"model": OURS} if name in NAMELESS else {}
    again = take_in(home.root, tmp_path / "theirs", **said)
    assert {became for _, became in again.runs} == {Became.UNCHANGED}
    assert home.imported() == results
    for run in home.imported_runs():
        assert ImportedRun.model_validate_json(run.model_dump_json()) == run


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_known_by_what_is_in_it_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "theirs")
    for number, path in enumerate(sorted(tmp_path.rglob("*.*"))):
        known = recognise(probe(path)) if path.is_file() else None
        if known is not None:
            other = shutil.copyfile(path, tmp_path / f"results_{number}.dat")
            assert recognise(probe(other)) == known
            assert known[0].name == name.partition(" as ")[0]


@pytest.mark.parametrize("name", WRITERS)
def test_a_results_file_cut_anywhere_is_a_sentence_and_no_traceback(
    name: str, tmp_path: Path
) -> None:
    WRITERS[name](tmp_path / "theirs")
    rng = random.Random(7)
    for path in sorted(tmp_path.rglob("*.*")):
        known = recognise(probe(path)) if path.is_file() else None
        if known is None or known[1] is not FilePart.RESULTS:
            continue
        whole = path.read_bytes()
        for number in range(12):
            path.write_bytes(whole[: rng.randrange(1, len(whole))])
            done = take_in(tmp_path / f"home{number}", path, model=OURS)
            assert done.bad == [] or all(str(path) in one for one in done.bad)
            for run, _ in done.runs:  # only what ends with a line can be cut without a trace
                assert path.suffix in {".csv", ".tsv", ".jsonl"}, path
                assert run.tasks[0].task is None or run.tasks[0].n == N
        path.write_bytes(whole)


def test_a_mixed_folder_imports_what_it_can_and_names_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    for name in ("lm-eval", "table", "inspect", "evalscope"):
        WRITERS[name](folder / name)
    write_results(folder / "lighteval", old_document())
    (folder / "README.md").write_text("# Logs\n\nof several harnesses")
    (folder / "plot.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    made.write_json(folder / "settings.json", {"learning_rate": 1e-6})
    (folder / "torn.eval").write_bytes((folder / "inspect" / "log.eval").read_bytes()[:900])
    done = take_in(tmp_path / "home", folder)
    assert {run.format for run, _ in done.runs} == {
        "lighteval", "lm-eval", "table", "inspect", "evalscope",
    }  # fmt: skip
    assert done.left_out == ["mixed/README.md", "mixed/plot.png"]
    settings, torn = done.bad
    assert "settings.json: found JSON with the keys 'learning_rate'" in settings
    assert "torn.eval: found a zip that is cut short or damaged" in torn


def test_lm_evals_results_are_not_called_a_damaged_lighteval_file(tmp_path: Path) -> None:
    made.lm_eval(tmp_path)
    next(tmp_path.glob("samples_*")).unlink()
    done = take_in(tmp_path / "home", tmp_path)
    assert done.bad == []
    ((run, _),) = done.runs
    assert (run.format, run.tasks[0].scores[0].n_correct) == ("lm-eval", RIGHT[0])


def test_every_format_says_what_it_is() -> None:
    assert len({one.name for one in FORMATS}) == len(FORMATS) == 11
    for one in FORMATS:
        assert one.title
        assert one.files
        assert one.gives
        assert one.writer
        assert any(part is FilePart.RESULTS for part, _ in one.parts)
