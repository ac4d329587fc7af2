"""Plain tables: one row a problem, a seed, or a whole measurement, kept by hand or by a script.

    model,task,problem,seed,correct          an answer a row
    model,task,problem,correct,trials        right answers of so many, by problem
    model,task,seed,correct,n                right problems, by seed
    model,task,correct,n,runs                right answers of n problems × runs
    model,task,percent,runs,sd_points        what is printed somewhere, without a count

Rows of one model under equal settings are one measurement, and become one record.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tina_bench.files.strict import MalformedError
from tina_bench.importing.delimited import read_delimited
from tina_bench.importing.drafts import DraftTask, DraftTotal, Found, ImportDraft, PrintedScore, Row
from tina_bench.importing.parquet_rows import read_parquet
from tina_bench.importing.probing import FileKind, plain_column, probe
from tina_bench.importing.reading import (
    MAX_BYTES,
    MAX_ROWS,
    describe,
    parse_lines,
    read_bytes,
    refuse,
)
from tina_bench.importing.table_columns import COLUMNS, SETTINGS, Cells, known_columns
from tina_bench.store.imported import ReportedProtocol

NAME = "table"
PERCENT_TOLERANCE = 1e-6


def read(found: Found) -> list[ImportDraft]:
    """A table as one draft a model and setting; raises `ForeignFileError` with the line."""
    look = probe(found.path)
    data = read_bytes(found.path, MAX_BYTES)
    file = describe(data, found.where)
    names = known_columns(look.keys)
    unread = sorted(look.keys - set(names.values()) - {""})
    drafts: dict[tuple[str | None, ...], ImportDraft] = {}
    tasks: dict[tuple[tuple[str | None, ...], str], DraftTask] = {}
    for place, cells in _rows(found, look.kind, data):
        row = Cells(cells, names)
        try:
            key = (row.needed("model"), *(row.text(name) for name in SETTINGS))
            task = row.needed("task")
            draft = drafts.get(key)
            if draft is None:
                draft = drafts[key] = _draft(found, key, row)
                draft.file = file
            if (key, task) not in tasks:
                made = DraftTask(name=task, place=place, named_by_hand=True)
                tasks[key, task] = made
                draft.tasks.append(made)
            _add(tasks[key, task], place, row)
        except MalformedError as error:
            raise refuse(place, error) from None
    if not drafts:
        raise refuse(f"{found.path}", MalformedError("", "no row", "at least one"))
    _name_parts(list(drafts.items()))
    first = next(iter(drafts.values()))
    if unread:
        first.remarks.append(
            f"{found.path}: columns that were not read: {', '.join(map(ascii, unread))[:200]}."
        )
    return list(drafts.values())


def _draft(found: Found, key: tuple[str | None, ...], row: Cells) -> ImportDraft:
    said = dict(zip(SETTINGS, key[1:], strict=True))
    return ImportDraft(
        path=found.path,
        file=describe(b"", found.where),
        format=NAME,
        model=key[0],
        protocol=ReportedProtocol(
            temperature=row.number("temperature"),
            top_p=row.number("top_p"),
            max_tokens=row.whole("max_tokens"),
            prompt=said["prompt"],
            grader=said["grader"],
        ),
        revision=said["revision"],
        harness=said["harness"],
        who=said["who"],
        source=said["source"],
    )


def _name_parts(drafts: list[tuple[tuple[str | None, ...], ImportDraft]]) -> None:
    """Say which part of the file each draft is, by what tells it apart; one alone is the file."""
    if len(drafts) == 1:
        return
    columns = ("model", *SETTINGS)
    differ = [
        number for number in range(len(columns)) if len({key[number] for key, _ in drafts}) > 1
    ]
    for key, draft in drafts:
        draft.part = ", ".join(f"{columns[number]} {key[number] or '–'}" for number in differ)


def _add(task: DraftTask, place: str, row: Cells) -> None:
    """One row to its task, as what its columns make it."""
    problem, correct = row.text("problem"), row.right()
    kind = "rows" if problem is not None else "totals" if correct is not None else "printed"
    others = {"rows": task.rows, "totals": task.totals, "printed": task.printed}
    mixed = next((name for name in others if name != kind and others[name]), None)
    if mixed is not None:
        words = {"rows": "with a problem", "totals": "without one", "printed": "without a count"}
        expected = f"rows {words[mixed]} as the others of this model, task and setting"
        if mixed == "rows":
            raise row.wrong("problem", f"the id of a problem: the other {expected[5:]} have one")
        raise MalformedError("problem", f"a row {words[kind]}", expected)
    if kind == "rows":
        task.rows.append(_answer(place, problem, correct, row))
    elif correct is not None:
        task.totals.append(_total(place, correct, row))
    else:
        task.printed.append(_printed(place, row))


def _answer(place: str, problem: str | None, correct: int | None, row: Cells) -> Row:
    trials = row.whole("trials", least=1) or 1
    if correct is None:
        raise row.wrong("correct", "the number of right answers")
    if correct > trials:
        expected = f"at most {trials}, the number of trials"
        if trials == 1:
            expected = "0 or 1, as there is no number of trials in this row"
        raise row.wrong("correct", expected)
    return Row(
        place=place,
        problem=problem,
        marks={"correct": correct},
        run=row.whole("seed"),
        trials=trials,
        text=row.text("text"),
        tokens=row.whole("tokens"),
        truncated=row.yes("truncated"),
        extracted=row.text("extracted"),
        gold=row.text("gold"),
    )


def _total(place: str, correct: int, row: Cells) -> DraftTotal:
    n, runs = row.whole("n", least=1), row.whole("runs", least=1)
    trials, seed = row.whole("trials", least=1), row.whole("seed")
    if trials is None:
        if n is None:
            raise row.wrong("trials" if seed is None else "n", "the number of answers")
        trials = n * (runs or 1)
    elif n is None and runs is not None:
        if trials % runs:
            raise row.wrong("trials", f"a multiple of the {runs} runs")
        n = trials // runs
    elif n is not None and runs is not None and trials != n * runs:
        raise row.wrong("trials", f"{n * runs}, which is {n} problems × {runs} runs")
    if correct > trials:
        raise row.wrong("correct", f"at most {trials}, the number of trials")
    _check_percent(row, correct, trials)
    return DraftTotal(place=place, correct=correct, n=n, trials=trials, run=seed)


def _check_percent(row: Cells, correct: int, trials: int) -> None:
    percent = row.number("percent")
    if percent is None:
        return
    half = 0.5 * 10.0 ** -row.decimals("percent") + PERCENT_TOLERANCE
    if abs(percent - 100 * correct / trials) > half:
        said = f"{100 * correct / trials:.2f}, which is {correct} of {trials}"
        raise row.wrong("percent", said)


def _printed(place: str, row: Cells) -> PrintedScore:
    percent = row.number("percent")
    if percent is None or not 0 <= percent <= 100:
        column = "percent" if percent is not None else "correct"
        expected = "0 to 100" if percent is not None else "the number of right answers"
        raise row.wrong(column, expected)
    sd = row.number("sd")
    if sd is not None and sd < 0:
        raise row.wrong("sd", "a standard deviation, which is not negative")
    return PrintedScore(
        place=place,
        percent=percent,
        decimals=row.decimals("percent"),
        runs=row.whole("runs", least=1),
        sd_points=sd,
    )


def _rows(found: Found, kind: FileKind, data: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rows with their places, keys as plain column names."""
    if kind is FileKind.PARQUET:
        wanted = {name for names in COLUMNS.values() for name in names}
        for number, row in enumerate(
            read_parquet(
                found.path, data, lambda names: [n for n in names if plain_column(n) in wanted],
                "a table", max_rows=MAX_ROWS,
            ), start=1,
        ):  # fmt: skip
            yield f"{found.path}, row {number}", {plain_column(k): v for k, v in row.items()}
    elif kind is FileKind.TABLE:
        yield from read_delimited(found, data)
    else:
        for place, row in parse_lines(found.path, data):
            yield place, {plain_column(key): value for key, value in row.items()}
