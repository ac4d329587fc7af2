"""Validation dumps of verl: `<folder>/<step>.jsonl`, one line an answer.

Read at commit b178a3c, `verl/trainer/ppo/ray_trainer.py` (`_dump_generations`). Lines have input,
output, gts, score and step, and whatever the reward function adds; neither model nor task nor the
problem's id. The problem is its text, and the task is called as the folder is. Each step is other
weights, and so a measurement of its own.
"""

from collections import Counter
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

NAME = "verl"
MARKS = ("score", "acc")
"""What is taken for right or wrong: the reward, and the accuracy that some rewards add to it."""


class _Line(BaseModel):
    """One answer."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    input: str
    output: str
    gts: Any = None
    score: Any
    step: int | None = None
    pred: Any = None


def read(found: Found) -> list[ImportDraft]:
    """One file as one draft; raises `ForeignFileError` with the line."""
    data = read_bytes(found.path, MAX_BYTES)
    task = DraftTask(name=found.path.absolute().parent.name, place=f"{found.path}", metric="acc")
    seen, step = Counter[str](), None
    for place, line in parse_lines(found.path, data):
        one = shaped(place, _Line, line)
        if task.rows and one.step != step:
            found_step, expected = f"step {one.step}", f"{step} as in the first line"
            raise refuse(place, MalformedError("step", found_step, expected))
        step = one.step
        task.rows.append(
            Row(
                place=place,
                problem=None,
                marks={name: line[name] for name in MARKS if name in line},
                run=seen[one.input],
                query=one.input,
                text=one.output,
                extracted=one.pred if isinstance(one.pred, str) else None,
                gold=one.gts if isinstance(one.gts, str) else None,
            )
        )
        seen[one.input] += 1
    draft = ImportDraft(
        path=found.path,
        file=describe(data, found.where),
        format=NAME,
        model=None,
        tasks=[task],
        config={} if step is None else {"step": step},
        revision=None if step is None else f"step {step}",
    )
    if step is not None:
        draft.remarks.append(
            f"{found.path}: weights of step {step} of a training; the model that --model names "
            "must be this step."
        )
    return [draft]
