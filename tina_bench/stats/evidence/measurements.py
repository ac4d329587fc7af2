"""Who measured what: claims, imported files and our own records as pieces of evidence.

The same runs in two places are one piece: `tina_bench.stats.evidence.repeats` finds them in what is
printed, and an imported file whose answers repeat an earlier one's says so itself (`repeat_of`,
from LightEval's hashes, else from those of the answers).
"""

from collections.abc import Iterable, Sequence
from math import isfinite

import numpy as np

from tina_bench.catalog.schema import Catalog, Claim, Confidence
from tina_bench.stats.evidence.measurement_types import (
    NOT_POOLED,
    OURS,
    Evidence,
    MeasuredHow,
    Measurement,
    SetAside,
)
from tina_bench.stats.evidence.repeats import Agreements, counted_once
from tina_bench.stats.methods.score_variance import Variance, answer_variance
from tina_bench.stats.outcome_matrix import correct_answers, independent_answers
from tina_bench.store.imported import LIGHTEVAL
from tina_bench.store.imported_results import ImportedResult
from tina_bench.store.records import ResultRecord


def log_folders(catalog: Catalog) -> dict[str, str]:
    """Return the log folder's name of every checkpoint whose claims come from a folder of its own.

    By model: the last part of the claims' common source, such as `Exp1_100`.
    """
    sources: dict[str, set[str]] = {}
    for claim in catalog.claims.values():
        if catalog.models[claim.model].training is not None:
            sources.setdefault(claim.model, set()).add(claim.source)
    return {
        model: found.pop().rstrip("/").rpartition("/")[2]
        for model, found in sorted(sources.items())
        if len(found) == 1
    }


def model_of(result: ImportedResult, folders: dict[str, str]) -> tuple[str | None, str | None]:
    """Return the catalog's model of an imported result, and the folder whose name alone says so.

    The import itself takes no folder's name for a model. Here a folder counts where its name ends
    with that of a checkpoint's log folder as its claims cite it, and the reason is printed with it.
    """
    if result.model is not None:
        return result.model, None
    for part in reversed(result.path.split("/")[:-1]):
        for model, folder in folders.items():
            if part == folder or part.endswith(f"_{folder}"):
                return model, part
    return None, None


def collect_measurements(
    catalog: Catalog,
    imported: Sequence[ImportedResult] = (),
    records: Sequence[ResultRecord] = (),
    extra: Sequence[Measurement] = (),
) -> Evidence:
    """Return every piece of evidence once; the same for any order of the inputs."""
    aside: list[SetAside] = []
    found = list(extra)
    for name, claim in catalog.claims.items():
        if claim.trainings is not None:
            reason = "about a recipe, over several trainings, and not about fixed weights"
            aside.append(SetAside(name=name, counted_as=None, reason=reason))
        else:
            found.append(measurement_of(catalog, name, claim))
    found.extend(_of_record(record) for record in records)
    found.extend(_of_files(catalog, imported, aside))
    not_pooled = [piece for piece in found if piece.confidence in NOT_POOLED]
    found = [piece for piece in found if piece.confidence not in NOT_POOLED]
    kept: list[Measurement] = []
    cells: dict[tuple[str, str], list[Measurement]] = {}
    for piece in found:
        cells.setdefault((piece.model, piece.task), []).append(piece)
    agreements = Agreements(found)
    for _, pieces in sorted(cells.items()):
        kept.extend(counted_once(pieces, agreements, aside))
    return Evidence(
        measurements=tuple(sorted(kept, key=_place)),
        not_pooled=tuple(sorted(not_pooled, key=_place)),
        set_aside=tuple(sorted(aside, key=lambda a: (a.name, a.reason))),
    )


def _place(piece: Measurement) -> tuple[str, str, str]:
    return piece.model, piece.task, piece.name


def _weights(catalog: Catalog, model: str) -> str:
    """The name that these very weights were published under.

    A file may have been imported with a catalog that had other models.
    """
    known = catalog.models.get(model)
    return model if known is None else known.published_as or model


def measurement_of(catalog: Catalog, name: str, claim: Claim) -> Measurement:
    """Return what a claim says as a piece of evidence."""
    several = claim.runs is not None and claim.runs > 1
    spread = claim.spread_points if several else None
    return Measurement(
        name=name,
        origin="claim",
        model=_weights(catalog, claim.model),
        task=claim.task,
        percent=claim.value_percent,
        decimals=claim.decimals,
        n=catalog.tasks[claim.task].n_problems,
        runs=claim.runs,
        spread_points=spread,
        spread_degrees_of_freedom=None if spread is None or not claim.runs else claim.runs - 1,
        correct_by_run=claim.correct_by_run,
        correct_by_problem=claim.correct_by_problem,
        protocol=protocol_of(claim),
        confidence=claim.confidence,
        best_of=claim.best_of,
        who=claim.who,
        source=claim.source,
    )


def protocol_of(claim: Claim) -> MeasuredHow:
    """Return how a claim was measured, as far as it says."""
    sampling = claim.sampling
    return MeasuredHow(
        temperature=claim.temperature if sampling is None else sampling.temperature,
        top_p=None if sampling is None else sampling.top_p,
        max_new_tokens=claim.max_new_tokens,
        prompts_sha256=claim.prompts_sha256,
        grader=claim.grader,
        harness=claim.harness or None,
    )


def _of_record(record: ResultRecord) -> Measurement:
    solved, runs = independent_answers(record)
    variance = answer_variance(solved, runs) if runs > 1 else None
    by_run = correct_answers(record)[:, :runs].sum(axis=0)
    asked = record.provenance
    return Measurement(
        name=f"record of {record.model} on {record.task}, {record.provenance.stack} stack",
        origin="own record",
        model=record.model,
        task=record.task,
        percent=100 * float(solved.sum()) / (len(solved) * runs),
        n=len(solved),
        runs=runs,
        spread_points=None if variance is None else 100 * (variance.value / len(solved)) ** 0.5,
        spread_degrees_of_freedom=None if variance is None else variance.degrees_of_freedom,
        correct_by_run=tuple(map(int, by_run)),
        correct_by_problem=tuple(map(int, solved)),
        protocol=MeasuredHow(
            temperature=_figure(asked.sampling.get("temperature")),
            top_p=_figure(asked.sampling.get("top_p")),
            max_new_tokens=_count(asked.sampling.get("max_new_tokens")),
            prompts_sha256=asked.prompts_sha256,
            grader=asked.grader.get("metric"),
            harness="tina-bench",
        ),
        confidence=Confidence.MEASURED,
        who=OURS,
        source=f"profile {getattr(record.provenance, 'profile', '?')}",
    )


def _figure(value: object) -> float | None:
    """A figure out of a record's free-form settings; `None` where there is none."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known and isinstance(value, int | float) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _of_files(
    catalog: Catalog, imported: Iterable[ImportedResult], aside: list[SetAside]
) -> Iterable[Measurement]:
    folders = log_folders(catalog)
    loggers = {claim.model: claim.who for _, claim in sorted(catalog.claims.items())}
    seen: set[tuple[str, str]] = set()
    for result in sorted(imported, key=lambda r: (r.id, r.task_as_printed, r.metric)):
        model, folder = model_of(result, folders)
        if model is None or result.task is None or not result.n:
            continue
        if result.n_correct is None and result.decimals is None:
            continue
        name = file_name(result)
        if result.repeat_of is not None:
            reason = "the same answers as an earlier file: the same run said again"
            aside.append(SetAside(name=name, counted_as=result.repeat_of, reason=reason))
            continue
        if (result.id, result.task_as_printed) in seen:
            reason = "another metric of the same answers"
            aside.append(SetAside(name=f"{name}, {result.metric}", counted_as=name, reason=reason))
            continue
        seen.add((result.id, result.task_as_printed))
        # A file in a checkpoint's own log folder is its loggers', whatever name the file has.
        who = loggers[model] if folder else result.reported_by or "unknown"
        spread, runs = spread_of(result), result.runs
        trials, correct = result.n_trials, result.n_correct
        share = result.value if correct is None or not trials else correct / trials
        if repeats_itself(result):
            spread, runs = None, 1
        yield Measurement(
            name=name,
            origin="imported file",
            model=_weights(catalog, model),
            task=result.task,
            percent=100 * share,
            decimals=result.decimals if correct is None else None,
            n=result.n,
            runs=runs,
            spread_points=None if spread is None else 100 * spread.value**0.5,
            spread_degrees_of_freedom=None if spread is None else spread.degrees_of_freedom,
            correct_by_run=_by_run(result, runs),
            correct_by_problem=_by_problem(result, runs),
            protocol=_measured_how(result),
            who=who,
            source=result.source or result.path,
        )


def _by_run(result: ImportedResult, runs: int | None) -> tuple[int, ...]:
    """Right answers of each run, where each asked all problems."""
    if result.n_correct is None:
        return ()
    counts = tuple(run.n_correct for run in result.by_run if run.n == result.n)
    if runs == 1:
        return counts[:1] or (result.n_correct // (result.runs or 1),)
    return counts if len(counts) == runs else ()


def _by_problem(result: ImportedResult, runs: int | None) -> tuple[int, ...]:
    """Right answers to each problem, where each was answered as often."""
    if runs is None or runs != result.runs:
        return ()
    known = [o.correct for o in result.outcomes if o.trials == runs and o.correct is not None]
    return tuple(known) if len(known) == result.n else ()


def _measured_how(result: ImportedResult) -> MeasuredHow:
    """How it was measured, as far as its files say."""
    told = result.protocol
    format_name = "LightEval" if result.format == LIGHTEVAL else result.format
    return MeasuredHow(
        temperature=told.temperature,
        top_p=told.top_p,
        max_new_tokens=told.max_tokens,
        grader=told.grader,
        harness=result.harness or format_name,
    )


def repeats_itself(result: ImportedResult) -> bool:
    """Whether decoding was greedy and every run gave the same: one run, repeated."""
    counts = {outcome.correct for outcome in result.outcomes} <= {0, result.runs}
    greedy = result.protocol.temperature == 0 and bool(result.outcomes)
    return greedy and counts and result.runs is not None


def spread_of(result: ImportedResult) -> Variance | None:
    """Variance of one run's share, as far as the file has several runs of the same problems.

    From the single problems where each has as many answers, else from the runs' totals, else as
    printed; `None` for one run.
    """
    runs = result.runs
    if runs is None or runs < 2 or not result.n:
        return None
    solved = [outcome.correct for outcome in result.outcomes if outcome.trials == runs]
    known = [count for count in solved if count is not None]
    if known and len(known) == result.n and len({r.n for r in result.by_run}) <= 1:
        variance = answer_variance(np.array(known, dtype=np.int64), runs)
        return variance.scaled(1 / result.n)
    if len(result.by_run) > 1:
        shares = [run.n_correct / run.n for run in result.by_run]
        return Variance(float(np.var(shares, ddof=1)), len(shares) - 1)
    if result.sd_over_runs is not None:
        return Variance(result.sd_over_runs**2, runs - 1)
    return None


def file_name(result: ImportedResult) -> str:
    """Return what an imported result is called here."""
    return f"imported file {result.id} ({result.task})"
