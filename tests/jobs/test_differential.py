"""Our loop against LightEval's own pipeline: same model, same prompts, greedy."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import CALM, Program

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

TASKS = ("smoke-30", "smoke-40", "smoke-100")
GREEDY = """
[profiles.greedy]
title = "greedy, one run"
models = ["smoke-base"]
tasks = ["smoke-30", "smoke-40", "smoke-100"]
seeds = [0]
stack = "cpu"
max_model_tokens = 512
sampling = { temperature = 0, top_p = 1 }
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("greedy")
    (folder / "greedy.toml").write_text(GREEDY)
    program = Program(folder / "home")
    program.run(
        "reproduce", "--all", "--profile", "greedy", "--catalog", str(folder / "greedy.toml")
    )
    return program


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    out = tmp_path_factory.mktemp("pipeline") / "out.json"
    subprocess.run(
        [sys.executable, "-m", "tests.jobs.lighteval_pipeline", str(out), ",".join(TASKS)],
        env={**os.environ, **CALM},
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=550,
    )
    return json.loads(out.read_text())  # type: ignore[no-any-return]


def test_scores_equal_those_of_lightevals_pipeline(
    ours: Program, theirs: dict[str, dict[str, float]]
) -> None:
    found = {task: r.n_correct / r.n for (_, task), r in ours.results().items()}
    assert found == pytest.approx(theirs["scores"], abs=1e-12)
    assert 0 < min(found.values()) < 1, "a comparison of all-right or all-wrong proves nothing"


def test_every_answer_is_the_same_text_as_in_lightevals_pipeline(
    ours: Program, theirs: dict[str, dict[str, dict[str, str]]]
) -> None:
    found: dict[str, dict[str, str]] = {}
    for sample in ours.samples("smoke-base"):
        found.setdefault(sample.task, {})[str(sample.index)] = sample.text
    assert found == theirs["texts"]
