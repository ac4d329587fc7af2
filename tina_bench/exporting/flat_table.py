"""`csv`: one flat table, a row an answer; of imports without answers, a row a count.

Its columns are those of `tina_bench.frames.results` and of the plain table that `tina-bench import`
reads, so that it goes into pandas and comes back into a home. An empty cell is unknown.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tina_bench.exporting.measurements import (
    ExportedAnswer,
    ExportedMeasurement,
    NotExported,
    WrittenExport,
)
from tina_bench.files.atomic import written_lines

WHOSE = ("profile", "model", "task")
ANSWER = (
    "problem", "index", "seed", "correct", "undecided", "answered", "truncated", "tokens_out",
)  # fmt: skip
COUNT = ("trials", "n", "runs", "percent", "sd_points")
SETTINGS = (
    "temperature", "top_p", "max_tokens", "prompt", "grader", "revision", "harness", "who",
    "source",
)  # fmt: skip
TEXTS = ("gold", "extracted", "text")
COLUMNS = (*WHOSE, *ANSWER, *COUNT, *SETTINGS, *TEXTS)
NOT_A_PERCENTAGE = "left out, as only shares and percentages have a column"


def write(
    measurements: Sequence[ExportedMeasurement], path: Path, left_out: NotExported
) -> WrittenExport:
    """Write the table."""
    written = WrittenExport()
    with written_lines(path) as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for one in measurements:
            common, answers = _common(one), 0
            if one.answers is not None:
                for answer in one.answers():
                    table.writerow(common | _answer(answer))
                    answers += 1
            elif one.correct is None and not 0 <= one.score <= 1:
                left_out.add(NOT_A_PERCENTAGE, one.label)
                continue
            else:
                table.writerows(common | row for row in _counts(one))
            written.add(one, answers)
        written.refuse_nothing(left_out)
    return written


def _common(one: ExportedMeasurement) -> dict[str, Any]:
    said, profile = one.protocol, f"profile {one.name}"
    return {
        "profile": None if one.third_party else one.name,
        "model": one.model,
        "task": one.task,
        "temperature": said.temperature,
        "top_p": said.top_p,
        "max_tokens": said.max_tokens,
        "prompt": said.prompt,
        "grader": said.grader,
        "revision": one.revision,
        "harness": " ".join(filter(None, (one.harness, one.harness_version))),
        "who": one.who,
        # With it, rows of one model and task from two sources stay two measurements.
        "source": "; ".join(filter(None, (one.source, one.name if one.third_party else profile))),
    }


def _answer(answer: ExportedAnswer) -> dict[str, Any]:
    return {
        "problem": answer.problem,
        "index": answer.index,
        "seed": answer.seed,
        "correct": answer.correct,
        "undecided": answer.undecided,
        "answered": answer.answered,
        "truncated": answer.truncated,
        "tokens_out": answer.tokens_out,
        "trials": 1,
        "gold": answer.gold,
        "extracted": answer.extracted,
        "text": answer.text,
    }


def _counts(one: ExportedMeasurement) -> Iterator[dict[str, Any]]:
    for total in one.totals:
        of_all = total.problem is None
        yield {
            "problem": total.problem,
            "index": total.index,
            "seed": total.seed,
            "correct": total.correct,
            "trials": total.trials,
            "n": one.n if of_all else None,
        }
    if not one.totals:
        percent = 100 * one.score
        shown = repr(percent) if one.decimals is None else f"{percent:.{one.decimals}f}"
        yield {"percent": shown, "runs": one.runs, "sd_points": one.sd_points, "n": one.n}
