"""Details files: three layouts of LightEval, one meaning.

The two old layouts are written here with the columns and types that LightEval's source gives them:
`DetailsLogger.Detail` in `logging/info_loggers.py` and `EvaluationTracker.save` in
`logging/evaluation_tracker.py`, at commit ed084813e0bd12d82a06d9f913291fdbee774905 (lists and
structs; the paper's pin) and in release 0.6.0 (each value through `str`). The new layout is made by
LightEval itself in `test_lighteval_saves.py`; the one here has its columns as release 0.13.0 wrote
them there.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing.made_files import STAMP, TASK, old_document, take_in, write_results
from tests.support.program import run
from tina_bench.errors import ForeignFileError
from tina_bench.importing import details as room
from tina_bench.importing.details import read_details
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedOutcome, ImportedTask

N, CORRECT = 30, 9
Row = dict[str, Any]


def _facts(number: int) -> tuple[str, str, str, list[int], float]:
    """Query, gold, answer, token ids and mark of one problem."""
    right = number < CORRECT
    answer = f"<think>so</think> It's \\boxed{{{number if right else -1}}}"
    return f"What is {number}?", str(number), answer, list(range(number + 1)), float(right)


def pin_row(number: int) -> Row:
    query, gold, answer, tokens, mark = _facts(number)
    return {
        "example": query,
        "instruction": "",
        "full_prompt": f"<user>{query}<assistant>",
        "num_effective_few_shots": 0,
        "num_asked_few_shots": 0,
        "predictions": [answer],
        "prediction_logits": [],
        "input_tokens": [[1, 2, 3]],
        "cont_tokens": [[tokens]],
        "truncated": [0],
        "padded": [0],
        "gold": [gold],
        "pred_logits": [],
        "choices": [],
        "gold_index": [],
        "metrics": {"extractive_match": mark},
        "specifics": {"extracted_predictions": [str(number), str(number)], "extracted_golds": []},
    }


def text_row(number: int) -> Row:
    return {key: str(value) for key, value in pin_row(number).items()}


def new_row(number: int) -> Row:
    query, gold, answer, tokens, mark = _facts(number)
    return {
        "doc": {
            "query": query,
            "choices": [gold],
            "gold_index": 0,
            "specific": {"extracted_predictions": [str(number), str(number)]},
            "id": str(number),
            "task_name": TASK,
        },
        "metric": {"extractive_match": mark},
        "model_response": {
            "input": f"<user>{query}<assistant>",
            "input_tokens": [1, 2, 3],
            "text": [answer],
            "output_tokens": [tokens],
        },
    }


LAYOUTS = {"0.6.0": text_row, "the pin": pin_row, "0.13.0": new_row}


def write_details(path: Path, rows: list[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = sorted(rows[0])
    table = pa.Table.from_pylist([{name: row[name] for name in columns} for row in rows])
    pq.write_table(table, path)
    return path


def beside(root: Path, rows: list[Row], **changes: Any) -> Path:
    """A results file and its details, as LightEval lays them out."""
    write_results(root / "results" / "someone" / "model", old_document(**changes))
    name = f"details_{TASK}_{STAMP}.parquet"
    return write_details(root / "details" / "someone" / "model" / STAMP / name, rows)


def only_task(home: Path) -> ImportedTask:
    (imported,) = Home(home).imported_runs()
    (task,) = imported.tasks
    return task


@pytest.mark.parametrize("row", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_every_layout_tells_the_same_of_every_problem(row: Any, tmp_path: Path) -> None:
    path = beside(tmp_path / "logs", [row(number) for number in range(N)])
    made = take_in(tmp_path / "home", tmp_path / "logs")
    assert made.bad == []
    task = only_task(tmp_path / "home")
    assert task.details is not None
    assert task.details.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert task.details.path == f"logs/details/someone/model/{STAMP}/{path.name}"
    assert (task.n, task.n_known_by) == (N, "details")
    assert (task.scores[0].n_correct, task.scores[0].n_correct_known_by) == (CORRECT, "details")
    for number, outcome in enumerate(task.outcomes):
        query, gold, answer, tokens, mark = _facts(number)
        assert outcome == ImportedOutcome(
            problem=hashlib.sha256(json.dumps([query, 0], separators=(",", ":")).encode())
            .hexdigest()[:16],
            index=number,
            gold=(gold,),
            extracted=(str(number), str(number)),
            answers=(
                {
                    "sha256": hashlib.sha256(answer.encode()).hexdigest(),
                    "characters": len(answer),
                    "tokens_out": len(tokens),
                },
            ),  # type: ignore[arg-type]
            values={"extractive_match": mark},
        )  # fmt: skip


@pytest.mark.parametrize(
    "place",
    [
        f"details/someone/model/{STAMP}/{{name}}",
        f"results/someone/model/{STAMP}/{{name}}",
        "results/someone/model/{name}",
    ],
    ids=["as saved", "as uploaded", "in one folder"],
)
def test_details_are_found_where_lighteval_puts_them(place: str, tmp_path: Path) -> None:
    root = tmp_path / "logs"
    path = beside(root, [pin_row(number) for number in range(N)])
    data = path.read_bytes()
    path.unlink()
    target = root / place.format(name=path.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    take_in(tmp_path / "home", root)
    assert len(only_task(tmp_path / "home").outcomes) == N


def test_details_that_come_later_are_added_and_never_lost_again(tmp_path: Path) -> None:
    path = beside(tmp_path / "logs", [pin_row(number) for number in range(N)])
    hidden = path.rename(tmp_path / "hidden.parquet")
    home = tmp_path / "home"
    take_in(home, tmp_path / "logs")
    assert only_task(home).outcomes == ()
    hidden.rename(path)
    ((_, became),) = take_in(home, tmp_path / "logs").runs
    assert (became, len(only_task(home).outcomes)) == ("renewed", N)
    path.unlink()
    ((_, became),) = take_in(home, tmp_path / "logs").runs
    assert (became, len(only_task(home).outcomes)) == ("already imported", N)


def test_the_same_text_twice_is_two_problems(tmp_path: Path) -> None:
    rows = [pin_row(0), pin_row(0)]
    _, outcomes = read_details(write_details(tmp_path / "d.parquet", rows), "d")
    assert len({outcome.problem for outcome in outcomes}) == 2


def _changed(row: Row, **changes: Any) -> Row:
    return {**row, **changes}


def _rows(**changes: Any) -> list[Row]:
    return [_changed(pin_row(number), **changes) for number in range(N)]


BAD_DETAILS: dict[str, tuple[list[Row], str]] = {
    "rows that are missing": (_rows()[:29], "found 29 problems by the details, expected 30"),
    "marks that do not give the score": (
        _rows(metrics={"extractive_match": 1.0}), "found 0.3, expected 1.0, the mean over the det",
    ),
    "no metric of numbers": (
        _rows(metrics={"extractive_match": "yes"}), "row 1: metrics.extractive_match: found 'yes'",
    ),
    "no text": (_rows(example=None), "row 1: example: found None, expected"),
    "other columns": ([{"a": 1}], "found the columns 'a', expected those of LightEval's details"),
    "text that is no literal": (
        [_changed(text_row(n), metrics="__import__('os').getcwd()") for n in range(N)],
        "row 1: metrics: found \"__import__('os').getcwd()\", expected a Python literal",
    ),
    "a gold that is no choice": (
        [_changed(new_row(n), doc={**new_row(n)["doc"], "gold_index": 7}) for n in range(N)],
        "row 1: doc.gold_index: found 7, expected one of 1 choices",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "says"), BAD_DETAILS.values(), ids=BAD_DETAILS.keys())
def test_details_that_do_not_fit_are_one_sentence_and_nothing_is_kept(
    rows: list[Row], says: str, tmp_path: Path
) -> None:
    beside(tmp_path / "logs", rows)
    made = take_in(tmp_path / "home", tmp_path / "logs")
    assert made.runs == []
    (sentence,) = made.bad
    assert says in sentence
    assert not (tmp_path / "home").exists()


def test_no_row_at_all_is_refused(tmp_path: Path) -> None:
    path = write_details(tmp_path / "d.parquet", [pin_row(0)])
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(ForeignFileError, match="found no row"):
        read_details(path, "d")


def test_details_of_no_task_and_of_no_file_are_named(tmp_path: Path) -> None:
    path = beside(tmp_path / "logs", _rows())
    path.rename(path.with_name(f"details_custom|piqa|0_{STAMP}.parquet"))
    (sentence,) = take_in(tmp_path / "home", tmp_path / "logs").bad
    assert f"found details of 'custom|piqa|0', expected one of the tasks of results_{STAMP}" in (
        sentence
    )
    lonely = tmp_path / "lonely"
    write_results(lonely, old_document(), "2025-01-01T00-00-00")
    write_details(lonely / f"details_{TASK}_{STAMP}.parquet", _rows())
    made = take_in(tmp_path / "home", lonely)
    assert len(made.runs) == 1
    assert "found details without their results file" in made.bad[0]


def test_limits_are_checked_before_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_details(tmp_path / "d.parquet", _rows())
    for limit, says in (
        ("MAX_BYTES", "bytes, expected at most 10"),
        ("MAX_ROWS", "found 30 rows, expected at most 10"),
        ("MAX_UNPACKED_BYTES", "unpacks to"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(room, limit, 10)
            with pytest.raises(ForeignFileError, match=says):
                read_details(path, "d")


@pytest.fixture(scope="module")
def good_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_details(tmp_path_factory.mktemp("d") / "d.parquet", _rows()).read_bytes()


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_parquet_file_with_a_wrong_byte_or_cut_short_is_read_or_refused(
    data: st.DataObject, good_bytes: bytes, tmp_path: Path
) -> None:
    place = data.draw(st.integers(0, len(good_bytes) - 1))
    if data.draw(st.booleans()):
        damaged = good_bytes[:place]
    else:
        byte = data.draw(st.integers(0, 255))
        damaged = good_bytes[:place] + bytes([byte]) + good_bytes[place + 1 :]
    path = tmp_path / "damaged.parquet"
    path.write_bytes(damaged)
    try:
        _, outcomes = read_details(path, "d")
    except ForeignFileError:
        return
    assert len(outcomes) == N


def test_without_pyarrow_the_sentence_names_what_brings_it(tmp_path: Path) -> None:
    beside(tmp_path / "logs", _rows())
    hidden = tmp_path / "hidden" / "pyarrow"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('no pyarrow here')")
    ended = run(
        "import", tmp_path / "logs", "--home", tmp_path / "home",
        PYTHONPATH=str(hidden.parent),
    )  # fmt: skip
    assert ended.code == 24
    assert "pip install pyarrow" in ended.err
    assert "Traceback" not in ended.err
