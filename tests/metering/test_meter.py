"""The meter: everything that was paid for is on the bill, and nothing is zero that is unknown."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.made import make_fetch_folder, make_merge_folder
from tests.support.program import ROOT
from tests.support.worlds import make_catalog
from tina_bench.metering import meter as room
from tina_bench.metering import spending_limit
from tina_bench.metering.bill import bill
from tina_bench.metering.gpu import GpuReading, NoGpus
from tina_bench.metering.meter import Meter
from tina_bench.metering.spending_limit import price_of_stretch
from tina_bench.store.home import read_records
from tina_bench.store.records import LedgerEntry, Outcome, Phase


class CountedGpus:
    """Two devices whose energy counter goes up by a joule each time it is read."""

    names = ("L40S", "L40S")
    driver = "580.1"

    def __init__(self) -> None:
        self.joules = 1000.0
        self.answers = True

    def read(self) -> GpuReading:
        self.joules += 1.0
        return GpuReading(self.joules, 0.5) if self.answers else GpuReading(None, None)


def entries_of(path: Path) -> list[LedgerEntry]:
    return list(read_records(path / "ledger.jsonl", LedgerEntry))


STACKS = make_catalog().stacks


def meter_in(path: Path, stack: str = "cpu", **given: Any) -> Meter:
    return Meter(make_merge_folder(STACKS[stack], **given), path / "ledger.jsonl")


def has(monkeypatch: pytest.MonkeyPatch, gpus: Any) -> None:
    for module in (room, spending_limit):
        monkeypatch.setattr(module, "visible_gpus", lambda: gpus)


def seconds_since_this_process_began() -> float:
    return time.time() - psutil.Process().create_time()


@pytest.fixture
def no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, NoGpus())


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> CountedGpus:
    made = CountedGpus()
    has(monkeypatch, made)
    return made


def test_the_start_is_on_disk_before_anything_else_happens(tmp_path: Path) -> None:
    meter_in(tmp_path)
    (entry,) = entries_of(tmp_path)
    assert (entry.event, entry.attempt, entry.outcome) == ("start", "a1", None)
    assert (entry.wall_seconds, entry.cpu_seconds, entry.samples) == (0, 0, 0)


def test_phases_sum_to_the_life_of_the_process_writing_of_entries_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = meter_in(tmp_path)
    quick = meter._log.append

    def slow(records: Any) -> None:
        time.sleep(0.01)
        quick(records)

    monkeypatch.setattr(meter._log, "append", slow)
    for phase in (Phase.GENERATE, Phase.GRADE, Phase.GENERATE) * 5:
        with meter.in_phase(phase):
            meter.tick(samples=1)
    before = seconds_since_this_process_began()
    meter.end(Outcome.DONE)
    after = seconds_since_this_process_began()

    entries = entries_of(tmp_path)
    whole = sum(entry.wall_seconds for entry in entries)
    # Thirty entries of ten milliseconds: unpaid writing would be a third of a second.
    assert before - 0.05 <= whole <= after + 0.05
    by_phase = {line.phase: line.wall_seconds for line in bill(entries, by=("phase",))}
    assert set(by_phase) == {"load", "generate", "grade"}
    assert sum(by_phase.values()) == pytest.approx(whole)
    assert sum(entry.samples for entry in entries) == 15


def test_work_is_paid_in_the_phase_in_which_it_was_done(tmp_path: Path) -> None:
    meter = meter_in(tmp_path)
    with meter.in_phase(Phase.GENERATE):
        assert meter.phase is Phase.GENERATE
        meter.tick(tokens_in=3, tokens_out=5, samples=1)
        meter.tick(tokens_out=7, samples=1)
        with meter.in_phase(Phase.GRADE):
            meter.tick(samples=10)
        meter.tick(tokens_out=11)
    assert meter.phase is Phase.LOAD
    meter.tick(steps=2)
    meter.end(Outcome.FAILED)
    lines = {line.phase: line for line in bill(entries_of(tmp_path), by=("phase",))}
    assert (lines["generate"].tokens_in, lines["generate"].tokens_out) == (3, 5 + 7 + 11)
    assert (lines["generate"].samples, lines["grade"].samples) == (2, 10)
    assert (lines["load"].steps, lines["load"].samples) == (2, 0)


def test_a_phase_that_raises_is_paid_too(tmp_path: Path) -> None:
    meter = meter_in(tmp_path)

    def interrupted() -> None:
        with meter.in_phase(Phase.TRAIN):
            meter.tick(steps=4)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    meter.end(Outcome.FAILED)
    entries = entries_of(tmp_path)
    assert sum(entry.steps for entry in entries if entry.phase is Phase.TRAIN) == 4
    assert (entries[-1].event, entries[-1].outcome) == ("end", Outcome.FAILED)


def test_a_tick_writes_once_the_last_entry_is_old_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "INTERVAL_SECONDS", 3600.0)
    meter = meter_in(tmp_path)
    meter.flush()
    written = len(entries_of(tmp_path))
    meter.tick(samples=1)
    assert len(entries_of(tmp_path)) == written
    monkeypatch.setattr(room, "INTERVAL_SECONDS", 0.0)
    meter.tick(samples=1)
    assert [entry.samples for entry in entries_of(tmp_path)][written:] == [2]


def test_processor_time_and_memory_are_those_of_the_process(tmp_path: Path) -> None:
    meter = meter_in(tmp_path)
    meter.flush()
    with meter.in_phase(Phase.GRADE):
        begun = time.process_time()
        while time.process_time() - begun < 0.1:
            sum(range(1000))
    (spent,) = [entry for entry in entries_of(tmp_path) if entry.phase is Phase.GRADE]
    assert spent.cpu_seconds > 0.05, "the kernel counts in hundredths of a second"
    assert spent.peak_memory_bytes >= psutil.Process().memory_info().rss / 2


def test_on_a_processor_gpu_time_is_zero_and_energy_is_unknown(tmp_path: Path) -> None:
    meter = meter_in(tmp_path)
    meter.end(Outcome.DONE)
    for entry in entries_of(tmp_path):
        assert (entry.gpu_count, entry.gpu_seconds) == (0, 0.0)
        assert entry.energy_joules is None
        assert entry.gpu_utilisation is None
        assert entry.driver is None
        assert entry.device
    assert bill(entries_of(tmp_path), by=("model",))[0].energy_joules is None


def test_where_gpus_cannot_be_counted_their_time_and_price_are_unknown(
    tmp_path: Path, no_gpus: None
) -> None:
    meter = meter_in(tmp_path, "gpu", billed_per="gpu")
    assert meter.usd_per_second is None
    assert meter.spent_usd() is None
    meter.end(Outcome.DONE)
    spent = [entry for entry in entries_of(tmp_path) if entry.event == "spent"]
    assert spent
    for entry in spent:
        assert (entry.gpu_count, entry.gpu_seconds, entry.cost_usd) == (None, None, None)


def test_a_machine_has_its_price_whatever_gpus_it_has(tmp_path: Path, no_gpus: None) -> None:
    meter = meter_in(tmp_path, "gpu", billed_per="machine")
    assert meter.usd_per_second == pytest.approx(1.0)
    meter.end(Outcome.DONE)
    spent = [entry for entry in entries_of(tmp_path) if entry.event == "spent"]
    assert [entry.cost_usd for entry in spent] == [
        pytest.approx(entry.wall_seconds) for entry in spent
    ]


def test_gpu_time_joules_and_price_are_summed_over_devices(
    tmp_path: Path, gpus: CountedGpus
) -> None:
    meter = meter_in(tmp_path, "gpu", billed_per="gpu")
    begun = gpus.joules
    with meter.in_phase(Phase.GENERATE):
        meter.tick(tokens_out=1)
    meter.end(Outcome.DONE)
    entries = entries_of(tmp_path)
    for entry in entries:
        assert (entry.gpu_count, entry.driver) == (2, "580.1")
        assert entry.gpu_seconds == pytest.approx(2 * entry.wall_seconds)
        assert entry.cost_usd == pytest.approx(2 * entry.wall_seconds)
    (line,) = bill(entries, by=("model",))
    # From the first reading to the last: no joule is lost between entries or counted twice.
    assert line.energy_joules == pytest.approx(gpus.joules - begun)
    (generating,) = [e for e in entries if e.phase is Phase.GENERATE]
    assert generating.gpu_utilisation == 0.5


def test_a_counter_that_stops_answering_makes_energy_unknown_and_not_zero(
    tmp_path: Path, gpus: CountedGpus
) -> None:
    meter = meter_in(tmp_path, "gpu")
    meter.flush()
    gpus.answers = False
    meter.flush()
    meter.end(Outcome.DONE)
    spent = [e.energy_joules for e in entries_of(tmp_path) if e.event == "spent"]
    assert spent[0] is not None
    assert spent[1:] == [None, None]
    assert bill(entries_of(tmp_path), by=("model",))[0].energy_joules is None


@pytest.mark.parametrize(
    ("price", "billed_per", "gpu_count", "usd"),
    [
        (0.86, "gpu", 1, 0.86 / 2),
        (0.86, "gpu", 4, 0.86 * 4 / 2),
        (0.86, "gpu", 0, 0.0),
        (0.86, "gpu", None, None),
        (0.36, "machine", 4, 0.36 / 2),
        (0.36, "machine", None, 0.36 / 2),
        (0.0, "machine", 0, 0.0),
        (None, "machine", 1, None),
        (None, "gpu", 1, None),
    ],
)
def test_half_an_hour_costs_half_the_price_of_what_is_billed(
    price: float | None, billed_per: str, gpu_count: int | None, usd: float | None
) -> None:
    folder = make_fetch_folder({}, price_usd_per_hour=price, billed_per=billed_per)
    found = price_of_stretch(folder, 1800, gpu_count)
    assert found == (None if usd is None else pytest.approx(usd))


def test_what_an_attempt_has_spent_runs_from_the_start_of_its_process(tmp_path: Path) -> None:
    meter = meter_in(tmp_path)  # a dollar a second
    before = seconds_since_this_process_began()
    spent = meter.spent_usd()
    assert spent is not None
    assert before - 0.05 <= spent <= seconds_since_this_process_began() + 0.05
    meter.flush()
    assert sum(e.cost_usd or 0.0 for e in entries_of(tmp_path)) >= spent


CHILD = """
import sys
from pathlib import Path
from tests.support.made import make_fetch_folder
from tina_bench.metering import meter
from tina_bench.store.records import Phase

meter.INTERVAL_SECONDS = 0.02
folder = make_fetch_folder({}, attempt=sys.argv[2])
made = meter.Meter(folder, Path(sys.argv[1]))
print("started", flush=True)
with made.in_phase(Phase.GENERATE):
    while True:
        made.tick(samples=1, tokens_out=3)
"""


def test_an_attempt_that_is_killed_in_a_phase_is_on_the_bill_as_interrupted(
    tmp_path: Path,
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(ledger), "killed"], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"started\n"
    while not any(entry.samples for entry in entries_of(tmp_path)):
        assert child.poll() is None
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()

    events = [entry.event for entry in entries_of(tmp_path)]
    assert events[0] == "start"
    assert set(events[1:]) == {"spent"}
    # A second attempt in the same folder goes on in the same ledger, and ends.
    meter = meter_in(tmp_path, attempt="second")
    meter.end(Outcome.DONE)
    lines = {line.attempt: line for line in bill(entries_of(tmp_path), by=("attempt",))}
    assert {name: line.outcome for name, line in lines.items()} == {
        "killed": "interrupted",
        "second": "done",
    }
    killed = lines["killed"]
    assert killed.samples > 0
    assert killed.tokens_out == 3 * killed.samples
    assert killed.cost_usd == pytest.approx(killed.wall_seconds)
    assert killed.wall_seconds > 0
    assert (killed.interrupted, lines["second"].interrupted) == (True, False)
