"""What the command line does, from Python: `import tina_bench as tb`.

Every function works on a home (`Home`, a path, or `None` for `TINA_BENCH_HOME`, else `./runs`) and
on the packaged catalog and lock; `catalog=[FILE, …]` and `lock=FILE` are the options of the same
names. Nothing is printed; errors are `tina_bench.errors.TinaBenchError`, one sentence each. The
verbs of the command line are one call of these functions, with options before and tables after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.schema import Catalog
from tina_bench.errors import BlockedError, UsageError
from tina_bench.exporting.export import ExportSummary, export_home
from tina_bench.exporting.options import ExportOptions
from tina_bench.lock.required_files import open_lock
from tina_bench.planning.plan import build_plan
from tina_bench.planning.scaled import at_scale
from tina_bench.planning.types import Request
from tina_bench.running.options import RunOptions
from tina_bench.running.outcome import PlanOutcome, ReproductionOutcome
from tina_bench.running.reproduction import open_reproduction
from tina_bench.running.select_runner import RunnerName, choose_for
from tina_bench.running.until_decided import (
    SeedLimits,
    at_most,
    first_targets,
    make_rule,
    with_targets,
)
from tina_bench.running.watchers import ReproductionWatcher, Unwatched
from tina_bench.stats.audits.report import Audits, build_audits
from tina_bench.stats.comparisons.all_pairs import PairTable, compare_all
from tina_bench.stats.comparisons.ranks import RankTable, rank_bands
from tina_bench.store.answer_logs import check_sample_logs
from tina_bench.store.home import Home, open_home
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.reports.outputs import VerifyFiles
from tina_bench.verifying.run import run_verify
from tina_bench.verifying.types import Verification
from tina_bench.verifying.verify import VerifyOptions

if TYPE_CHECKING:
    from tina_bench.board.site.build import SiteOptions, SiteSummary

__all__ = [
    "ExportOptions", "ExportSummary", "HomeLike", "ModelComparison", "Request", "RunOptions",
    "SeedLimits", "VerifyFiles", "VerifyOptions", "audit", "build_board", "compare", "export",
    "plan", "reproduce", "verify",
]  # fmt: skip

HomeLike = Home | Path | str | None
"""A home, its folder, or `None` for the one that the environment names."""


def plan(
    request: Request | str = "paper",
    *,
    runner: str = RunnerName.AUTO,
    until_decided: SeedLimits | None = None,
    home: HomeLike = None,
    catalog: Sequence[Path] = (),
    lock: Path | None = None,
) -> PlanOutcome:
    """What a request still needs, why, and what it would take; runs nothing.

    `request` is a profile's name, or a `Request` that says more. `outcome.plan` has the jobs, and
    seconds, GPU-hours and US dollars as low, central and high; unknown is `None`. With
    `until_decided` it is the first batch, and `outcome.at_most` bounds all that may follow. Raises
    `UsageError` for an unknown name, `CatalogError` and `LockError` for bad files.
    """
    asked, loaded = _at_scale(request, catalog)
    choice = choose_for(asked, loaded, runner)
    store, locked = open_home(home), open_lock(lock, loaded)
    if until_decided is None:
        return PlanOutcome(build_plan(asked, loaded, locked, store, choice.machine), choice)
    rule = make_rule(loaded, asked, store, until_decided)
    first, bound = (
        build_plan(with_targets(asked, runs), loaded, locked, store, choice.machine)
        for runs in (first_targets(loaded, asked, store, rule), at_most(asked, loaded, rule))
    )
    return PlanOutcome(first, choice, rule, bound)


def reproduce(
    request: Request | str = "paper",
    options: RunOptions | None = None,
    *,
    until_decided: SeedLimits | None = None,
    home: HomeLike = None,
    catalog: Sequence[Path] = (),
    lock: Path | None = None,
    watcher: ReproductionWatcher | None = None,
) -> ReproductionOutcome:
    """Train, evaluate and grade what a request still needs; safe to interrupt and to repeat.

    `request` is a profile's name, or a `Request` that says more; `options` say where jobs run and
    what they may cost. With `until_decided` the number of seeds is chosen by looking at the
    answers, by a method that holds at any time (docs/statistics.md). Returns how it ended:
    `outcome.summary` has jobs done and US dollars spent, `outcome.error` what keeps it from being
    all that was requested (`None` when it is). `watcher` sees it going. Raises what `plan` does,
    `UsageError` for a budget without a price, and `BusyError` where another process uses the home.
    """
    asked, loaded = _at_scale(request, catalog)
    reproduction, asked = open_reproduction(
        asked,
        loaded,
        open_lock(lock, loaded),
        open_home(home),
        options or RunOptions(),
        watcher or Unwatched(),
    )
    if until_decided is None:
        return reproduction.run(asked)
    rule = make_rule(loaded, asked, reproduction.home, until_decided)
    return reproduction.run_until_decided(asked, rule)


def _at_scale(request: Request | str, catalog: Sequence[Path]) -> tuple[Request, Catalog]:
    asked = Request(request) if isinstance(request, str) else request
    return at_scale(asked, load_catalog(catalog))


def verify(
    home: HomeLike = None,
    options: VerifyOptions | None = None,
    *,
    files: VerifyFiles | None = None,
    catalog: Sequence[Path] = (),
    lock: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Give every claim that has a result a verdict, by records that are counted again.

    Scores are in percent, differences in points. `verification.claims` has a verdict and a reason
    per claim, `verification.problems` records that are not what they say, `exit_code` what
    `tina-bench verify` would end with; `claim.estimate` is the best estimate of the score from all
    public evidence and `claim.others` what other teams say. `files` are those for CI: written once
    everything is known.
    `on_progress` gets numbers of answers, done and in all, while `options.regrade` grades them
    again. Raises `BlockedError` where there is neither a result nor an import, `UsageError` for
    options that do not go together. Methods and sources: docs/statistics.md.
    """
    loaded = load_catalog(catalog)
    asked = options or VerifyOptions()
    # Claims of one's own are there to be measured; of the packaged ones others have measured many.
    packaged = not catalog or FailOn.OTHERS_DIFFER in asked.fail_on
    answered = asked.others_suffice or (asked.others and packaged)
    enough = answered and not asked.need_results
    return run_verify(
        open_home(home),
        loaded,
        open_lock(lock, loaded),
        replace(asked, others_suffice=enough),
        files or VerifyFiles(),
        on_progress or _ignore,
    )


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
    """Compare models pair by pair on the same problems, and say which ranks they may have.

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


def export(
    form: str,
    path: Path | str,
    home: HomeLike = None,
    options: ExportOptions | None = None,
    *,
    catalog: Sequence[Path] = (),
) -> ExportSummary:
    """Write a home's results for other programs: `eee`, `hf-eval-results`, `inspect` or `csv`.

    `path` is a file for `csv`, else a folder, and must not be there yet; it is written whole or not
    at all. `summary.left_out` has a sentence for everything that the format cannot hold. Raises
    `UsageError` for an unknown format or name and a path that is there, `BlockedError` where there
    is nothing to export, `IntegrityError` for changed logs, `MissingEngineError` for `inspect`
    without inspect-ai.
    """
    store, loaded = open_home(home), load_catalog(catalog)
    return export_home(store, loaded, form, Path(path), options or ExportOptions())


def build_board(
    home: HomeLike = None,
    out: Path | str | None = None,
    *,
    options: "SiteOptions | None" = None,
    catalog: Sequence[Path] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> "SiteSummary":
    """Build the static leaderboard of a home in `out` (`HOME/site` if `None`).

    The old site stays until the new one is whole. Returns numbers of pages, files and answers, and
    bytes. Without a result it is the board of what was published. Raises `BlockedError` where
    nothing has been measured under the profile asked for, `IntegrityError` for changed logs.
    """
    # Not at the top: what draws takes a second to import, and nothing else needs it.
    from tina_bench.board.site.build import SiteOptions
    from tina_bench.board.site.rebuild import build_once

    store = open_home(home)
    target = Path(out) if out is not None else store.site
    on_progress = on_progress or _ignore
    return build_once(store, target.absolute(), catalog, options or SiteOptions(), on_progress)


def _ignore(done: int, total: int) -> None:
    """Progress that nothing shows."""
