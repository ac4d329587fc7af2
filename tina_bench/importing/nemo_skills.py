"""Outputs of NeMo-Skills: `<benchmark>/output-rs<seed>.jsonl`, one line a problem.

Read at commit 8b18f39, `nemo_skills/inference/generate.py` and `evaluation/math_grader.py`. Each
seed is a file and becomes a record of its own. Neither model nor sampling stand in the rows, and
the benchmark only in the folder's name; `metrics.json` beside them is made of these rows and not
read.
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

NAME = "nemo-skills"
SEED = re.compile(r".*-rs(\d{1,9})\.jsonl")
MARKS = ("symbolic_correct", "is_correct")
"""The grader's own mark, and what it was called before 2025."""


class _Line(BaseModel):
    """One problem and one answer."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    id: int | str | None = None
    problem: str | None = None
    question: str | None = None
    expected_answer: Any = None
    predicted_answer: Any = None
    generation: str
    num_generated_tokens: int | None = None
    finish_reason: str | None = None
    symbolic_correct: Any = None
    is_correct: Any = None


def read(found: Found) -> list[ImportDraft]:
    """One file, which is one run, as one draft; raises `ForeignFileError` with the line."""
    data = read_bytes(found.path, MAX_BYTES)
    named = SEED.fullmatch(found.path.name)
    seed = int(named[1]) if named else None
    task = DraftTask(name=found.path.absolute().parent.name, place=f"{found.path}")
    for place, line in parse_lines(found.path, data):
        one = shaped(place, _Line, line)
        marks = {name: line[name] for name in MARKS if name in line}
        if not marks:
            expected = "whether it is right: grade the outputs first"
            raise refuse(place, MalformedError(MARKS[0], "nothing", expected))
        task.rows.append(
            Row(
                place=place,
                problem=None if one.id is None else str(one.id),
                marks=marks,
                run=seed,
                query=one.problem or one.question,
                text=one.generation,
                tokens=one.num_generated_tokens,
                truncated=None if one.finish_reason is None else one.finish_reason == "length",
                extracted=None if one.predicted_answer is None else str(one.predicted_answer),
                gold=None if one.expected_answer is None else str(one.expected_answer),
            )
        )
    return [
        ImportDraft(
            path=found.path,
            file=describe(data, found.where),
            format=NAME,
            model=None,
            tasks=[task],
            seed=seed,
        )
    ]
