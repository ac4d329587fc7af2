"""What a column of a table means, by its name: names carry their units in this project.

The longest ending that a name has decides, exact names first. A column that no rule knows is still
described, as a value of any kind, and `is_known` says so, for the tests to catch.
"""

from typing import Any

from tina_bench.stats.types import Question, Verdict

Schema = dict[str, Any]

TEXT: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": ["number", "null"]}
AMOUNT: Schema = {"type": ["number", "null"], "minimum": 0}
COUNT: Schema = {"type": ["integer", "null"], "minimum": 0}
WHOLE: Schema = {"type": ["integer", "null"]}
FLAG: Schema = {"type": ["boolean", "null"]}
MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
TEXTS: Schema = {"type": ["array", "null"], "items": {"type": "string"}}
WHOLES: Schema = {"type": ["array", "null"], "items": {"type": "integer"}}
NUMBERS: Schema = {"type": ["array", "null"], "items": {"type": "number"}}
SHARE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
ANY: Schema = {"type": ["string", "number", "boolean", "array", "null"]}


def _said(kind: Schema, meaning: str) -> Schema:
    return {**kind, "description": meaning}


_EXACT: dict[str, Schema] = {
    "model": _said(TEXT, "Catalog name of the model."),
    "model_a": _said(TEXT, "Catalog name of the first model."),
    "model_b": _said(TEXT, "Catalog name of the second model."),
    "base": _said(TEXT, "Catalog name of the model that was trained further."),
    "task": _said(TEXT, "Catalog name of the task."),
    "tasks": _said(TEXTS, "Catalog names of the tasks."),
    "scope": _said(TEXT, "Catalog name of a task, or `average`."),
    "title": _said(TEXT, "As people print it."),
    "claim": _said(TEXT, "Catalog name of the published score."),
    "family": _said(TEXT, "What belongs together, as it is printed."),
    "who": _said(TEXT, "Who says so."),
    "source": _said(TEXT, "Where it is printed."),
    "verdict": _said(
        {"enum": [*(verdict.value for verdict in Verdict), None]}, "Verdict on the claim."
    ),
    "reason": _said(TEXT, "Why, in a sentence."),
    "problem": _said(TEXT, "Problem id: a hash of the problem's text."),
    "index": _said(WHOLE, "Row in the dataset."),
    "models": _said(TEXTS, "Catalog names of the models, in the order of the lists beside it."),
    "solved_runs": _said(WHOLES, "Runs that solved it, by model."),
    "all_runs": _said(WHOLES, "Runs that there are, by model."),
    "seed": _said(WHOLE, "Sample seed."),
    "seeds": _said(WHOLES, "Sample seeds, ascending."),
    "metric": _said(TEXT, "What was counted."),
    "k": _said(COUNT, "Number of tries."),
    "n": _said(COUNT, "Number of problems."),
    "run_percents": _said(NUMBERS, "Score of each run, in the order of the seeds, percent."),
    "stack": _said(TEXT, "Pinned software environment."),
    "profile": _said(TEXT, "What `reproduce` was asked for."),
    "deviations": _said(TEXTS, "Where the result was not made as asked."),
    "caveats": _said(TEXTS, "What to keep in mind about it."),
    "method": _said(TEXT, "Statistical method, with its citation."),
    "p_value": _said(SHARE, "Probability of data as extreme or more, if nothing differs."),
    "adjusted_p": _said(SHARE, "p-value, adjusted for the number of comparisons."),
    "step": _said(COUNT, "Step of a training."),
    "folder": _said(TEXT, "Job folder."),
    "finished": _said(FLAG, "Whether the job is done."),
    "started": _said(MOMENT, "When it started."),
    "last_entry": _said(MOMENT, "When the ledger's last entry about it was written."),
    "phase": _said(TEXT, "What a stretch of paid time went to."),
    "attempt": _said(TEXT, "Attempt at a job."),
    "kind": _said(TEXT, "What kind of thing the row is about."),
    "device": _said(TEXT, "What was billed."),
    "devices": _said(COUNT, "How many of them."),
    "complete": _said(FLAG, "Whether everything that was asked for is in it."),
    "runs": _said(COUNT, "Number of runs behind it; unknown where it was not published."),
    "decimals": _said(COUNT, "Digits printed after the point."),
    "job": _said(TEXT, "Job id."),
    "outcome": _said(TEXT, "How it ended."),
    "failed": _said(FLAG, "Whether it failed."),
    "price_name": _said(TEXT, "Which price it was billed at."),
    "interrupted": _said(FLAG, "An attempt in it never ended: the sums are lower bounds."),
    "samples": _said(COUNT, "Number of answers."),
    "steps": _said(COUNT, "Number of training steps."),
    "rank": _said(COUNT, "Place, 1 is best."),
    "best": _said(COUNT, "Best rank that it may have."),
    "worst": _said(COUNT, "Worst rank that it may have."),
}
_ENDINGS: dict[str, Schema] = {
    "_percent": _said(NUMBER, "Percent."),
    "_percents": _said(NUMBERS, "Percent each."),
    "_points": _said(NUMBER, "Percentage points."),
    "_share": _said(SHARE, "Share of 1."),
    "_usd": _said(AMOUNT, "US dollars."),
    "_usd_per_hour": _said(AMOUNT, "US dollars an hour."),
    "_usd_per_gpu_hour": _said(AMOUNT, "US dollars an hour and GPU."),
    "_seconds": _said(AMOUNT, "Seconds."),
    "_hours": _said(AMOUNT, "Hours."),
    "_joules": _said(AMOUNT, "Joules."),
    "_known": _said(AMOUNT, "The part of the sum that is known, in the sum's unit."),
    "_bytes": _said(COUNT, "Bytes."),
    "_tokens": _said(COUNT, "Tokens."),
    "_samples": _said(COUNT, "Number of answers that have the property."),
    "_of": _said(COUNT, "Number of answers that were asked."),
    "_low": _said(NUMBER, "Lower bound of the interval."),
    "_high": _said(NUMBER, "Upper bound of the interval."),
    "_level": _said(SHARE, "Nominal coverage of the interval."),
    "_question": _said(
        {"enum": [*(question.value for question in Question), None]},
        "Which of the two questions the interval answers.",
    ),
    "_method": _said(TEXT, "Statistical method, with its citation."),
    "_at": _said(MOMENT, "Moment with time zone."),
    "_sha256": _said({"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}, "sha256, in hex."),
    "_id": _said(TEXT, "Identity."),
    "_title": _said(TEXT, "As people print it."),
    "_name": _said(TEXT, "Name."),
    "tokens_in": _said(AMOUNT, "Tokens read."),
    "tokens_out": _said(AMOUNT, "Tokens generated."),
    "_p": _said(SHARE, "p-value."),
    "_p_value": _said(SHARE, "p-value."),
}
_BEGINNINGS: dict[str, Schema] = {
    "n_": _said(COUNT, "Number of them."),
    "k_": _said(COUNT, "Number of them."),
    "is_": _said(FLAG, "Whether it is so."),
    "has_": _said(FLAG, "Whether it is so."),
}


def _found(name: str) -> Schema | None:
    if name in _EXACT:
        return _EXACT[name]
    for endings, fits in ((_ENDINGS, name.endswith), (_BEGINNINGS, name.startswith)):
        fitting = [part for part in endings if fits(part)]
        if fitting:
            return endings[max(fitting, key=len)]
    return None


def is_known(name: str) -> bool:
    """Whether a rule says what the column means."""
    return _found(name) is not None


def column_schema(name: str) -> Schema:
    """JSON Schema of a column's values; an unknown value is `null` everywhere."""
    return _found(name) or _said(ANY, "A value of its own.")
