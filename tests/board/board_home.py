"""A small home made by the store's own functions, with answers as hostile as a model can write."""

import datetime
import hashlib
import random
from pathlib import Path

from board_catalog import ADAPTER, BASE, SIZES
from board_costs import START, write_costs, write_training

from tina_bench.files.append_log import LogWriter, read_log
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest, sha256_file
from tina_bench.store.home import Home
from tina_bench.store.records import (
    Grade,
    GradeStatus,
    ProblemOutcome,
    Provenance,
    ResultRecord,
    Sample,
)

SHARES = {
    BASE: {"aime24": 0.30, "amc23": 0.71, "math500": 0.84, "aime25": 0.22, "gpqa": 0.33},
    ADAPTER: {"aime24": 0.31, "amc23": 0.74, "math500": 0.87, "aime25": 0.25, "gpqa": 0.36},
}
METRIC = "lighteval.metrics:metric"
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></details></article><img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">click</a> [x](javascript:alert(2)) https://evil.example/x',
    "\u202egnp.exe\u202c \u2066isolated\u2069 \u200bzero\u200d width \ufeffmark",
    "NUL \x00 bell \x07 escape \x1b[31m delete \x7f next \x85 return \r\n tab \t end",
    "lone surrogate \ud800 and \udfff, noncharacter \uffff, tag \U000e0041",
    "\n\nstarts and ends with newlines\n\n",
    "A" * 100_000,
    "]]> --> <!-- <style>*{display:none}</style> <base href=//evil.example> &lt;b&gt; &amp;",
    "{{ 7*7 }} {% include '/etc/passwd' %} ⟨U+202E⟩ spelled, not held",
    "Z\u0301\u0302\u0303\u0304" * 50 + " שלום مرحبا 你好 👩‍🚀 =HYPERLINK(1)",
)


def text_of(index: int, seed: int) -> str:
    """The answer to a problem; the first problems of a run are the hostile ones."""
    if index < len(HOSTILE):
        return HOSTILE[index]
    return (
        f"<think>\nProblem {index}, run {seed}: let x < y & y > z.\n" + "So 1 + 1 = 2. " * 20 + "\n"
        f"</think>\n\n$\\boxed{{{index}}}$"
    )


def _samples(model: str, task: str, seeds: tuple[int, ...], n: int) -> list[Sample]:
    return [
        Sample(
            key=digest([model, task, index, seed]),
            task=task,
            problem=digest([task, index])[:16],
            index=index,
            seed=seed,
            protocol="p" * 16,
            sample_seed=1000 * seed + index,
            text=text_of(index, seed),
            tokens_in=100,
            tokens_out=900 + 37 * index + seed,
            finish_reason="length" if index % 9 == 4 else "stop",
            finished_at=START + datetime.timedelta(minutes=seed, seconds=index),
        )
        for seed in seeds
        for index in range(n)
    ]


def _grade(sample: Sample, rng: random.Random, ease: float) -> Grade:
    timeout = sample.index == 5 and sample.seed == 1
    correct = not timeout and rng.random() < ease
    return Grade(
        key=sample.key,
        task=sample.task,
        problem=sample.problem,
        index=sample.index,
        seed=sample.seed,
        protocol=sample.protocol,
        metric=METRIC,
        status=GradeStatus.TIMEOUT if timeout else GradeStatus.GRADED,
        correct=correct,
        extracted=None
        if timeout or (sample.index % 7 == 3 and not correct)
        else f"<i>{sample.index}</i>\u202e",
        gold=f"{sample.index}" if sample.index else "\\frac{1}{2} <gold>",
        truncated=sample.finish_reason == "length",
        tokens_out=sample.tokens_out,
    )


def _stale(grades: list[Grade], **changes: str) -> list[Grade]:
    """What some other grader said of the same answers."""
    return [g.model_copy(update={"extracted": "stale", **changes}) for g in grades]


def _provenance(home: Home, model: str, log: Path, grade_log: Path, task: str) -> Provenance:
    return Provenance(
        tina_bench_version="0.1.0",
        weights_sha256={"model.safetensors": hashlib.sha256(model.encode()).hexdigest()},
        dataset_sha256={f"{task}.parquet": hashlib.sha256(task.encode()).hexdigest()},
        prompts_sha256=hashlib.sha256(task.encode() * 2).hexdigest(),
        engine={
            "vllm": "0.31.0",
            "dtype": "bfloat16",
            "options": {"enforce_eager": False, "seed": None},
        },
        sampling={"temperature": 0.6, "top_p": 0.95, "top_k": -1},
        grader={"metric": METRIC, "lighteval": "0.13.0", "math-verify": "0.5.2"},
        packages={"vllm": "0.31.0", "torch": "2.13.0", "transformers": "5.17.0"},
        stack="current",
        profile="paper",
        hardware={
            "processor": "AMD EPYC 9354",
            "cores": 32,
            "gpus": ["NVIDIA L40S"],
            "gpu_driver": "570.1",
        },
        deviations=("4 seeds instead of the profile's 10",) if task == "math500" else (),
        protocol="p" * 16,
        sample_log=str(log.relative_to(home.root)),
        sample_log_bytes=log.stat().st_size,
        sample_log_sha256=sha256_file(log),
        grade_log=str(grade_log.relative_to(home.root)),
        command_line=("tina-bench", "reproduce", "--model", model, "--note", "it's <b>"),
        started_at=START,
        finished_at=START + datetime.timedelta(hours=2, minutes=len(task)),
    )


def _record(
    home: Home,
    model: str,
    task: str,
    *,
    seeds: tuple[int, ...],
    grades: list[Grade],
    log: Path,
    grade_log: Path,
) -> ResultRecord:
    by_index: dict[int, list[Grade]] = {}
    for grade in sorted(grades, key=lambda g: g.seed):
        by_index.setdefault(grade.index, []).append(grade)
    return ResultRecord(
        model=model,
        task=task,
        seeds=seeds,
        problems=tuple(
            ProblemOutcome(
                problem=runs[0].problem,
                index=index,
                correct=tuple(g.correct for g in runs),
                undecided=tuple(g.status is not GradeStatus.GRADED for g in runs),
                answered=tuple(g.extracted is not None for g in runs),
                truncated=tuple(g.truncated for g in runs),
                tokens_out=tuple(g.tokens_out for g in runs),
            )
            for index, runs in sorted(by_index.items())
        ),
        provenance=_provenance(home, model, log, grade_log, task),
    )


def fabricate(
    root: Path,
    tasks: tuple[str, ...] = ("aime24", "amc23", "math500"),
    seeds: tuple[int, ...] = (0, 1, 2, 3),
) -> Home:
    """Two models on the tasks with the seeds, costs, and a training that was resumed once."""
    home = Home(root)
    for model in (BASE, ADAPTER):
        log = home.sample_log(model, f"identity-{model}")
        samples = {task: _samples(model, task, seeds, SIZES[task]) for task in tasks}
        with LogWriter(log) as writer:
            writer.append(
                s.model_dump(mode="python") | {"finished_at": s.finished_at.isoformat()}
                for per_task in samples.values()
                for s in per_task
            )
        grade_log = home.grade_log(model, "grader")
        with LogWriter(grade_log) as writer:
            for task, found in samples.items():
                rng = random.Random(f"{model}{task}")
                ease = {
                    index: min(
                        1.0,
                        max(
                            0.0,
                            random.Random(f"{task}{index}").betavariate(0.6, 0.6)
                            + SHARES[model][task]
                            - 0.5,
                        ),
                    )
                    for index in range(SIZES[task])
                }
                grades = [_grade(sample, rng, ease[sample.index]) for sample in found]
                # The same log may hold grades of another metric and of another protocol.
                others = _stale(grades, metric="m:other") + _stale(grades, protocol="other")
                writer.append(g.model_dump(mode="json") for g in (*grades, *others))
                write_model(
                    home.result_file("paper", model, task),
                    _record(
                        home, model, task, seeds=seeds, grades=grades, log=log, grade_log=grade_log
                    ),
                )
        # A later grader version that the records were not made with.
        with LogWriter(home.grade_log(model, "later-grader")) as writer:
            grades = [Grade.model_validate(x) for x in read_log(grade_log)]
            writer.append(g.model_dump(mode="json") for g in _stale(grades))
    write_costs(home)
    write_training(home)
    return home
