"""Results of OpenCompass: `results/<model>/<dataset>.json`.

Read at commit a5acc4b, `opencompass/tasks/openicl_eval.py`. With dump_details each answer is there
with its grade, in one of two shapes: by the number of the answer, several runs after another; or a
list by problem (`icl_base_evaluator.py`), each value a list over runs, and the texts in the folder
`predictions` beside. Without it there is only the printed accuracy. Model and dataset are
abbreviations out of the user's configuration, and stand in the names of folder and file alone: say
--model or --map.
"""

import re
from pathlib import Path
from typing import Any

from tina_bench.files.strict import MalformedError, shown
from tina_bench.importing import values
from tina_bench.importing.drafts import DraftTask, Found, ImportDraft, PrintedScore, Row
from tina_bench.importing.reading import MAX_JSON_BYTES, describe, parse_json, read_bytes, refuse

NAME = "opencompass"
MARKS = ("correct", "is_correct", "cascade_correct")
"""What evaluators call their grade, as the harness itself looks for it."""
ACCURACY = re.compile(r"accuracy(?: \((\d{1,6}) runs average\))?")


def read(found: Found) -> list[ImportDraft]:
    """One file as one draft; raises `ForeignFileError` with the key."""
    data = read_bytes(found.path, MAX_JSON_BYTES)
    document = parse_json(found.path, data)
    accuracy = next(
        ((float(document[key]), int(match[1] or 1), key) for key in document
         if (match := ACCURACY.fullmatch(key)) and values.number(document[key]) is not None), None,
    )  # fmt: skip
    task = DraftTask(name=found.path.stem, place=f"{found.path}", metric="accuracy")
    details = document.get("details")
    draft = ImportDraft(
        path=found.path,
        file=describe(data, found.where),
        format=NAME,
        model=found.path.absolute().parent.name,
        model_key="the folder's name",
        tasks=[task],
        config={key: value for key, value in document.items() if key != "details"},
    )
    runs = 1 if accuracy is None else accuracy[1]
    if isinstance(details, dict | list):
        task.rows = (
            _flat_rows(found, details, runs)
            if isinstance(details, dict)
            else _grouped_rows(found, details, _predictions(found, draft))
        )
        if accuracy is not None:
            task.said = {"accuracy": (accuracy[0] / 100, None)}
    elif accuracy is not None:
        percent, runs, key = accuracy
        digits = len(repr(percent).partition(".")[2])
        task.printed = [PrintedScore(f"{found.path}: {key}", percent, digits, runs)]
    else:
        expected = "details, or an accuracy"
        raise refuse(f"{found.path}", MalformedError("", "neither", expected))
    return [draft]


def _flat_rows(found: Found, details: dict[str, Any], runs: int) -> list[Row]:
    """Details by the number of the answer, all of the first run before those of the second."""
    answers = [(key, details[key]) for key in sorted(filter(str.isdecimal, details), key=int)]
    if not answers:
        raise refuse(f"{found.path}", MalformedError("details", "no answer", "one a problem"))
    if runs < 1 or len(answers) % runs:
        what = f"{len(answers)} answers"
        raise refuse(f"{found.path}", MalformedError("details", what, f"a multiple of {runs} runs"))
    n = len(answers) // runs
    rows: list[Row] = []
    for number, (key, answer) in enumerate(answers):
        place = f"{found.path}: details.{key}"
        if not isinstance(answer, dict):
            raise refuse(place, MalformedError("", shown(answer), "an answer with its grade"))
        run, problem = divmod(number, n)
        query = _prompt(answer.get("prompt"))
        if run and query != rows[problem].query:
            expected = f"that of details.{answers[problem][0]}, the same problem in the first run"
            raise refuse(place, MalformedError("prompt", "another problem", expected))
        correct = answer.get("correct")
        if isinstance(correct, list) and len(correct) == 1:
            correct = correct[0]
        rows.append(
            Row(
                place=place,
                problem=str(problem),
                marks={"accuracy": correct},
                run=run,
                query=query,
                text=_first(answer.get("origin_prediction")),
                extracted=_first(answer.get("predictions")),
                gold=_first(answer.get("references")),
            )
        )
    return rows


def _grouped_rows(found: Found, details: list[Any], predictions: list[dict[str, Any]]) -> list[Row]:
    """Details by problem, each value a list over runs, as newer releases write them."""
    if not details:
        raise refuse(f"{found.path}", MalformedError("details", "no problem", "at least one"))
    rows: list[Row] = []
    for number, one in enumerate(details):
        place = f"{found.path}: details.{number}"
        if not isinstance(one, dict):
            raise refuse(place, MalformedError("", shown(one), "a problem with its grades"))
        marks = next((_list(one[key]) for key in MARKS if one.get(key) is not None), [])
        if not marks:
            raise refuse(
                place, MalformedError("correct", "nothing", "whether each answer is right")
            )
        read_out, golds = _list(one.get("pred")), _list(one.get("answer"))
        for run, mark in enumerate(marks):
            index = run * len(details) + number
            # An evaluator may leave a problem out: then no text is certain.
            fitting = len(predictions) == len(details) * len(marks)
            answer = predictions[index] if fitting else {}
            rows.append(
                Row(
                    place=place,
                    problem=values.text(one.get("example_abbr")) or str(number),
                    marks={"accuracy": mark},
                    run=run,
                    query=_prompt(answer.get("origin_prompt")),
                    text=_first(answer.get("prediction")),
                    extracted=_first(read_out[run]) if run < len(read_out) else None,
                    gold=_first(golds[run]) if run < len(golds) else None,
                )
            )
    return rows


def _predictions(found: Found, draft: ImportDraft) -> list[dict[str, Any]]:
    """The answers themselves, in order, out of the folder beside the results; none without it."""
    path = found.path.absolute()
    path = path.parent.parent.parent / "predictions" / path.parent.name / path.name
    if not path.is_file():
        return []
    data = read_bytes(path, MAX_JSON_BYTES)
    where = Path(found.where).parent.parent.parent / "predictions" / path.parent.name / path.name
    draft.beside.append(describe(data, where.as_posix()))
    document = parse_json(path, data)
    keys = sorted(filter(str.isdecimal, document), key=int)
    return [document[key] for key in keys if isinstance(document[key], dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(value: Any) -> str | None:
    while isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) else None


def _prompt(prompt: Any) -> str | None:
    """The text of a prompt, or of the last turn of one by turns."""
    if isinstance(prompt, list):
        turns = [one.get("prompt") for one in prompt if isinstance(one, dict)]
        prompt = next((turn for turn in reversed(turns) if isinstance(turn, str)), None)
    return prompt if isinstance(prompt, str) else None
