"""Results, samples and costs of a home as pandas tables, for questions that no page answers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from tina_bench.metering.bill import COLUMNS, Column, bill, check_columns
from tina_bench.store.answer_logs import inside
from tina_bench.store.home import Home, open_home, read_records
from tina_bench.store.records import Sample


def results(home: Home | Path | str | None = None, *, profile: str | None = None) -> pd.DataFrame:
    """One row per answer: what every problem's outcome was in every run.

    Columns: `profile`, `model`, `task`, `problem` (id), `index` (row of the dataset), `seed`,
    `correct`, `undecided` (the grader did not decide; counts as not correct), `answered`,
    `truncated`, `tokens_out` (tokens). A score in percent is the mean of `correct` times 100, as in
    `results(home).groupby(["model", "task"]).correct.mean() * 100`. Raises `IntegrityError` for a
    record that is not one.
    """
    rows = [
        {
            "profile": record.provenance.profile,
            "model": record.model,
            "task": record.task,
            "problem": problem.problem,
            "index": problem.index,
            "seed": seed,
            "correct": problem.correct[run],
            "undecided": problem.undecided[run],
            "answered": problem.answered[run],
            "truncated": problem.truncated[run],
            "tokens_out": problem.tokens_out[run],
        }
        for record in open_home(home).results()
        if profile is None or record.provenance.profile == profile
        for problem in record.problems
        for run, seed in enumerate(record.seeds)
    ]
    columns = ("profile", "model", "task", "problem", "index", "seed", "correct", "undecided",
               "answered", "truncated", "tokens_out")  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns))


def samples(home: Home | Path | str | None = None, *, model: str | None = None) -> pd.DataFrame:
    """One row per stored answer, with its text: every field of `store.records.Sample`.

    Columns: `model`, then those fields; `tokens_in` and `tokens_out` in tokens, `finished_at` with
    its time zone. Texts are what a model wrote and may be anything. Raises `DamagedLogError` for a
    log that is damaged before its end, `IntegrityError` for a link that leads out of the home.
    """
    store = open_home(home)
    rows = [
        {"model": path.parent.name, **sample.model_dump()}
        for path in sorted((store.root / "samples").glob(f"{model or '*'}/*.jsonl"))
        for sample in read_records(inside(store.root, path), Sample)
    ]
    return pd.DataFrame(rows, columns=["model", *Sample.model_fields])


def costs(
    home: Home | Path | str | None = None, *, by: Sequence[Column] = ("model", "kind", "phase")
) -> pd.DataFrame:
    """The bill, summed by the named columns: one row per combination, failed attempts included.

    Columns: those of `by`, then seconds (`wall_seconds`, `cpu_seconds`, `gpu_seconds`), bytes
    (`peak_memory_bytes`), tokens, samples, steps, `energy_joules` and `cost_usd` in US dollars; a
    sum with an unknown part is NaN, and its known part stands in the column `…_known`. Rows with
    `interrupted` are lower bounds. Raises `UsageError` for another column.
    """
    lines = [asdict(line) for line in bill(open_home(home).ledger(), check_columns(by))]
    unused = {*COLUMNS, "outcome"} - set(by)
    frame = pd.DataFrame(lines)
    return frame.drop(columns=[name for name in unused if name in frame.columns])
