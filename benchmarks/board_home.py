"""A home of generated results, as large as a site can become: for benchmarks of the board.

    python benchmarks/board_home.py FOLDER [--samples 1000000] [--mean-characters 16000]

32 models, 7 tasks, 10 seeds. Lengths of answers are spread like those of reasoning models: a
log-normal with a spread of a factor of 2.2, cut at 32,768 tokens. Chances of a right answer vary by
problem (Beta) and by model. The texts are repeated sentences with formulas: their content does not
matter to a builder that escapes, hashes and pages them, their length does.
"""

import argparse
import datetime
import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from tina_bench.catalog.load import load_catalog
from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest, sha256_file
from tina_bench.store.home import Home, read_record
from tina_bench.store.records import (
    Grade,
    GradeStatus,
    JobKind,
    LedgerEntry,
    Outcome,
    Phase,
    ProblemOutcome,
    Provenance,
    ResultRecord,
    Sample,
)

MODELS, SEEDS = 32, 10
SIZES = {"aime24": 30, "aime25": 30, "amc23": 40, "math500": 500, "gpqa": 198, "minerva": 272}
REST = "olympiadbench"
"""Has as many problems as it takes to reach the number of samples."""
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
LIMIT_TOKENS = 32_768
CHARACTERS_A_TOKEN = 3
TOKENS_A_SECOND = 10_000
"""Of a small model on one GPU, many answers at a time."""
ENTRY_SECONDS = 5.0
METRIC = "lighteval.metrics:metric"
PROTOCOL = "p" * 16
PROSE = (
    "Wait, let me check that again: if x < 3 & y > 2, then \\frac{x}{y} is at most "
    "\\sqrt{2} + 1/7, so the sum over all k from 1 to n is n(n+1)/2.\n"
)


def models() -> list[str]:
    """The catalog's models, and made-up ones after them."""
    known = [n for n in load_catalog().models if not n.startswith(("smoke", "openrs-"))]
    known.sort(key=lambda name: (not name.startswith("r1-"), not name.startswith("tina-")))
    return (known + [f"model-{number}" for number in range(MODELS)])[:MODELS]


def _text(characters: int, answer: str) -> str:
    body = PROSE * (characters // len(PROSE) + 1)
    return f"<think>\n{body[:characters]}\n</think>\n\n\\boxed{{{answer}}}"


def _spend(home: Home, model: str, name: str, tokens: int, samples: int) -> None:
    """A job folder with the ledger of so much work: an entry every five seconds."""
    entries = max(1, round(tokens / TOKENS_A_SECOND / ENTRY_SECONDS))
    common = {
        "attempt": digest([model, name])[:32], "kind": JobKind.EVALUATE, "folder": name,
        "model": model, "stack": "current", "phase": Phase.GENERATE, "cpu_seconds": 5.0,
        "peak_memory_bytes": 1 << 33, "device": "generated", "gpu_count": 1,
        "gpu_utilisation": 0.9, "driver": "570.1", "price_name": "l40s",
        "price_usd_per_hour": 1.0, "schema_version": 1, "steps": 0,
    }  # fmt: skip
    nothing = {
        "wall_seconds": 0.0, "tokens_in": 0, "tokens_out": 0, "samples": 0, "gpu_seconds": 0.0,
        "energy_joules": 0.0, "cost_usd": 0.0,
    }  # fmt: skip
    spent = {
        "event": "spent", "wall_seconds": ENTRY_SECONDS, "tokens_in": 1000,
        "tokens_out": tokens // entries, "samples": samples // entries,
        "gpu_seconds": ENTRY_SECONDS, "energy_joules": 1500.0, "cost_usd": ENTRY_SECONDS / 3600,
    }  # fmt: skip
    moments = [START + datetime.timedelta(seconds=ENTRY_SECONDS * i) for i in range(entries + 2)]
    with LogWriter(home.done_folder(name) / "ledger.jsonl") as log:
        log.append(
            LedgerEntry.model_validate({**common, **what, "at": at}).model_dump(mode="json")
            for at, what in zip(
                moments,
                [{**nothing, "event": "start"}, *[spent] * entries,
                 {**nothing, "event": "end", "outcome": Outcome.DONE}],
                strict=True,
            )
        )  # fmt: skip


def one_more_run(home: Home, model: str, task: str, mean_characters: int) -> int:
    """What one more seed of a model on a task leaves: answers, grades, a ledger, the result."""
    path = home.result_file("paper", model, task)
    record = read_record(path, ResultRecord)
    log, grade_log = (
        home.root / getattr(record.provenance, f"{n}_log") for n in ("sample", "grade")
    )
    seed, rng = record.k, np.random.default_rng([7, *model.encode()])
    lines, graded, outcomes = [], [], []
    for problem in record.problems:
        tokens = int(rng.exponential(mean_characters / CHARACTERS_A_TOKEN)) + 1
        correct = bool(rng.random() < sum(problem.correct) / record.k)
        answer = str(problem.index if correct else -1)
        common = {
            "key": digest([model, task, problem.index, seed]), "task": task,
            "problem": problem.problem, "index": problem.index, "seed": seed,
            "protocol": PROTOCOL, "tokens_out": tokens,
        }  # fmt: skip
        lines.append(
            Sample(
                **common, sample_seed=seed, tokens_in=150, finish_reason="stop", finished_at=START,
                text=_text(CHARACTERS_A_TOKEN * tokens, answer),
            ).model_dump(mode="json")
        )  # fmt: skip
        graded.append(
            Grade(
                **common, metric=METRIC, status=GradeStatus.GRADED, correct=correct,
                gold=str(problem.index), extracted=answer, truncated=False,
            ).model_dump(mode="json")
        )  # fmt: skip
        new = {"correct": correct, "undecided": False, "answered": True, "truncated": False,
               "tokens_out": tokens}  # fmt: skip
        outcomes.append(
            problem.model_copy(update={k: (*getattr(problem, k), v) for k, v in new.items()})
        )
    with LogWriter(log) as samples, LogWriter(grade_log) as grades:
        samples.append(lines)
        grades.append(graded)
    tokens = sum(outcome.tokens_out[-1] for outcome in outcomes)
    _spend(home, model, f"evaluate-{model}-{digest(seed)[:8]}", tokens, record.n)
    made = record.provenance.model_copy(
        update={
            "sample_log_bytes": log.stat().st_size, "sample_log_sha256": sha256_file(log),
            "finished_at": record.provenance.finished_at + datetime.timedelta(days=seed),
        }
    )  # fmt: skip
    update = {"seeds": (*record.seeds, seed), "problems": tuple(outcomes), "provenance": made}
    write_model(path, record.model_copy(update=update))
    return record.n


def _one_model(root: str, model: str, sizes: dict[str, int], mean_characters: int) -> int:
    """Write everything about one model; the number of samples."""
    home, rng = Home(Path(root)), np.random.default_rng([5, *model.encode()])
    skill = rng.uniform(-0.15, 0.15)
    log, grade_log = home.sample_log(model, "a" * 16), home.grade_log(model, "b" * 16)
    spread = np.log(2.2)
    middle = mean_characters / CHARACTERS_A_TOKEN / np.exp(spread**2 / 2)
    made: dict[str, list[ProblemOutcome]] = {}
    count = 0
    with LogWriter(log) as samples, LogWriter(grade_log) as grades:
        for task, n in sizes.items():
            ease = np.random.default_rng([6, *task.encode()]).beta(0.7, 0.7, n)
            chance = np.clip(ease + skill, 0, 1)
            correct = rng.random((n, SEEDS)) < chance[:, None]
            tokens = np.minimum(rng.lognormal(np.log(middle), spread, (n, SEEDS)), LIMIT_TOKENS)
            tokens = tokens.astype(int) + 1
            cut = tokens >= LIMIT_TOKENS
            correct &= ~cut
            outcomes = []
            for index in range(n):
                problem = digest([task, index])[:16]
                lines, graded = [], []
                for seed in range(SEEDS):
                    answer = str(index if correct[index, seed] else index + seed + 1)
                    lengths = {"tokens_out": int(tokens[index, seed])}
                    common = {
                        "key": digest([model, task, index, seed]), "task": task,
                        "problem": problem, "index": index, "seed": seed, "protocol": PROTOCOL,
                    } | lengths  # fmt: skip
                    lines.append(
                        Sample(
                            **common, sample_seed=1000 * seed + index, tokens_in=150,
                            text=_text(CHARACTERS_A_TOKEN * lengths["tokens_out"], answer),
                            finish_reason="length" if cut[index, seed] else "stop",
                            finished_at=START,
                        ).model_dump(mode="json")
                    )  # fmt: skip
                    graded.append(
                        Grade(
                            **common, metric=METRIC, status=GradeStatus.GRADED,
                            correct=bool(correct[index, seed]), gold=str(index),
                            extracted=None if cut[index, seed] else answer,
                            truncated=bool(cut[index, seed]),
                        ).model_dump(mode="json")
                    )  # fmt: skip
                samples.append(lines)
                grades.append(graded)
                count += SEEDS
                outcomes.append(
                    ProblemOutcome(
                        problem=problem, index=index,
                        correct=tuple(map(bool, correct[index])), undecided=(False,) * SEEDS,
                        answered=tuple(not value for value in cut[index]),
                        truncated=tuple(map(bool, cut[index])),
                        tokens_out=tuple(map(int, tokens[index])),
                    )
                )  # fmt: skip
            made[task] = outcomes
    tokens = sum(sum(outcome.tokens_out) for found in made.values() for outcome in found)
    _spend(home, model, f"evaluate-{model}-00000000", tokens, count)
    for task, outcomes in made.items():
        provenance = Provenance(
            tina_bench_version="0.1.0",
            weights_sha256={"model.safetensors": hashlib.sha256(model.encode()).hexdigest()},
            dataset_sha256={f"{task}.parquet": hashlib.sha256(task.encode()).hexdigest()},
            prompts_sha256=hashlib.sha256(task.encode() * 2).hexdigest(),
            engine={"vllm": "0.31.0", "dtype": "bfloat16"},
            sampling={"temperature": 0.6, "top_p": 0.95, "max_new_tokens": LIMIT_TOKENS},
            grader={"metric": METRIC, "lighteval": "0.13.0"},
            packages={"vllm": "0.31.0"},
            stack="current",
            profile="paper",
            hardware={"gpus": ["generated"]},
            protocol=PROTOCOL,
            sample_log=str(log.relative_to(home.root)),
            sample_log_bytes=log.stat().st_size,
            sample_log_sha256=sha256_file(log),
            grade_log=str(grade_log.relative_to(home.root)),
            command_line=("python", "benchmarks/board_home.py"),
            started_at=START,
            finished_at=START + datetime.timedelta(hours=3),
        )
        write_model(
            home.result_file("paper", model, task),
            ResultRecord(
                model=model, task=task, seeds=tuple(range(SEEDS)), problems=tuple(outcomes),
                provenance=provenance,
            ),
        )  # fmt: skip
    return count


def _no_sync(descriptor: int) -> None:
    del descriptor


def make_home(root: Path, samples: int, mean_characters: int) -> int:
    """Fill a new home; the number of samples that it then holds."""
    rest = max(1, round(samples / MODELS / SEEDS) - sum(SIZES.values()))
    sizes = {**SIZES, REST: rest}
    # The store syncs whatever it writes; nothing here must survive a power cut.
    os.fsync = _no_sync  # type: ignore[assignment]
    with ProcessPoolExecutor() as pool:
        waiting = [
            pool.submit(_one_model, str(root), model, sizes, mean_characters) for model in models()
        ]
        return sum(done.result() for done in waiting)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--mean-characters", type=int, default=16_000)
    asked = parser.parse_args()
    print(make_home(asked.folder, asked.samples, asked.mean_characters), "samples")
