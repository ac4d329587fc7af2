"""The hub's tasks on hand-made rows of their columns: what is asked, and what is graded right."""

import hashlib
import importlib
import random
import subprocess
import sys
from typing import Any

import pytest

from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.schema import Source, Task
from tina_bench.jobs.lighteval_tasks import import_path, task_metric

pytestmark = pytest.mark.engine

CATALOG = load_catalog()
TASKS = {name: task for name, task in CATALOG.tasks.items() if task.source is Source.HUB}
QUESTION = "What is $1+1$?"
SOLUTION = "Adding one to one gives $1+1=2$, so the answer is $\\boxed{2}$."
ROWS: dict[str, dict[str, Any]] = {
    "aime24": {"problem": QUESTION, "answer": "2", "solution": SOLUTION, "url": "", "year": "2024"},
    "aime25": {"problem": QUESTION, "answer": "2", "solution": SOLUTION},
    "amc23": {"problem": QUESTION, "answer": "2"},
    "math500": {"problem": QUESTION, "solution": SOLUTION, "answer": "2", "level": 1},
    "minerva": {"problem": QUESTION, "solution": SOLUTION},
    "olympiadbench": {"question": QUESTION, "answer": "$2$"},
    "gpqa": {
        "Question": "Which letter comes first?",
        "Correct Answer": "alpha",
        "Incorrect Answer 1": "beta",
        "Incorrect Answer 2": "gamma",
        "Incorrect Answer 3": "delta",
    },
}
AUTHORS_PROMPT = "ea2cf11800564eb89ca2a03682c04fc030f6c2b9ac266849bb5e4d3adaa44e86"
"""sha256 of what the authors' task file (scripts/eval/run_eval_custom_tasks.py of
shangshang-wang/Tina at c6274cd) makes of QUESTION, in UTF-8."""
AUTHORS_CHOICES = "08d7de20cea106c9ffbbb978853ab72016f9f4fd14577475337e078fc65c8dd1"
"""The same of its GPQA prompt, for the question `Which?` and the choices w, x, y and z."""


def ask(name: str, row: dict[str, Any] | None = None) -> Any:
    task = CATALOG.tasks[name]
    if task.prompt_seed is not None:
        random.seed(task.prompt_seed)
    return import_path(task.prompt)(ROWS[name] if row is None else row, name)


def score(task: Task, doc: Any, text: str) -> float:
    from lighteval.models.model_output import ModelResponse

    doc.specific = None
    compute = task_metric(task).sample_level_fn.compute
    return float(compute(doc=doc, model_response=ModelResponse(text=[text])))


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_every_task_of_the_hub_has_a_row_here() -> None:
    assert set(ROWS) == set(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_a_row_becomes_a_question_with_its_gold_answer(name: str) -> None:
    task, doc = CATALOG.tasks[name], ask(name)
    gold = doc.get_golds()[0]
    if name == "gpqa":
        assert "ABCD"[doc.gold_index] == gold
        assert f"{gold}) alpha" in doc.query
    else:
        assert QUESTION in doc.query
        assert gold == ROWS[name][str(task.gold_field)]
    assert task.gold_field in ROWS[name]


@pytest.mark.parametrize("name", TASKS)
def test_the_right_answer_scores_one_and_a_wrong_one_nothing(name: str) -> None:
    task, doc = CATALOG.tasks[name], ask(name)
    if name == "gpqa":
        right = f"The first one. Answer: {doc.get_golds()[0]}"
        wrong = f"The last one. Answer: {'ABCD'[(doc.gold_index + 1) % 4]}"
    else:
        right = "Therefore, the final answer is: $\\boxed{2}$. I hope it is correct"
        wrong = "Therefore, the final answer is: $\\boxed{3}$. I hope it is correct"
    assert score(task, doc, right) == 1.0
    assert score(task, doc, wrong) == 0.0
    assert score(task, doc, "I do not know.") == 0.0


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"gpqa"}))
def test_the_question_is_put_in_the_authors_words(name: str) -> None:
    assert sha256(ask(name).query) == AUTHORS_PROMPT


def test_gpqa_is_asked_in_the_authors_words() -> None:
    choices = iter("wxyz")
    row = {"Question": "Which?"}
    doc = ask("gpqa", ROWS["gpqa"] | row)
    order = [line[3:] for line in doc.query.splitlines()[-4:]]
    assert sorted(order) == ["alpha", "beta", "delta", "gamma"]
    text = doc.query
    for choice in order:
        text = text.replace(f") {choice}", f") {next(choices)}")
    assert sha256(text) == AUTHORS_CHOICES


def test_gpqa_is_asked_whole_though_it_is_marked_as_instruction() -> None:
    from lighteval.tasks.prompt_manager import PromptManager

    doc = ask("gpqa")
    (message,) = PromptManager(use_chat_template=True).prepare_prompt_api(doc)
    assert message == {"role": "user", "content": doc.query}


def test_the_order_of_choices_is_the_seed_s_and_not_the_process_s() -> None:
    random.seed(1)
    first = ask("gpqa").query
    random.seed(2)
    assert ask("gpqa").query == first
    prompt = import_path(CATALOG.tasks["gpqa"].prompt)
    assert {prompt(ROWS["gpqa"]).gold_index for _ in range(50)} == {0, 1, 2, 3}


@pytest.mark.parametrize("name", TASKS)
def test_the_metric_is_set_as_published(name: str) -> None:
    """Facts, section 5; precision is of no matter to a letter."""
    from lighteval.metrics.utils.extractive_match_utils import (
        ExprExtractionConfig,
        IndicesExtractionConfig,
        LatexExtractionConfig,
    )

    metric = task_metric(CATALOG.tasks[name]).sample_level_fn
    (gold,) = metric.gold_extraction_target
    assert metric.fallback_mode == "first_match"
    assert metric.aggregation_function is max
    if name == "gpqa":
        assert isinstance(gold, IndicesExtractionConfig)
        assert gold.prefix_for_extraction == "NativeLetters"
        assert tuple(metric.pred_extraction_target) == (gold,)
        return
    assert metric.precision == 5
    latex = name in {"math500", "minerva", "olympiadbench"}
    assert isinstance(gold, LatexExtractionConfig if latex else ExprExtractionConfig)
    assert metric.pred_extraction_target == (
        ExprExtractionConfig(),
        LatexExtractionConfig(boxed_match_priority=0),
    )


def test_a_column_that_is_not_there_is_no_question() -> None:
    with pytest.raises(KeyError, match="question"):
        ask("olympiadbench", ROWS["amc23"])


def test_the_adapter_s_metric_is_found_by_its_import_path_only() -> None:
    hub = importlib.import_module("tina_bench.jobs.prompts_hub")
    assert hub.latex_gold_metric.metric_name == "extractive_match"
    with pytest.raises(AttributeError, match="no attribute 'latex_metric'"):
        _ = hub.latex_metric


def test_importing_the_adapter_imports_no_engine() -> None:
    code = "import sys, tina_bench.jobs.prompts_hub; print('lighteval' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
