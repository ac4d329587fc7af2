"""The tables of the whole site: results, claims, comparisons, costs, trainings."""

from collections.abc import Iterator

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Row, Table
from tina_bench.metering.bill import as_rows
from tina_bench.stats.evidence.types import CellEstimate, EvidenceAverage, ScoreEstimate
from tina_bench.stats.types import AVERAGE, Interval, Rate


def _interval(interval: Interval | None, prefix: str) -> Row:
    return {
        f"{prefix}_low": interval.low if interval else None,
        f"{prefix}_high": interval.high if interval else None,
        f"{prefix}_level": interval.level if interval else None,
        f"{prefix}_question": interval.question.value if interval else None,
        f"{prefix}_method": interval.method if interval else None,
    }


def _rate(rate: Rate, name: str) -> Row:
    return {f"{name}_samples": rate.count, f"{name}_of": rate.total}


def _results(evidence: SiteContext) -> Iterator[Row]:
    for found in evidence.report.estimates:
        record = evidence.records[found.model, found.task]
        yield {
            "model": found.model,
            "task": found.task,
            "metric": record.metric,
            "n_problems": found.n,
            "k_runs": found.k,
            "n_correct": found.n_correct,
            "avg_percent": found.avg_percent,
            **_interval(found.same_problems, "same_problems"),
            **_interval(found.similar_problems, "similar_problems"),
            "seeds": record.seeds,
            "run_percents": found.run_percents,
            "sd_over_runs_points": found.sd_over_runs_points,
            **_rate(found.truncated, "truncated"),
            **_rate(found.unanswered, "unanswered"),
            **_rate(found.undecided, "undecided"),
            "mean_tokens_out": found.mean_tokens_out,
            "stack": record.provenance.stack,
            "profile": record.provenance.profile,
            "deviations": record.provenance.deviations,
            "caveats": record.provenance.caveats,
            "finished_at": record.provenance.finished_at.isoformat(),
        }


def _pass_at_k(evidence: SiteContext) -> Iterator[Row]:
    for found in evidence.report.estimates:
        for k, percent in sorted(found.pass_at_k_percent.items()):
            yield {
                "model": found.model,
                "task": found.task,
                "k": k,
                "pass_at_k_percent": percent,
            }


def _claims(evidence: SiteContext) -> Iterator[Row]:
    for found in evidence.report.judgements:
        values = found.model_dump(mode="json", exclude={"interval"})
        yield {**values, **_interval(found.interval, "difference")}


def _estimate(found: ScoreEstimate) -> Row:
    return {
        "estimate_percent": found.percent,
        "estimate_low": found.low,
        "estimate_high": found.high,
        "next_team_low": found.next_low,
        "next_team_high": found.next_high,
        "between_teams_points": found.between_teams_points,
        "teams": found.teams,
        "runs": found.runs,
    }


def _estimates(evidence: SiteContext) -> Iterator[Row]:
    known = evidence.public_evidence
    rows: list[tuple[str, tuple[str, ...], CellEstimate | EvidenceAverage]] = [
        *((cell.task, (cell.task,), cell) for cell in known.cells),
        *((AVERAGE, average.tasks, average) for average in known.averages),
    ]
    for task, tasks, found in rows:
        yield {
            "model": found.model,
            "task": task,
            "tasks": tasks,
            **_estimate(found.estimate),
            "rests_on": found.rests_on,
            "sentence": found.sentence,
        }


def _others(evidence: SiteContext) -> Iterator[Row]:
    claims = {found.claim: found for found in evidence.report.judgements}
    for said in evidence.public_evidence.others:
        if said.claim not in claims:
            continue
        found = claims[said.claim]
        yield {
            "claim": said.claim,
            "model": found.model,
            "task": found.task,
            "published_percent": found.claimed_percent,
            "word": said.word.value,
            "about": said.about,
            "others_percent": said.percent,
            "others_low": said.low,
            "others_high": said.high,
            "teams": said.teams,
            "runs": said.runs,
            "p_value": said.p_value,
            "adjusted_p": said.adjusted_p,
            "family": said.family,
            "disagree_chance": said.disagree_chance,
            "sentence": said.sentence,
        }


def _comparisons(evidence: SiteContext) -> Iterator[Row]:
    for found in evidence.report.comparisons:
        values = found.model_dump(mode="json", exclude={"interval"})
        yield {**values, **_interval(found.interval, "difference")}


def _costs(evidence: SiteContext) -> Iterator[Row]:
    for attempt in evidence.bill.attempts:
        first = attempt.first
        # An attempt that was killed before its first stretch ended is a row without a phase.
        for row in as_rows(attempt.phases or (attempt.total,)):
            yield {
                **row,
                "phase": row["phase"] or None,
                "folder": first.folder,
                "stack": first.stack,
                "device": first.device,
                "price_name": first.price_name,
                "price_usd_per_hour": first.price_usd_per_hour,
                "started": first.at.isoformat(),
                "last_entry": attempt.last.at.isoformat(),
            }


def _training(evidence: SiteContext) -> Iterator[Row]:
    fields = dict.fromkeys(n for c in evidence.curves for step in c.steps for n in sorted(step))
    for curve in evidence.curves:
        for step in curve.steps:
            yield {
                "model": curve.model,
                "folder": curve.folder,
                "finished": curve.finished,
                "step": step["step"],
                **{name: step.get(name) for name in fields if name != "step"},
            }


def tables_of(evidence: SiteContext) -> tuple[Table, ...]:
    """Every table of the whole site; answers are in files of their own."""
    return (
        Table.of(
            "results",
            "One row a model and task: score, both intervals, rates, run scores.",
            _results(evidence),
            ("model", "task"),
        ),
        Table.of(
            "claims",
            "One row a published score: value, source, verdict, reason.",
            _claims(evidence),
            ("claim", "model", "task", "verdict"),
        ),
        Table.of(
            "estimates",
            "One row a model and task, or average: what all public evidence says of the score.",
            _estimates(evidence),
            ("model", "task", "estimate_percent"),
        ),
        Table.of(
            "others",
            "One row a published score: what other teams' measurements say of it.",
            _others(evidence),
            ("claim", "model", "task", "word"),
        ),
        Table.of(
            "comparisons",
            "Adapters against their bases, a task each and pooled.",
            _comparisons(evidence),
            ("model_a", "model_b", "tasks"),
        ),
        Table.of(
            "pass-at-k",
            "Unbiased pass@k of every model and task.",
            _pass_at_k(evidence),
            ("model", "task", "k", "pass_at_k_percent"),
        ),
        Table.of(
            "costs",
            "The ledger by attempt and phase, failed and unfinished attempts included.",
            _costs(evidence),
            ("model", "kind", "phase", "attempt"),
        ),
        Table.of(
            "training",
            "Every training step that was logged.",
            _training(evidence),
            ("model", "folder", "step"),
        ),
    )
