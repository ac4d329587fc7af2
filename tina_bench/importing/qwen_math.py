"""Outputs of the evaluation code of Qwen2.5-Math, which many forks use.

Read at commit a45202b, `evaluation/math_eval.py`: `<data>/<split>_<prompt>_<num>_seed<s>_t<T>_....
jsonl`, one line a problem with the lists code, pred and score, one entry a sample. The `acc` of the
metrics file beside it is of the first sample alone, so it is not read: the scores are counted. No
model's name stands anywhere, and the task's only in the folder's.
"""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict

from tina_bench.files.strict import MalformedError
from tina_bench.importing.drafts import DraftTask, Found, ImportDraft, Row
from tina_bench.importing.reading import (
    MAX_BYTES,
    describe,
    parse_lines,
    read_bytes,
    refuse,
    shaped,
)
from tina_bench.store.imported import ReportedProtocol

NAME = "qwen2.5-math"
SETTINGS = re.compile(
    r".+?_(?P<prompt>[^_]+)_-?\d+_seed(?P<seed>\d{1,9})_t(?P<t>\d{1,4}(\.\d{1,6})?)_s.*\.jsonl"
)


class _Line(BaseModel):
    """One problem."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    idx: int | str
    question: str
    gt: Any = None
    code: list[str]
    pred: list[Any] = []
    score: list[Any]


def read(found: Found) -> list[ImportDraft]:
    """One file as one draft; raises `ForeignFileError` with the line."""
    data = read_bytes(found.path, MAX_BYTES)
    task = DraftTask(name=found.path.absolute().parent.name, place=f"{found.path}", metric="score")
    for place, line in parse_lines(found.path, data):
        one = shaped(place, _Line, line)
        if len(one.score) != len(one.code):
            expected = f"{len(one.code)}, one an answer in code"
            raise refuse(place, MalformedError("score", f"{len(one.score)} scores", expected))
        if not one.score:
            raise refuse(place, MalformedError("score", "no score", "one an answer"))
        task.rows += [
            Row(
                place=place,
                problem=str(one.idx),
                marks={"score": score},
                run=number,
                query=one.question,
                text=one.code[number],
                extracted=str(one.pred[number]) if number < len(one.pred) else None,
                gold=None if one.gt is None else str(one.gt),
            )
            for number, score in enumerate(one.score)
        ]
    draft = ImportDraft(path=found.path, file=describe(data, found.where), format=NAME, model=None)
    draft.tasks.append(task)
    settings = SETTINGS.fullmatch(found.path.name)
    if settings is not None:
        draft.seed = int(settings["seed"])
        draft.protocol = ReportedProtocol(
            temperature=float(settings["t"]), prompt=settings["prompt"]
        )
    return [draft]
