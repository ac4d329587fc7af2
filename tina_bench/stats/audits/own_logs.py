"""Is a published score what its authors' own log says, and what others find?

The log of a checkpoint that was published under its own name: the catalog's claims about the
checkpoint, and imported result files of it. A file is the checkpoint's by its model, or by the name
of its folder, and which of the two is reported. What others measured is everything on the published
model by other people, pooled.
"""

from collections.abc import Sequence
from enum import StrEnum

from tina_bench.catalog.schema import Catalog, Claim
from tina_bench.formatting.numbers import p_text, plural
from tina_bench.stats.audits.disagreement import LEVEL, distance, with_variances
from tina_bench.stats.audits.lattice import counts_printed_as
from tina_bench.stats.evidence.chance import Chance
from tina_bench.stats.evidence.measurement_types import Evidence, Measurement, group_of
from tina_bench.stats.evidence.measurements import log_folders, model_of
from tina_bench.stats.methods.holm import holm
from tina_bench.stats.types import Shape
from tina_bench.store.imported_results import ImportedResult


class LogSays(StrEnum):
    """What the log makes of the printed score."""

    SAME = "the log says the same"
    DIFFERS = "the log says otherwise"
    NO_LOG = "no log of it is known"


class LoggedRun(Shape):
    """One line of a log, or one imported file."""

    name: str
    """Claim, or id of the imported file."""
    percent: float
    """Score in the log, percent."""
    n_correct: int | None
    """Correct answers, where the log has them or the lattice leaves one number."""
    n: int
    """Problems."""
    known_by: str
    """Why this is the checkpoint's."""
    folder: str | None
    """The folder whose name alone says so; `None` where the file or the catalog does."""
    repeats: str | None
    """Id of the file whose run this one repeats; no further evidence."""


class OwnLog(Shape):
    """One published score against its own log and against the others."""

    claim: str
    """Catalog name of the published claim."""
    model: str
    """The published model."""
    task: str
    """Task."""
    who: str
    """Who published it."""
    printed_percent: float
    """As printed."""
    decimals: int
    """Digits printed."""
    checkpoint: str
    """Catalog name of the logged checkpoint."""
    log: LogSays
    """What the log makes of it."""
    off_by_points: float | None
    """Printed minus logged, points, beyond rounding; the nearest run where there are several;
    `None` without a log."""
    runs: tuple[LoggedRun, ...]
    """The lines and files."""
    others: int
    """Measurements by other people."""
    others_percent: float | None
    """Their precision-weighted mean."""
    others_lowest: float | None
    """The lowest of them."""
    others_highest: float | None
    """The highest of them."""
    from_others_points: float | None
    """Printed minus that mean, points."""
    p_value: float | None
    """Chance of lying that far off or farther, if all measure one score."""
    adjusted_p: float | None
    """The same after Holm's correction over `family` published scores."""
    family: int
    """Published scores that others measured, too."""
    sentence: str
    """The finding, for people."""


def audit_own_logs(
    catalog: Catalog,
    evidence: Evidence,
    chance: Chance,
    imported: Sequence[ImportedResult] = (),
) -> tuple[OwnLog, ...]:
    """Return every score of a model that was published out of a log, by model and task."""
    checkpoints = {
        model.published_as: name
        for name, model in sorted(catalog.models.items())
        if model.published_as is not None
    }
    found = []
    for name, claim in sorted(catalog.claims.items()):
        checkpoint = checkpoints.get(claim.model)
        # Those who logged it: a third party's score of the same model has no log of its own here.
        if checkpoint is not None and _published_by(catalog, checkpoint, claim):
            found.append(_one(catalog, evidence, chance, imported, name, claim, checkpoint))
    return _corrected(found)


def _published_by(catalog: Catalog, checkpoint: str, claim: Claim) -> bool:
    loggers = {c.who for c in catalog.claims.values() if c.model == checkpoint}
    return claim.who in loggers


def _one(
    catalog: Catalog,
    evidence: Evidence,
    chance: Chance,
    imported: Sequence[ImportedResult],
    name: str,
    claim: Claim,
    checkpoint: str,
) -> OwnLog:
    n = catalog.tasks[claim.task].n_problems
    runs = _logged(catalog, imported, checkpoint, claim.task, n)
    half = 0.5 * 10.0**-claim.decimals
    off = [claim.value_percent - run.percent for run in runs]
    nearest = min(off, key=abs) if off else None
    beyond = None
    if nearest is not None:
        # A hair for binary fractions; a line of a log may itself be rounded to two digits.
        beyond = 0.0 if abs(nearest) <= half + 0.005 + 1e-9 else nearest
    log = LogSays.NO_LOG
    if beyond is not None:
        log = LogSays.SAME if beyond == 0 else LogSays.DIFFERS
    theirs = [
        piece
        for piece in evidence.of(claim.model, claim.task)
        if group_of(piece.who) != group_of(claim.who)
    ]
    apart, p_value, middle = None, None, None
    if theirs:
        own = Measurement(
            name=name, origin="claim", model=claim.model, task=claim.task, n=n,
            percent=claim.value_percent, decimals=claim.decimals, runs=claim.runs,
            who=claim.who, source=claim.source,
        )  # fmt: skip
        weighted = with_variances([own, *theirs], chance)
        apart, p_value = distance(weighted, 0)
        middle = claim.value_percent - apart
    scores = [piece.percent for piece in theirs]
    return OwnLog(
        claim=name,
        model=claim.model,
        task=claim.task,
        who=claim.who,
        printed_percent=claim.value_percent,
        decimals=claim.decimals,
        checkpoint=checkpoint,
        log=log,
        off_by_points=beyond,
        runs=runs,
        others=len(theirs),
        others_percent=middle,
        others_lowest=min(scores) if scores else None,
        others_highest=max(scores) if scores else None,
        from_others_points=apart,
        p_value=p_value,
        adjusted_p=None,
        family=0,
        sentence="",
    )


def _logged(
    catalog: Catalog, imported: Sequence[ImportedResult], checkpoint: str, task: str, n: int
) -> tuple[LoggedRun, ...]:
    runs = []
    for name, claim in sorted(catalog.claims.items()):
        if (claim.model, claim.task) == (checkpoint, task):
            counts = counts_printed_as(claim.value_percent, claim.decimals, n)
            count = counts[0] if len(counts) == 1 else None
            runs.append(
                LoggedRun(
                    name=name,
                    percent=claim.value_percent,
                    n_correct=count,
                    n=n,
                    known_by=claim.source,
                    folder=None,
                    repeats=None,
                )
            )
    folders = log_folders(catalog)
    for result in sorted(imported, key=lambda r: (r.id, r.metric)):
        model, folder = model_of(result, folders)
        if model != checkpoint or result.task != task:
            continue
        trials = result.n_trials
        if result.n is None or result.n_correct is None or not trials:
            continue
        runs.append(
            LoggedRun(
                name=result.id,
                percent=100 * result.n_correct / trials,
                n_correct=result.n_correct if result.runs == 1 else None,
                n=result.n,
                known_by="the folder's name" if folder else "the file's model",
                folder=folder,
                repeats=result.repeat_of,
            )
        )
    return tuple(runs)


def _corrected(found: list[OwnLog]) -> tuple[OwnLog, ...]:
    p_values = [one.p_value for one in found if one.p_value is not None]
    adjusted = iter(holm(p_values))
    made = []
    for one in found:
        change: dict[str, object] = {"family": len(p_values)}
        if one.p_value is not None:
            change["adjusted_p"] = next(adjusted)
        updated = one.model_copy(update=change)
        made.append(updated.model_copy(update={"sentence": _sentence(updated)}))
    return tuple(sorted(made, key=lambda one: (one.model, one.task, one.claim)))


def _sentence(one: OwnLog) -> str:
    printed = f"{one.printed_percent:.{one.decimals}f}"
    files = sum(run.name != run.known_by and not run.repeats for run in one.runs)
    if one.log is LogSays.NO_LOG:
        text = f"{printed}: no log of it is known"
    elif one.log is LogSays.SAME:
        counts = sorted({run.n_correct for run in one.runs if run.n_correct is not None})
        said = f" ({counts[0]} of {one.runs[0].n})" if len(counts) == 1 else ""
        text = f"{printed}: its own log says the same{said}"
    else:
        text = f"{printed}: its own log is {one.off_by_points:+.2f} points away"
    if len({run.percent for run in one.runs if not run.repeats}) > 1 and files > 1:
        text += ", in one of several runs"
    if one.from_others_points is None or one.p_value is None or one.adjusted_p is None:
        return f"{text}; nobody else measured it."
    where = "above" if one.from_others_points > 0 else "below"
    others = (
        f"{plural(one.others, 'other')} found {one.others_lowest:g} to {one.others_highest:g}"
        if one.others > 1
        else f"one other found {one.others_lowest:g}"
    )
    consistent = "consistent with that by chance"
    if one.adjusted_p < 1 - LEVEL:
        consistent = "more than chance"
    elif one.p_value < 1 - LEVEL:
        consistent = f"not more than chance once {one.family} scores are looked at"
    return (
        f"{text}; {others}, and it lies {abs(one.from_others_points):.1f} points {where} their "
        f"mean of {one.others_percent:.1f}: {consistent} ({p_text(one.p_value)}, "
        f"{p_text(one.adjusted_p)} after Holm)."
    )
