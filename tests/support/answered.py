"""A home with a model's answers to smoke-30, their grades and record, made without an engine."""

import json
from collections.abc import Mapping

from tests.support.made import NOON, make_grade, make_result
from tests.support.sealed import ENGINE, METRIC, PROTOCOL, VERSIONS, append
from tina_bench.embedded.files import dataset_file
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest, problem_id, sha256_file
from tina_bench.lock.lockfile import packaged_lock, read_lock
from tina_bench.store.home import Home
from tina_bench.store.log_identity import grade_log_name, sample_log_name
from tina_bench.store.outcomes import collect
from tina_bench.store.records import GradeStatus, ResultRecord, Sample

TASK = "smoke-30"


def golds() -> list[tuple[str, str]]:
    """Problem id and right answer of every row."""
    lines = dataset_file(f"{TASK}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(problem_id(row["problem"], 0), row["answer"]) for row in rows]


def answer_home(
    home: Home,
    texts: Mapping[tuple[int, int], str],
    recorded: Mapping[tuple[int, int], bool | None],
    *,
    k: int = 1,
    model: str = "smoke-base",
) -> ResultRecord:
    """Texts and recorded grades by row and seed (`None`: undecided); all others are right."""
    files = read_lock(packaged_lock()).datasets[TASK].files
    grader = {"metric": METRIC, "remove_reasoning_tags": "true", **VERSIONS}
    identity = sample_log_name({"w": "0" * 64}, ENGINE)
    grade_name = grade_log_name(identity, grader)
    assert grade_name is not None
    samples, grades = [], []
    for seed in range(k):
        for row, (problem, gold) in enumerate(golds()):
            key = digest([model, row, seed])
            text = texts.get((row, seed), "so\n</think>\nThe answer is \\boxed{GOLD}.")
            decided = recorded.get((row, seed), True)
            samples.append(
                Sample(
                    key=key, task=TASK, problem=problem, index=row, seed=seed, protocol=PROTOCOL,
                    sample_seed=seed, text=text.replace("GOLD", gold), tokens_in=5, tokens_out=10,
                    finish_reason="stop", finished_at=NOON,
                )
            )  # fmt: skip
            grades.append(
                make_grade(
                    problem, seed, key=key, task=TASK, index=row, protocol=PROTOCOL, metric=METRIC,
                    correct=decided is True, gold=gold, extracted=gold,
                    status=GradeStatus.TIMEOUT if decided is None else GradeStatus.GRADED,
                )
            )  # fmt: skip
    sample_log, grade_log = home.sample_log(model, identity), home.grade_log(model, grade_name)
    append(sample_log, samples)
    append(grade_log, grades)
    seeds, problems = collect([(name, row) for row, (name, _) in enumerate(golds())], grades)
    record = make_result(
        model=model, task=TASK, seeds=seeds, problems=problems, engine=ENGINE, grader=grader,
        protocol=PROTOCOL, weights_sha256={"w": "0" * 64},
        dataset_sha256={name: file.sha256 for name, file in files.items()},
        sample_log=str(sample_log.relative_to(home.root)),
        sample_log_bytes=sample_log.stat().st_size, sample_log_sha256=sha256_file(sample_log),
        grade_log=str(grade_log.relative_to(home.root)),
    )  # fmt: skip
    write_model(home.result_file("smoke", model, TASK), record)
    return record
