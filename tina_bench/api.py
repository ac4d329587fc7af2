"""What the command line does, from Python: `import tina_bench as tb`.

Every function works on a home (`Home`, a path, or `None` for `TINA_BENCH_HOME`, else `./runs`) and
on the packaged catalog and lock; `catalog=[FILE, …]` and `lock=FILE` are the options of the same
names. Nothing is printed; errors are `tina_bench.errors.TinaBenchError`, one sentence each. The
verbs of the command line are these functions, or what they call, with options and tables around.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.board.site.build import SiteOptions, SiteSummary
from tina_bench.board.site.rebuild import build_once
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import BlockedError, UsageError
from tina_bench.lock.required_files import open_lock
from tina_bench.planning.plan import build_plan
from tina_bench.planning.types import Plan, Request
from tina_bench.running.reproduction import (
    ReproductionOutcome,
    ReproductionWatcher,
    Unwatched,
    open_reproduction,
)
from tina_bench.running.select_runner import RunnerName, choose_for
from tina_bench.stats.audits.report import Audits, build_audits
from tina_bench.stats.comparisons.all_pairs import PairTable, compare_all
from tina_bench.stats.comparisons.ranks import RankTable, rank_bands
from tina_bench.store.answer_logs import check_sample_logs
from tina_bench.store.home import Home, open_home
from tina_bench.verifying.types import Verification
from tina_bench.verifying.verify import VerifyOptions, judge
from tina_bench.verifying.verify import verify as verify_judged

HomeLike = Home | Path | str | None
"""A home, its folder, or `None` for the one that the environment names."""


def plan(
    profile: str = "paper",
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    seeds: int | None = None,
    retrain: bool = False,
    gpu: str | None = None,
    gpu_count: int = 1,
    price_usd_per_hour: float | None = None,
    home: HomeLike = None,
    catalog: Sequence[Path] = (),
    lock: Path | None = None,
) -> Plan:
    """What a request still needs, why, and what it would take.

    `models`, `tasks` and `seeds` (their number) stand in for the profile's. The plan has seconds,
    GPU-hours and US dollars as low, central and high; unknown is `None`. Raises `UsageError` for an
    unknown name, `CatalogError` and `LockError` for bad files.
    """
    request = _request(
        profile, models, tasks, seeds, retrain=retrain, gpu=gpu, gpu_count=gpu_count,
        price_usd_per_hour=price_usd_per_hour,
    )  # fmt: skip
    loaded = load_catalog(catalog)
    locked = open_lock(lock, loaded)
    choice = choose_for(request, loaded, RunnerName.AUTO)
    return build_plan(request, loaded, locked, open_home(home), choice.machine)


def reproduce(
    profile: str = "paper",
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    seeds: int | None = None,
    retrain: bool = False,
    budget_usd: float | None = None,
    price_usd_per_hour: float | None = None,
    runner: str = "auto",
    home: HomeLike = None,
    catalog: Sequence[Path] = (),
    lock: Path | None = None,
    watcher: ReproductionWatcher | None = None,
) -> ReproductionOutcome:
    """Train, evaluate and grade what a request still needs; safe to interrupt and to repeat.

    Returns how it ended: `outcome.summary` has jobs done and US dollars spent, `outcome.error` what
    keeps it from being all that was asked for (`None` when it is). `watcher` sees it going. Raises
    what `plan` does, `UsageError` for a budget without a price, and `BusyError` where another
    process uses the home.
    """
    request = _request(
        profile, models, tasks, seeds, retrain=retrain, price_usd_per_hour=price_usd_per_hour
    )
    loaded = load_catalog(catalog)
    reproduction, request = open_reproduction(
        request,
        loaded,
        open_lock(lock, loaded),
        open_home(home),
        lambda _: watcher or Unwatched(),
        runner=RunnerName(runner),
        budget_usd=budget_usd,
        command_line=("tina_bench.reproduce",),
    )
    return reproduction.run(request)


def _request(
    profile: str,
    models: Sequence[str] | None,
    tasks: Sequence[str] | None,
    seeds: int | None,
    **given: Any,
) -> Request:
    return Request(
        profile=profile,
        models=tuple(models) if models else None,
        tasks=tuple(tasks) if tasks else None,
        seeds=tuple(range(seeds)) if seeds else None,
        **given,
    )


def verify(
    home: HomeLike = None,
    *,
    models: Sequence[str] = (),
    profile: str | None = None,
    without_samples: bool = False,
    audits: bool = True,
    catalog: Sequence[Path] = (),
    lock: Path | None = None,
) -> Verification:
    """Give every claim that has a result a verdict, by records that are counted again.

    Scores are in percent, differences in points. `verification.claims` has a verdict and a reason
    per claim, `verification.problems` records that are not what they say, `exit_code` what
    `tina-bench verify` would end with. Methods and sources: docs/statistics.md.
    """
    options = VerifyOptions(
        profile=profile, models=tuple(models), without_samples=without_samples, audits=audits
    )
    loaded = load_catalog(catalog)
    judged = judge(open_home(home), loaded, open_lock(lock, loaded), options)
    return verify_judged(judged, options, None)


@dataclass(frozen=True)
class ModelComparison:
    """All pairs of models, and the ranks that they may have."""

    pairs: tuple[PairTable, ...]
    """One per task, and one for the average over tasks."""
    ranks: tuple[RankTable, ...]
    """In the same order."""


def compare(
    home: HomeLike = None,
    *,
    models: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    profile: str | None = None,
) -> ModelComparison:
    """Compare models pair by pair on the same problems, and tell which ranks they may have.

    Differences and intervals are in points. Exact paired sign-flip tests, Holm over the pairs of a
    table (docs/statistics.md). Raises `UsageError` for one model or an unknown name, `BlockedError`
    where fewer than two models have results, `IntegrityError` for a changed sample log.
    """
    if models is not None and len(set(models)) < 2:
        raise UsageError(f"--model {models[0]}: one model cannot be compared; name at least two.")
    store = open_home(home)
    records = store.measurements(profile)
    if len({record.model for record in records}) < 2:
        raise BlockedError(
            f"{store.root} holds results of fewer than two models; run `tina-bench reproduce` "
            "first, or name another home with --home."
        )
    check_sample_logs(store.root, records)
    tables = compare_all(records, models=models, tasks=tasks)
    if not tables:
        raise BlockedError(
            f"no task in {store.root} was measured on the same problems for two of the models; "
            "`tina-bench results list` shows what was measured."
        )
    return ModelComparison(tuple(tables), tuple(rank_bands(found) for found in tables))


def audit(
    home: HomeLike = None, *, models: Sequence[str] = (), catalog: Sequence[Path] = ()
) -> Audits:
    """Audit what was published against itself, against what others measured, and against logs.

    Scores are in percent, differences in points. Reads the catalog, and from the home what was
    imported and measured there. Raises `UsageError` for an unknown model. Methods and sources:
    docs/statistics.md, Audits.
    """
    loaded = load_catalog(catalog)
    unknown = sorted(set(models) - loaded.models.keys())
    if unknown:
        raise UsageError(
            f"--model: there is no model {unknown[0]!r} in the catalog; "
            "`tina-bench catalog list models` shows what there is."
        )
    store = open_home(home)
    made = build_audits(loaded, store.imported(), store.results())
    return made.about(list(models)) if models else made


def build_board(
    home: HomeLike = None,
    out: Path | str | None = None,
    *,
    options: SiteOptions | None = None,
    catalog: Sequence[Path] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> SiteSummary:
    """Build the static leaderboard of a home in `out` (`HOME/site` if `None`).

    The old site stays until the new one is whole. Returns numbers of pages, files and answers, and
    bytes. Raises `BlockedError` where nothing has been measured, `IntegrityError` for changed logs.
    """
    store = open_home(home)
    target = Path(out) if out is not None else store.site
    tell = on_progress or _ignore
    return build_once(store, target.absolute(), catalog, options or SiteOptions(), tell)


def _ignore(done: int, total: int) -> None:
    """Progress that nothing shows."""
