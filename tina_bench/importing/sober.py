"""The CSV files of A Sober Look: one row a model, task, setting and seed.

Read in the hub dataset bethgelab/sober_reasoning (MIT), `cluster_{A,C}/<model>.csv`. Models were
swept over temperature and top_p: each setting is a measurement of its own. Rows have shares and
standard errors; the number of problems follows from the two, of any row of the task in the file.
"""

from collections.abc import Iterable

from tina_bench.files.strict import MalformedError
from tina_bench.importing.counts import problems_behind, whole
from tina_bench.importing.delimited import read_delimited
from tina_bench.importing.drafts import DraftTask, DraftTotal, Found, ImportDraft
from tina_bench.importing.reading import MAX_BYTES, describe, read_bytes, refuse
from tina_bench.importing.table_columns import Cells
from tina_bench.store.imported import ReportedProtocol

NAME = "sober"
SETTINGS = (
    "dtype", "temperature", "top_p", "max_new_tokens", "max_model_length", "prompt_template",
    "use_chat_template", "launcher", "version",
)  # fmt: skip
NAMES = {name: name for name in ("model", "dataset", "seed", "accuracy", "stderr", "duration")} | {
    name: name for name in SETTINGS
}
METRIC = "extractive_match"
"""What LightEval, which made the files, calls it."""


def read(found: Found) -> list[ImportDraft]:
    """One draft a model and setting; raises `ForeignFileError` with the line."""
    data = read_bytes(found.path, MAX_BYTES)
    rows = [(place, Cells(cells, NAMES)) for place, cells in read_delimited(found, data)]
    sizes = _problems(rows)
    file = describe(data, found.where)
    drafts: dict[tuple[str | None, ...], ImportDraft] = {}
    for place, row in rows:
        try:
            key = (row.needed("model"), *(row.text(name) for name in SETTINGS))
            task = row.needed("dataset")
            draft = drafts.get(key)
            if draft is None:
                draft = drafts[key] = ImportDraft(
                    path=found.path, file=file, format=NAME, model=key[0], dtype=row.text("dtype"),
                    protocol=_protocol(row), harness_version=row.text("version"), seconds=0.0,
                )  # fmt: skip
            made = next((one for one in draft.tasks if one.name == task), None)
            if made is None:
                made = DraftTask(name=task, place=place, metric=METRIC)
                draft.tasks.append(made)
            made.totals.append(_total(place, row, sizes.get(task)))
            took = row.number("duration")
            if took is None or draft.seconds is None:
                draft.seconds = None
            else:
                draft.seconds += took
        except MalformedError as error:
            raise refuse(place, error) from None
    if not drafts:
        raise refuse(f"{found.path}", MalformedError("", "no row", "at least one"))
    for key, draft in drafts.items():
        if len(drafts) > 1:
            pairs = zip(("model", *SETTINGS), key, strict=True)
            draft.part = ", ".join(f"{name} {value or '–'}" for name, value in pairs)
    return list(drafts.values())


def _problems(rows: Iterable[tuple[str, Cells]]) -> dict[str, int]:
    """Number of problems by task, where score and standard error of any row have one."""
    sizes: dict[str, int] = {}
    for place, row in rows:
        try:
            task, value, error = row.text("dataset"), row.number("accuracy"), row.number("stderr")
        except MalformedError as wrong:
            raise refuse(place, wrong) from None
        n = None if value is None else problems_behind(value, error)
        if task is None or n is None:
            continue
        if sizes.setdefault(task, n) != n:
            found = f"{n} problems by score and standard error"
            expected = f"{sizes[task]} as in an earlier row of {task}"
            raise refuse(place, MalformedError("stderr", found, expected))
    return sizes


def _total(place: str, row: Cells, n: int | None) -> DraftTotal:
    value, seed = row.number("accuracy"), row.whole("seed")
    if value is None:
        raise row.wrong("accuracy", "the share of right answers")
    if seed is None:
        raise row.wrong("seed", "the seed of the run")
    if n is None:
        raise row.wrong("stderr", "a standard error, in one row of the task at least")
    correct = whole(value, n)
    if correct is None:
        raise row.wrong("accuracy", f"a whole number of {n} problems, as a share")
    return DraftTotal(
        place=place, correct=correct, n=n, trials=n, run=seed, stderr=row.number("stderr")
    )


def _protocol(row: Cells) -> ReportedProtocol:
    template = row.text("prompt_template")
    return ReportedProtocol(
        temperature=row.number("temperature"),
        top_p=row.number("top_p"),
        max_tokens=row.whole("max_new_tokens"),
        prompt=template,
    )
