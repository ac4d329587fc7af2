"""Prompts and one metric of the hub's tasks, put together from LightEval's own parts.

No word of a prompt and no rule of grading stands here: a row's columns are handed to LightEval's
`aime_prompt`, whose wording is that of the Tina authors' task file, and `latex_gold_metric` is the
scorer that LightEval keeps inside `Metrics.g_pass_at_k_latex`, for one answer instead of many.
Checked against LightEval 0.13.0 and the authors' scripts/eval/run_eval_custom_tasks.py at c6274cd.
"""

from typing import Any


def answer_prompt(line: dict[str, Any], task_name: str | None = None) -> Any:
    """A row with `problem` and `answer` as a `Doc` (AIME, AMC)."""
    return _doc(line["problem"], line["answer"], task_name)


def solution_prompt(line: dict[str, Any], task_name: str | None = None) -> Any:
    """A row with `problem` and a worked `solution`, which holds the answer (MATH-500, Minerva)."""
    return _doc(line["problem"], line["solution"], task_name)


def question_prompt(line: dict[str, Any], task_name: str | None = None) -> Any:
    """A row with `question` and `answer` (OlympiadBench)."""
    return _doc(line["question"], line["answer"], task_name)


def _doc(problem: str, gold: str, task_name: str | None) -> Any:
    from lighteval.tasks.tasks.aime import aime_prompt

    doc = aime_prompt({"problem": problem, "answer": gold}, task_name)
    # LightEval 0.13 leaves its source's line breaks around the text; the authors' file does not.
    doc.query = doc.query.removeprefix("\n").removesuffix("\n")
    return doc


def __getattr__(name: str) -> Any:
    """`latex_gold_metric`, made on first use, so that importing this imports no engine."""
    if name != "latex_gold_metric":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _latex_gold_metric()


def _latex_gold_metric() -> Any:
    """`Metrics.expr_gold_metric` with a gold answer that is read as LaTeX."""
    from dataclasses import replace

    from lighteval.metrics.metrics import Metrics

    sampling = Metrics.g_pass_at_k_latex.value.sample_level_fn
    return replace(Metrics.expr_gold_metric.value, sample_level_fn=sampling.compute_score.__self__)
