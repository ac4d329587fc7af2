"""What every column of the site's tables holds: JSON type and meaning, by the column's name.

A column means the same in every table that has it, and an unknown value is `null` everywhere.
"""

from collections.abc import Mapping
from typing import Any

from tina_bench.stats.evidence.types import Others
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
OTHERS: Schema = {"enum": [*(word.value for word in Others), None]}
VERDICT: Schema = {"enum": [*(verdict.value for verdict in Verdict), None]}
QUESTION: Schema = {"enum": [*(question.value for question in Question), None]}


def _each(kind: Schema, /, **meanings: str) -> dict[str, Schema]:
    """Columns of one type, by name what each of them means."""
    return {name: {**kind, "description": meaning} for name, meaning in meanings.items()}


def _all(kind: Schema, meaning: str, *names: str) -> dict[str, Schema]:
    """Columns that have type and meaning in common: the unit, mostly."""
    return _each(kind, **dict.fromkeys(names, meaning))


def _interval(name: str) -> dict[str, Schema]:
    question = "Which of the two questions the interval answers."
    return {
        **_all(NUMBER, "Lower bound of the interval.", f"{name}_low"),
        **_all(NUMBER, "Upper bound of the interval.", f"{name}_high"),
        **_all(SHARE, "Nominal coverage of the interval.", f"{name}_level"),
        **_all(QUESTION, question, f"{name}_question"),
        **_all(TEXT, "Statistical method, with its citation.", f"{name}_method"),
    }


COLUMNS: Mapping[str, Schema] = {
    **_each(
        TEXT,
        model="Catalog name of the model.",
        base="Catalog name of the model that was trained further.",
        task="Catalog name of the task.",
        scope="Catalog name of a task, or `average`.",
        claim="Catalog name of the published score.",
        who="Who says so.",
        source="Where it is printed.",
        problem="Problem id: a hash of the problem's text.",
        metric="What was counted.",
        stack="Pinned software environment.",
        profile="What `reproduce` was asked for.",
        folder="Job folder.",
        phase="What a stretch of paid time went to.",
        attempt="Attempt at a job.",
        kind="What kind of thing the row is about.",
        device="What was billed.",
        outcome="How it ended.",
        price_name="Which price it was billed at.",
        team="Who measured, people that publish under several names as one.",
        variance_from="What the standard error rests on.",
        prompts_sha256="Hash over problem ids and prompt tokens, template included.",
        grader="Import path of the metric.",
        harness="Software that asked and graded.",
        reason="Why it is not pooled.",
        rests_on="What the estimate is made of.",
        about="What others measured: these weights, or the recipe.",
        sentence="The same for people.",
    ),
    **_all(TEXT, "Name.", "reference_name", "average_name", "measurement_name", "cost_name"),
    **_each(
        TEXTS,
        tasks="Catalog names of the tasks.",
        models="Catalog names of the models, in the order of the lists beside it.",
        deviations="Where the result was not made as asked.",
        caveats="What to keep in mind about it.",
    ),
    **_each(
        WHOLES,
        solved_runs="Runs that solved it, by model.",
        all_runs="Runs that there are, by model.",
        seeds="Sample seeds, ascending.",
    ),
    **_each(NUMBERS, run_percents="Score of each run, in the order of the seeds, percent."),
    **_each(WHOLE, index="Row in the dataset.", seed="Sample seed."),
    **_each(
        COUNT,
        k="Number of tries.",
        runs="Number of runs behind it; unknown where it was not published.",
        decimals="Digits printed after the point.",
        samples="Number of answers.",
        steps="Number of training steps.",
        peak_memory_bytes="Bytes.",
        teams="Number of teams.",
        family="Claims that were corrected for.",
        max_new_tokens="Longest answer, tokens.",
    ),
    **_all(
        COUNT, "Number of them.",
        "n_problems", "k_runs", "n_correct", "n_checkpoints", "n_right", "n_wrong", "n_truncated",
        "n_answers",
    ),
    **_all(
        COUNT, "Number of answers that have the property.",
        "truncated_samples", "unanswered_samples", "undecided_samples",
    ),
    **_all(
        COUNT, "Number of answers that were asked.",
        "truncated_of", "unanswered_of", "undecided_of",
    ),
    **_all(COUNT, "Tokens.", "from_tokens", "below_tokens"),
    **_each(AMOUNT, tokens_in="Tokens read.", price_usd_per_hour="US dollars an hour."),
    **_all(AMOUNT, "Tokens generated.", "tokens_out", "mean_tokens_out"),
    **_all(AMOUNT, "Seconds.", "wall_seconds", "cpu_seconds", "gpu_seconds"),
    **_all(AMOUNT, "Joules.", "energy_joules"),
    **_all(AMOUNT, "US dollars.", "cost_usd", "train_usd"),
    **_all(
        AMOUNT, "The part of the sum that is known, in the sum's unit.",
        "gpu_seconds_known", "energy_joules_known", "cost_usd_known",
    ),
    **_all(
        NUMBER, "Percent.",
        "avg_percent", "pass_at_k_percent", "solved_percent", "share_percent", "score_percent",
        "i_squared_percent", "published_percent", "measured_percent", "run_percent",
        "mean_percent", "truncated_percent", "estimate_percent", "others_percent",
    ),
    **_all(
        NUMBER, "Percentage points.",
        "sd_over_runs_points", "difference_points", "gain_points", "printed_gain_points",
        "supported_gain_points", "after_selection_points", "se_points", "between_teams_points",
        "from_others_points",
    ),
    **_all(
        NUMBER, "Lower end of a 95 % interval, percent.",
        "estimate_low", "next_team_low", "others_low",
    ),
    **_all(
        NUMBER, "Upper end of a 95 % interval, percent.",
        "estimate_high", "next_team_high", "others_high",
    ),
    **_interval("same_problems"),
    **_interval("similar_problems"),
    **_interval("difference"),
    **_interval("interval"),
    **_interval("measured"),
    **_interval("printed"),
    **_interval("supported"),
    **_each(SHARE, p_value="Probability of data as extreme or more, if nothing differs."),
    **_all(SHARE, "p-value.", "disagreement_adjusted_p", "adjusted_p"),
    **_each(
        SHARE, disagree_chance="Chance that teams differ by an SD of more than the margin.",
        top_p="Nucleus mass.",
    ),
    **_each(AMOUNT, temperature="Of sampling; 0 is greedy."),
    **_each(OTHERS, word="What other teams say of the claim."),
    **_each(VERDICT, verdict="Verdict on the claim."),
    **_each(
        FLAG,
        finished="Whether the job is done.",
        interrupted="An attempt in it never ended: the sums are lower bounds.",
        is_on_front="Whether it is so.",
    ),
    **_each(
        MOMENT,
        started="When it started.",
        last_entry="When the ledger's last entry about it was written.",
        finished_at="Moment with time zone.",
    ),
}  # fmt: skip
