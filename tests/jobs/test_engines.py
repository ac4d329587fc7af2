"""Two real engines on one queue: the same samples as one, also when one of them is killed.

Two CPU engines stand for two GPUs: the queue, the processes and the bill are the same.
"""

import os
import signal
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.support.runners import Ears, make_execution
from tina_bench.catalog.load import load_catalog
from tina_bench.embedded.files import model_folder
from tina_bench.errors import MissingEngineError
from tina_bench.jobs.engine import Completion, RequestQueue, SampleRequest, check_packages
from tina_bench.jobs.engine_pool import EnginePool
from tina_bench.lock.lockfile import read_lock
from tina_bench.metering.hardware import installed
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Machine
from tina_bench.planning.types import Request as PlanRequest
from tina_bench.running.execute import Summary
from tina_bench.running.local import LocalRunner
from tina_bench.store.home import Home, read_record, read_records
from tina_bench.store.job_folder import EvaluateOutputs
from tina_bench.store.records import JobKind, LedgerEntry, Outcome, Sample, SampleSource

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

MODEL = "smoke-base"
CATALOG, LOCK = load_catalog(), read_lock()


@pytest.fixture(autouse=True, scope="module")
def _calm() -> object:
    # Threads of engines that share cores with other tests would wait for each other.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("VLLM_CPU_OMP_THREADS_BIND", "nobind")
        yield


@dataclass
class Done:
    """A home in which the embedded base was evaluated."""

    home: Home
    summary: Summary
    ears: Ears

    @property
    def samples(self) -> list[Sample]:
        (path,) = (self.home.root / "samples" / MODEL).glob("*.jsonl")
        return list(read_records(path, Sample))

    @property
    def texts(self) -> set[tuple[str, str]]:
        return {(sample.key, sample.text) for sample in self.samples}

    @property
    def source(self) -> SampleSource:
        (path,) = (self.home.root / "samples" / MODEL).glob("*.json")
        return read_record(path, SampleSource)

    @property
    def outputs(self) -> EvaluateOutputs:
        (result,) = (r for r in self.home.finished().values() if r.kind is JobKind.EVALUATE)
        return EvaluateOutputs.model_validate(result.outputs)

    @property
    def ledger(self) -> list[LedgerEntry]:
        return [entry for entry in self.home.ledger() if entry.kind is JobKind.EVALUATE]


def evaluate(root: Path, engines: int, seeds: int) -> Done:
    home, ears = Home(root), Ears()
    request = PlanRequest("smoke", models=(MODEL,), seeds=tuple(range(seeds)))
    machine = Machine(has_gpu=False, packages=CATALOG.stacks["cpu"].packages)
    plan = make_plan(request, CATALOG, LOCK, take_snapshot(home), machine)
    with home.held():
        execution = make_execution(
            home, CATALOG, LOCK, plan, LocalRunner(), watcher=ears, engines=engines
        )
        return Done(home, execution.run(), ears)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return evaluate(tmp_path_factory.mktemp("one"), engines=1, seeds=2)


def kill_one_engine_after(root: Path, samples: int, stop: threading.Event) -> None:
    """`kill -9` one of the job's engines as soon as its log has so many samples."""
    while not stop.wait(0.005):
        logs = list((root / "samples" / MODEL).glob("*.jsonl"))
        if not logs or logs[0].read_bytes().count(b"\n") < samples:
            continue
        for process in psutil.Process().children(recursive=True):
            if any("multiprocessing.spawn" in part for part in process.cmdline()):
                os.kill(process.pid, signal.SIGKILL)
                return


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Two engines, one of which is killed on the way; twice the seeds, to have a way."""
    root = tmp_path_factory.mktemp("two")
    stop = threading.Event()
    killer = threading.Thread(target=kill_one_engine_after, args=(root, 150, stop))
    killer.start()
    try:
        return evaluate(root, engines=2, seeds=8)
    finally:
        stop.set()
        killer.join()


def test_an_engine_that_is_killed_costs_nothing_but_is_said(two: Done) -> None:
    assert two.summary.failures == []
    assert [outcome for outcome, _ in two.ears.ended] == [Outcome.DONE] * 3
    (sentence,) = two.outputs.incidents
    assert "of 2 ended early (signal 9)" in sentence
    assert sentence in [note for _, note in two.ears.ended]
    (log,) = two.home.jobs.glob("evaluate-*/log.txt")
    assert sentence in log.read_text(encoding="utf-8")


def test_every_sample_stands_once_and_both_engines_did_some(two: Done) -> None:
    keys = [sample.key for sample in two.samples]
    assert len(keys) == len(set(keys)) == 170 * 8
    assert len(two.outputs.samples_by_engine) == 2
    assert min(two.outputs.samples_by_engine) > 0
    assert sum(two.outputs.samples_by_engine) == two.outputs.samples_generated == 170 * 8


def test_samples_of_two_engines_are_those_of_one(one: Done, two: Done) -> None:
    assert one.outputs.samples_by_engine == ()
    assert len(one.texts) == 170 * 2
    assert one.texts <= two.texts
    # The number of engines is on record and in no key: one goes on where two have stopped.
    assert one.outputs.identity == two.outputs.identity
    assert (one.source.hardware["engines"], two.source.hardware["engines"]) == (1, 2)


def test_samples_name_the_installed_build_of_every_package(one: Done) -> None:
    assert one.source.engine["packages"] == installed(CATALOG.stacks["cpu"].packages)
    packages, builds = {"pytest": "0.1"}, {"pytest": (pytest.__version__,)}
    stack = CATALOG.stacks["cpu"].model_copy(update={"packages": packages, "other_builds": builds})
    assert check_packages(stack) == {"pytest": pytest.__version__}
    with pytest.raises(MissingEngineError, match=r"wants 0\.1"):
        check_packages(stack.model_copy(update={"other_builds": {}}))


def test_the_bill_has_both_engines(one: Done, two: Done) -> None:
    assert sum(entry.samples for entry in two.ledger) == 170 * 8
    assert two.ledger[-1].event == "end"
    # Two engines are loaded: that takes twice the work and the memory, if not the time.
    assert cpu_seconds(two) > 1.4 * cpu_seconds(one)
    assert peak_memory_bytes(two) > 1.4 * peak_memory_bytes(one)


def cpu_seconds(done: Done) -> float:
    return sum(entry.cpu_seconds for entry in done.ledger)


def peak_memory_bytes(done: Done) -> int:
    return max(entry.peak_memory_bytes for entry in done.ledger)


def requests_of(done: Done) -> dict[str, SampleRequest]:
    """The requests of another run again: prompts are not kept, so here they are made anew."""
    from tina_bench.jobs.lighteval_tasks import load_problems
    from tina_bench.jobs.sample_requests import load_tokenizer, render_prompts
    from tina_bench.store.job_folder import Dataset

    task = "smoke-100"
    files = LOCK.datasets[task].files
    data = Dataset(name=task, sha256={path: file.sha256 for path, file in files.items()})
    problems = load_problems(task, CATALOG.tasks[task], data, Path())
    tokenizer = load_tokenizer(model_folder())
    rendered = render_prompts(tokenizer, problems, task, context_tokens=512, max_new_tokens=128)
    prompts = {problem.id: ids for problem, ids, _ in rendered}
    return {
        s.key: SampleRequest(s.key, prompts[s.problem], s.sample_seed, 128)
        for s in done.samples
        if s.task == task
    }


def test_a_low_budget_ends_the_asking_and_a_closed_pool_ends_at_once(one: Done) -> None:
    stack, sampling = CATALOG.stacks["cpu"], CATALOG.profiles["smoke"].sampling
    requests = requests_of(one)
    assert len(requests) == 200
    texts = dict(one.texts)
    found: list[Completion] = []
    feed = RequestQueue(requests.values(), lambda: len(found) < 20)
    with closing(EnginePool(model_folder(), stack, 512, engines=2, requests=60)) as pool:
        for answers in pool.stream(feed, sampling):
            found += answers
        # Two engines may hold 30 each, so 60 are asked for at once; then hardly any.
        assert 20 <= len(found) < 200 - 60
        assert next(feed, None) is None, "a low budget gives nothing"
        assert {a.key: a.text for a in found} == {a.key: texts[a.key] for a in found}
        processes = [worker.process for worker in pool._workers]
        next(pool.stream(RequestQueue(requests.values(), lambda: True), sampling))
        assert sum(len(worker.in_flight) for worker in pool._workers) > 0, "closing has no choice"
        begun = time.monotonic()
    assert time.monotonic() - begun < 120, "what is in flight is not waited for"
    assert not any(process.is_alive() for process in processes)
