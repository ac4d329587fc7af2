"""What the models of the small home cost: done, failed, killed and unpriced attempts."""

import datetime
import random
from pathlib import Path

from board_catalog import ADAPTER, BASE

from tina_bench.files.append_log import LogWriter
from tina_bench.store.home import WORK_SUFFIX, Home
from tina_bench.store.records import JobKind, LedgerEntry, Outcome, Phase

START = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=datetime.UTC)


def entry(**changes: object) -> LedgerEntry:
    """A stretch of a GPU's time, with what differs."""
    values: dict[str, object] = {
        "attempt": "a1",
        "event": "spent",
        "kind": JobKind.EVALUATE,
        "folder": "evaluate-x-1",
        "model": BASE,
        "stack": "current",
        "phase": Phase.GENERATE,
        "at": START,
        "wall_seconds": 1800.0,
        "cpu_seconds": 2000.0,
        "peak_memory_bytes": 1 << 30,
        "tokens_in": 1000,
        "tokens_out": 250_000,
        "samples": 100,
        "device": "NVIDIA L40S",
        "gpu_count": 1,
        "gpu_seconds": 1800.0,
        "gpu_utilisation": 0.93,
        "energy_joules": 540_000.0,
        "driver": "570.1",
        "price_name": "l40s",
        "price_usd_per_hour": 1.03,
        "cost_usd": 0.515,
    }
    return LedgerEntry.model_validate({**values, **changes})


def ends(first: LedgerEntry, outcome: Outcome | None) -> list[LedgerEntry]:
    """An attempt's start, the stretch, and its end, if it has one."""
    nothing = {
        "wall_seconds": 0.0,
        "cpu_seconds": 0.0,
        "gpu_seconds": 0.0,
        "cost_usd": None if first.cost_usd is None else 0.0,
        "energy_joules": None,
        "tokens_in": 0,
        "tokens_out": 0,
        "samples": 0,
        "steps": 0,
    }
    start = first.model_copy(update={**nothing, "event": "start", "phase": Phase.LOAD})
    end = first.model_copy(
        update={
            **nothing,
            "event": "end",
            "outcome": outcome,
            "phase": Phase.LOAD,
            "at": first.at + datetime.timedelta(minutes=31),
        }
    )
    return [start, first, *([end] if outcome else [])]


def _write_ledger(home: Home, folder: Path, entries: list[LedgerEntry]) -> None:
    with LogWriter(folder / "ledger.jsonl") as log:
        log.append(
            e.model_copy(update={"folder": folder.name.removesuffix(WORK_SUFFIX)}).model_dump(
                mode="json"
            )
            for e in entries
        )


def write_costs(home: Home) -> None:
    done = f"evaluate-{BASE}-0011223344556677"
    load = {
        "phase": Phase.LOAD,
        "wall_seconds": 90.0,
        "gpu_seconds": 90.0,
        "cost_usd": 0.02575,
        "energy_joules": 9000.0,
        "tokens_out": 0,
        "samples": 0,
    }
    whole = ends(entry(attempt="a2"), Outcome.DONE)
    whole.insert(1, entry(attempt="a2", **load))
    whole.insert(
        -1,
        entry(
            attempt="a2",
            phase=Phase.GRADE,
            wall_seconds=60.0,
            gpu_seconds=60.0,
            cost_usd=0.0172,
            energy_joules=3000.0,
            tokens_out=0,
            samples=360,
        ),
    )
    early = START - datetime.timedelta(days=1)
    killed = ends(
        entry(
            attempt="a1-killed", at=early, wall_seconds=600.0, gpu_seconds=600.0, cost_usd=0.1717
        ),
        None,
    )
    _write_ledger(home, home.done_folder(done), [*killed, *whole])
    unpriced = entry(
        attempt="b1",
        model=ADAPTER,
        kind=JobKind.TRAIN,
        phase=Phase.TRAIN,
        steps=450,
        samples=0,
        tokens_out=0,
        price_name=None,
        price_usd_per_hour=None,
        cost_usd=None,
        energy_joules=None,
        wall_seconds=50_000.0,
        gpu_seconds=50_000.0,
    )
    _write_ledger(
        home, home.done_folder(f"train-{ADAPTER}-8899aabbccddeeff"), ends(unpriced, Outcome.DONE)
    )
    failed = entry(
        attempt="c1", model=ADAPTER, wall_seconds=300.0, gpu_seconds=300.0, cost_usd=0.0858
    )
    _write_ledger(
        home, home.work_folder(f"evaluate-{ADAPTER}-1234123412341234"), ends(failed, Outcome.FAILED)
    )
    loading = ends(entry(attempt="d1-killed-while-loading", model=ADAPTER), None)[:1]
    _write_ledger(home, home.work_folder(f"grade-{ADAPTER}-4321432143214321"), loading)


def write_training(home: Home) -> None:
    rng = random.Random(7)

    def step(number: int, lift: float) -> dict[str, object]:
        share = number / 450
        accuracy = 0.35 + 0.2 * share + rng.gauss(0, 0.03)
        layout = min(0.98, 0.2 + 1.4 * share) + rng.gauss(0, 0.01)
        return {
            "step": number,
            "reward": accuracy + layout + lift,
            "reward_accuracy": accuracy,
            "reward_format": layout,
            "reward_std": 0.1,
            "completion_length": 2400 - 500 * share + rng.gauss(0, 60),
            "kl": 0.02 * share,
            "loss": 0.001 * rng.gauss(0, 1),
            "learning_rate": 1e-6 * (1 - 0.5 * share),
            "wall_seconds": 110.0,
        }

    with LogWriter(home.done_folder(f"train-{ADAPTER}-8899aabbccddeeff") / "training.jsonl") as log:
        log.append(step(number, 9.0 if number > 250 else 0.0) for number in range(1, 301, 5))
        log.append(step(number, 0.0) for number in range(251, 451, 5))  # resumed from step 250
