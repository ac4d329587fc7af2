"""The same evaluation as each harness writes it: 30 problems, two answers each, 9 and 11 right.

Made by hand after the writers' source; what the writers themselves wrote is in `written/`.
"""

import csv
import json
import math
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

N, RUNS = 30, 2
RIGHT = (9, 11)
MODEL = "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"
OURS = "r1-distill-qwen-1.5b"
TASK = "aime24"


def question(i: int) -> str:
    return f"What is {i} + {i}?"


def is_right(i: int, run: int) -> bool:
    return i < RIGHT[run]


def is_cut(i: int, run: int) -> bool:
    """The last problem's second answer ran into the limit."""
    return (i, run) == (N - 1, 1)


def answer(i: int, run: int) -> str:
    if is_cut(i, run):
        return "<think>wait"
    return f"<think>{run}</think> \\boxed{{{2 * i if is_right(i, run) else 2 * i + 1}}}"


def read_out(i: int, run: int) -> str:
    return "" if is_cut(i, run) else str(2 * i if is_right(i, run) else 2 * i + 1)


def pairs() -> Iterable[tuple[int, int]]:
    """Problem and run, all answers to a problem after each other."""
    return ((i, run) for i in range(N) for run in range(RUNS))


def write_json(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def write_csv(path: Path, rows: list[dict[str, Any]], delimiter: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        table.writeheader()
        table.writerows(rows)
    return path


def lm_eval(folder: Path) -> Path:
    """The first repeat alone is graded, as the default filter has it."""
    stamp = "2026-08-21T10-00-00.000001"
    share = RIGHT[0] / N
    write_json(
        folder / f"results_{stamp}.json",
        {
            "results": {
                TASK: {
                    "alias": TASK, "exact_match,none": share,
                    "exact_match_stderr,none": math.sqrt(share * (1 - share) / (N - 1)),
                }
            },
            "group_subtasks": {TASK: []}, "configs": {TASK: {"task": TASK, "repeats": RUNS}},
            "versions": {TASK: 1.0}, "n-shot": {TASK: 0},
            "n-samples": {TASK: {"original": N, "effective": N}},
            "config": {
                "model": "vllm", "model_args": {"pretrained": MODEL, "dtype": "bfloat16"},
                "random_seed": 0, "model_sha": "ad9f0ae0864d7fbcd1cd905e3c6c5b069cc8b562",
            },
            "lm_eval_version": "0.4.9", "model_name": MODEL, "task_hashes": {TASK: "h"},
            "total_evaluation_time_seconds": "12.5",
        },
    )  # fmt: skip
    settings = {"do_sample": True, "temperature": 0.6, "top_p": 0.95, "max_gen_toks": 32768}
    write_lines(
        folder / f"samples_{TASK}_{stamp}.jsonl",
        (
            {
                "doc_id": i, "doc": {"Problem": question(i)}, "target": str(2 * i),
                "arguments": {"gen_args_0": {"arg_0": question(i), "arg_1": settings}},
                "resps": [[answer(i, run) for run in range(RUNS)]],
                "filtered_resps": [answer(i, 0)], "filter": "none", "metrics": ["exact_match"],
                "exact_match": float(is_right(i, 0)),
            }
            for i in range(N)
        ),
    )  # fmt: skip
    return folder


def sober(folder: Path) -> Path:
    shares = [right / N for right in RIGHT]
    write_csv(
        folder / "cluster_A" / "model.csv",
        [
            {
                "model": MODEL, "dtype": "bfloat16", "dataset": TASK, "seed": seed,
                "temperature": 0.6, "top_p": 0.95, "max_new_tokens": 32768,
                "max_model_length": 32768, "accuracy": share,
                "stderr": math.sqrt(share * (1 - share) / (N - 1)), "prompt_template": "default",
                "use_chat_template": True, "duration": 900.5, "launcher": "VLLM",
                "version": "2.0_lighteval@0.8.1",
            }
            for seed, share in enumerate(shares)
        ],
    )  # fmt: skip
    return folder


def qwen_math(folder: Path) -> Path:
    name = "test_qwen25-math-cot_-1_seed0_t0.6_s0_e-1"
    write_lines(
        folder / TASK / f"{name}.jsonl",
        (
            {
                "idx": i, "question": question(i), "gt_cot": None, "gt": str(2 * i),
                "answer": str(2 * i), "code": [answer(i, run) for run in range(RUNS)],
                "pred": [read_out(i, run) for run in range(RUNS)], "report": [None] * RUNS,
                "score": [is_right(i, run) for run in range(RUNS)],
            }
            for i in range(N)
        ),
    )  # fmt: skip
    # The harness's own accuracy is of the first sample alone.
    sums = {"num_samples": N, "num_scores": N * RUNS, "acc": 30.0}
    write_json(folder / TASK / f"{name}_qwen25-math-cot_metrics.json", sums)
    return folder


def nemo_skills(folder: Path) -> Path:
    bench = folder / "eval-results" / TASK
    for run in range(RUNS):
        write_lines(
            bench / f"output-rs{run}.jsonl",
            (
                {
                    "id": f"{TASK}-{i}", "problem": question(i), "expected_answer": str(2 * i),
                    "generation": answer(i, run), "num_generated_tokens": 9,
                    "finish_reason": "length" if is_cut(i, run) else "stop",
                    "predicted_answer": read_out(i, run) or None,
                    "symbolic_correct": is_right(i, run),
                }
                for i in range(N)
            ),
        )  # fmt: skip
    write_json(bench / "metrics.json", {TASK: {"pass@1[avg-of-2]": {"symbolic_correct": 33.3}}})
    return folder


def evalscope(folder: Path) -> Path:
    model, name = MODEL.rpartition("/")[2], f"{TASK}_default.jsonl"
    write_lines(
        folder / "reviews" / model / name,
        (
            {
                "index": RUNS * i + run, "target": str(2 * i), "messages": [],
                "sample_score": {
                    "score": {
                        "value": {"acc": float(is_right(i, run))}, "main_score_name": "acc",
                        "extracted_prediction": read_out(i, run), "prediction": answer(i, run),
                    },
                    "sample_id": RUNS * i + run, "group_id": i, "generation_index": run,
                },
            }
            for i, run in pairs()
        ),
    )  # fmt: skip
    write_lines(
        folder / "predictions" / model / name,
        (
            {
                "index": RUNS * i + run, "model": model,
                "model_output": {
                    "choices": [{"stop_reason": "max_tokens" if is_cut(i, run) else "stop"}],
                    "usage": {"input_tokens": 12, "output_tokens": 9, "total_tokens": 21},
                },
                "messages": [{"role": "user", "content": question(i)}],
            }
            for i, run in pairs()
        ),
    )  # fmt: skip
    report = {"name": "acc", "num": N * RUNS, "score": sum(RIGHT) / (N * RUNS)}
    write_json(
        folder / "reports" / model / f"{TASK}.json",
        {"name": f"{model}@{TASK}", "dataset_name": TASK, "model_name": model, "score": 1 / 3,
         "metrics": [report | {"name": "mean_acc"}]},
    )  # fmt: skip
    configs = folder / "configs"
    configs.mkdir()
    (configs / "task_config.yaml").write_text(
        f"model: {MODEL}\nseed: 42\n"
        "generation_config: {temperature: 0.6, top_p: 0.95, max_tokens: 32768}\n"
    )
    return folder


def opencompass(folder: Path) -> Path:
    """Both runs after each other, all problems of the first before those of the second."""
    order = [(i, run) for run in range(RUNS) for i in range(N)]

    def turns(i: int) -> list[dict[str, str]]:
        return [{"role": "HUMAN", "prompt": question(i)}]

    details = {
        str(number): {
            "prompt": turns(i), "origin_prediction": answer(i, run),
            "predictions": read_out(i, run), "references": str(2 * i),
            "correct": is_right(i, run),
        }
        for number, (i, run) in enumerate(order)
    }  # fmt: skip
    accuracy = {f"accuracy ({RUNS} runs average)": 100 * sum(RIGHT) / (N * RUNS)}
    write_json(
        folder / "results" / "r1-distill" / f"{TASK}.json",
        {**accuracy, "details": {"type": "GEN", **details}},
    )
    write_json(
        folder / "predictions" / "r1-distill" / f"{TASK}.json",
        {
            str(number): {"origin_prompt": turns(i), "prediction": answer(i, run), "gold": "x"}
            for number, (i, run) in enumerate(order)
        },
    )
    return folder


def opencompass_grouped(folder: Path) -> Path:
    """As newer releases write it: a list by problem, the answers in the file of predictions."""
    opencompass(folder)
    (path,) = folder.glob("results/*/*.json")
    grouped = [
        {
            "example_abbr": f"none_{i}", "pred": [read_out(i, run) for run in range(RUNS)],
            "answer": [str(2 * i)] * RUNS, "correct": [is_right(i, run) for run in range(RUNS)],
        }
        for i in range(N)
    ]  # fmt: skip
    accuracy = {f"accuracy ({RUNS} runs average)": 100 * sum(RIGHT) / (N * RUNS)}
    write_json(path, {**accuracy, "G-Pass@2_0.5": 36.67, "details": grouped, "type": None})
    return folder


def inspect_members(status: str = "success") -> dict[str, Any]:
    """The documents of a log, by their names in the archive."""
    head: dict[str, Any] = {
        "version": 2,
        "eval": {
            "eval_id": "e", "run_id": "r", "created": "2026-08-22T10:00:00+00:00", "task": TASK,
            "task_id": "t", "task_version": 0, "task_args": {},
            "dataset": {"name": TASK, "location": TASK, "samples": N},
            "model": f"vllm/{MODEL}", "model_args": {}, "config": {"epochs": RUNS},
            "model_generate_config": {"temperature": 0.6, "top_p": 0.95, "max_tokens": 32768},
            "packages": {"inspect_ai": "0.3.285"},
        },
        "plan": {"name": "plan", "steps": [{"solver": "generate", "params": {}}], "config": {}},
    }  # fmt: skip
    samples = {
        f"samples/{i}_epoch_{run + 1}.json": {
            "id": i, "epoch": run + 1, "input": question(i), "target": str(2 * i), "messages": [],
            "output": {
                "model": MODEL, "completion": answer(i, run),
                "choices": [{
                    "message": {"role": "assistant", "content": answer(i, run)},
                    "stop_reason": "max_tokens" if is_cut(i, run) else "stop",
                }],
                "usage": {"input_tokens": 12, "output_tokens": 9, "total_tokens": 21},
            },
            "scores": {
                "math": {"value": "C" if is_right(i, run) else "I", "answer": read_out(i, run)}
            },
            "metadata": {}, "store": {}, "events": [], "model_usage": {}, "attachments": {},
        }
        for i, run in pairs()
    }  # fmt: skip
    accuracy = {"accuracy": {"name": "accuracy", "value": sum(RIGHT) / (N * RUNS)}}
    results = {
        "total_samples": N * RUNS, "completed_samples": N * RUNS,
        "scores": [{"name": "math", "scorer": "math", "reducer": "mean", "metrics": accuracy}],
    }  # fmt: skip
    stats = {
        "started_at": "2026-08-22T10:00:00+00:00",
        "completed_at": "2026-08-22T10:00:02+00:00",
        "model_usage": {},
    }
    return {
        "_journal/start.json": head,
        **samples,
        "summaries.json": [],
        "reductions.json": [],
        "header.json": {**head, "status": status, "results": results, "stats": stats},
    }


def write_zip(path: Path, members: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, document in members.items():
            file.writestr(name, json.dumps(document))
    return path


def inspect(folder: Path) -> Path:
    write_zip(folder / "log.eval", inspect_members())
    return folder


def inspect_json(folder: Path) -> Path:
    members = inspect_members()
    samples = [one for name, one in members.items() if name.startswith("samples/")]
    write_json(folder / "log.json", {**members["header.json"], "samples": samples})
    return folder


def verl(folder: Path) -> Path:
    write_lines(
        folder / TASK / "100.jsonl",
        (
            {"input": question(i), "output": answer(i, run), "gts": str(2 * i),
             "score": float(is_right(i, run)), "step": 100, "reward": float(is_right(i, run))}
            for i, run in pairs()
        ),
    )  # fmt: skip
    return folder


def every_eval_ever(folder: Path) -> Path:
    write_json(
        folder / "u.json",
        {
            "schema_version": "0.3.0", "evaluation_id": "e/1", "retrieved_timestamp": "1787300000",
            "source_metadata": {
                "source_type": "evaluation_run", "source_organization_name": "A lab",
                "evaluator_relationship": "third_party",
            },
            "eval_library": {"name": "lighteval", "version": "0.13.0"},
            "model_info": {
                "name": "R1 Distill", "id": MODEL,
                "additional_details": {
                    "deployment_type": "unknown", "model_availability": "open_weights"},
            },
            "evaluation_results": [{
                "evaluation_name": TASK,
                "source_data": {"dataset_name": TASK, "source_type": "other"},
                "metric_config": {"lower_is_better": False, "min_score": 0, "max_score": 1},
                "score_details": {"score": sum(RIGHT) / (N * RUNS)},
                "generation_config": {"generation_args": {
                    "temperature": 0.6, "top_p": 0.95, "max_tokens": 32768}},
            }],
        },
    )  # fmt: skip
    write_lines(
        folder / "u_samples.jsonl",
        (
            {
                "schema_version": "0.3.0", "evaluation_id": "e/1", "model_id": MODEL,
                "evaluation_name": TASK, "sample_id": str(i), "interaction_type": "single_turn",
                "input": {"raw": question(i), "reference": [str(2 * i)]},
                "output": {"raw": [answer(i, run)]},
                "answer_attribution": [{
                    "turn_idx": 0, "source": "output.raw", "extraction_method": "boxed",
                    "is_terminal": True, "extracted_value": read_out(i, run)}],
                "evaluation": {"score": float(is_right(i, run)), "is_correct": is_right(i, run)},
                "token_usage": {"input_tokens": 12, "output_tokens": 9, "total_tokens": 21},
                "metadata": {
                    "seed": str(run), "finish_reason": "length" if is_cut(i, run) else "stop"},
            }
            for i, run in pairs()
        ),
    )  # fmt: skip
    return folder


def table_rows() -> list[dict[str, Any]]:
    """An answer a row, with everything that a table may say of it."""
    return [
        {
            "model": MODEL, "task": TASK, "problem": i, "seed": run,
            "correct": int(is_right(i, run)), "temperature": 0.6, "top_p": 0.95,
            "max_tokens": 32768, "tokens": 9, "truncated": is_cut(i, run), "text": answer(i, run),
            "gold": 2 * i, "who": "A lab", "source": "its table",
        }
        for i, run in pairs()
    ]  # fmt: skip


def table(folder: Path) -> Path:
    write_csv(folder / "evidence.csv", table_rows())
    return folder


def table_tsv(folder: Path) -> Path:
    write_csv(folder / "evidence.tsv", table_rows(), "\t")
    return folder


def table_lines(folder: Path) -> Path:
    write_lines(folder / "evidence.jsonl", table_rows())
    return folder


def table_parquet(folder: Path) -> Path:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(table_rows()), folder / "evidence.parquet")
    return folder


WRITERS: dict[str, Callable[[Path], Path]] = {
    "lm-eval": lm_eval, "sober": sober, "qwen2.5-math": qwen_math, "nemo-skills": nemo_skills,
    "evalscope": evalscope, "opencompass": opencompass,
    "opencompass as a list": opencompass_grouped, "inspect": inspect,
    "inspect as JSON": inspect_json, "verl": verl, "every-eval-ever": every_eval_ever,
    "table": table, "table as TSV": table_tsv, "table as JSON lines": table_lines,
    "table as parquet": table_parquet,
}  # fmt: skip
"""By format, and how it is written where that can differ."""
NAMELESS = {"qwen2.5-math", "nemo-skills", "verl", "opencompass", "opencompass as a list"}
"""Formats whose files say nothing of the model, or only an abbreviation."""
