"""Records made by hand: what a test does not name is plain."""

import datetime
from typing import Any

from tina_bench.catalog.schema import Stack
from tina_bench.store.job_folder import FetchInputs, JobFolder, JobResult, MergeInputs, Weights
from tina_bench.store.records import (
    Grade,
    GradeStatus,
    Job,
    JobKind,
    LedgerEntry,
    Outcome,
    Phase,
    ProblemOutcome,
    Provenance,
    ResultRecord,
)

NOON = datetime.datetime(2026, 1, 2, 12, 0, tzinfo=datetime.UTC)


def make_entry(**given: Any) -> LedgerEntry:
    values: dict[str, Any] = {
        "attempt": "a1",
        "event": "spent",
        "kind": JobKind.EVALUATE,
        "folder": "evaluate-m-1",
        "model": "m",
        "stack": "cpu",
        "phase": Phase.GENERATE,
        "at": NOON,
        "wall_seconds": 0.0,
        "cpu_seconds": 0.0,
        "peak_memory_bytes": 0,
        "device": "a processor",
        "gpu_count": 0,
        "gpu_seconds": 0.0,
        "gpu_utilisation": None,
        "energy_joules": None,
        "driver": None,
        "price_name": None,
        "price_usd_per_hour": None,
        "cost_usd": None,
    }
    return LedgerEntry(**{**values, **given})


def make_grade(problem: str, seed: int, **given: Any) -> Grade:
    values: dict[str, Any] = {
        "key": f"{problem}/{seed}",
        "task": "t",
        "problem": problem,
        "index": 0,
        "seed": seed,
        "protocol": "p",
        "metric": "module:metric",
        "status": GradeStatus.GRADED,
        "correct": False,
        "extracted": "1",
        "gold": "1",
        "truncated": False,
        "tokens_out": 10,
    }
    return Grade(**{**values, **given})


def make_result(tokens_out: tuple[tuple[int, ...], ...] = ((10,),), **given: Any) -> ResultRecord:
    """A result of one problem per row of `tokens_out` and one run per column; all answers wrong."""
    model = given.get("model", "m")
    provenance = {
        "tina_bench_version": "0",
        "weights_sha256": {},
        "dataset_sha256": {},
        "prompts_sha256": "",
        "engine": {},
        "sampling": {},
        "grader": {},
        "packages": {},
        "stack": "cpu",
        "profile": "smoke",
        "hardware": {},
        "protocol": "p",
        "sample_log": f"samples/{model}/i.jsonl",
        "sample_log_bytes": 0,
        "sample_log_sha256": "",
        "grade_log": f"grades/{model}/i.jsonl",
        "command_line": (),
        "started_at": NOON,
        "finished_at": NOON,
    }
    changed = {key: given.pop(key) for key in list(given) if key in Provenance.model_fields}
    k = len(tokens_out[0])
    values: dict[str, Any] = {
        "model": "m",
        "task": "t",
        "seeds": tuple(range(k)),
        "problems": tuple(
            ProblemOutcome(
                problem=f"p{index}",
                index=index,
                correct=(False,) * k,
                undecided=(False,) * k,
                answered=(True,) * k,
                truncated=(False,) * k,
                tokens_out=row,
            )
            for index, row in enumerate(tokens_out)
        ),
        "provenance": Provenance.model_validate({**provenance, **changed}),
    }
    return ResultRecord(**{**values, **given})


def make_fetch_folder(files: dict[str, tuple[int, str]], **given: Any) -> JobFolder:
    """A fetch job of one model; `files` gives size and sha256 by name."""
    values: dict[str, Any] = {
        "kind": JobKind.FETCH,
        "name": "fetch-smoke-base-01234567",
        "attempt": "a1",
        "jobs": (Job(id="0123456789abcdef", kind=JobKind.FETCH, model="smoke-base", pool="pool"),),
        "inputs": FetchInputs(
            sizes={name: size for name, (size, _) in files.items()},
            sha256={name: sha256 for name, (_, sha256) in files.items()},
        ),
        "stack": "cpu",
        "price_name": "test",
        "price_usd_per_hour": 3600.0,
        "billed_per": "machine",
    }
    return JobFolder(**{**values, **given})


def make_merge_folder(stack: Stack, **given: Any) -> JobFolder:
    """A merge, which computes on what its stack computes on."""
    weights = Weights(folder="jobs/fetch-m-0/files", sha256={})
    inputs = MergeInputs(base=weights, adapter=weights, stack=stack)
    return make_fetch_folder({}, **{"kind": JobKind.MERGE, "inputs": inputs, **given})


def make_job_result(name: str, done: tuple[str, ...] = ("j1",)) -> JobResult:
    return JobResult(
        kind=JobKind.FETCH,
        name=name,
        attempt="a1",
        outcome=Outcome.DONE,
        done=done,
        finished_at=NOON,
    )
