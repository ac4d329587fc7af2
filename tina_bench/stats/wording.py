"""The sentences of verdicts: plain, with numbers and units, for people."""

from tina_bench.catalog.schema import Claim, Task
from tina_bench.stats.evidence import EQUIVALENCE_LEVEL, SIZE, Evidence
from tina_bench.store.records import ResultRecord


def not_measured(claim: Claim) -> str:
    """Return the reason where there is no record."""
    return f"There is no result of {claim.model} on {claim.task} yet."


def position(claim: Claim, measured: float, record: ResultRecord) -> str:
    """Return which way ours lies from the claim, and how far, without the full stop."""
    apart = measured - claim.value_percent
    if abs(apart) < 1e-9:
        where = "equal to"
    else:
        where = f"{abs(apart):.2f} points {'lower' if apart < 0 else 'higher'} than"
    return (
        f"Ours, {measured:.2f} % ({plural(record.k, 'run')} of {plural(record.n, 'problem')}), "
        f"is {where} the claimed {_printed(claim)} % ({_claimed_runs(claim)})"
    )


def not_comparable(
    claim: Claim, measured: float, record: ResultRecord, differences: tuple[str, ...]
) -> str:
    """Return the reason where the protocols differ."""
    return (
        f"{position(claim, measured, record)}, but the two were not made alike "
        f"({'; '.join(differences)})."
    )


def reproduced(task: Task, evidence: Evidence, adjusted: float, family: int) -> str:
    """Return what follows the position for an equivalent result."""
    text = f"{_interval(evidence)} lies within the margin of ±{task.margin_points:g} points."
    if adjusted < SIZE:
        text += (
            f" The difference is more than chance ({_p(adjusted)}{_holm(family)}), "
            "but too small to matter by that margin."
        )
    return text


def not_reproduced(task: Task, evidence: Evidence, adjusted: float, family: int) -> str:
    """Return what follows the position for a result that chance does not explain."""
    return (
        f"fresh runs like the claim's would lie this far off or farther with "
        f"{_p(adjusted)}{_holm(family)}, and {_interval(evidence)} is not within the margin "
        f"of ±{task.margin_points:g} points."
    )


def inconclusive(task: Task, evidence: Evidence, adjusted: float, family: int) -> str:
    """Return what follows the position where neither test decides."""
    return (
        f"chance alone would put them this far apart or farther with {_p(adjusted)}"
        f"{_holm(family)}, but {_interval(evidence)} is not within the margin "
        f"of ±{task.margin_points:g} points."
    )


def would_decide(
    claim: Claim, task: Task, evidence: Evidence, *, further_runs: int | None, greedy: bool
) -> str:
    """Return what would settle an open case, or why nothing of ours can."""
    if greedy:
        return "Not more seeds: decoding is greedy, and further runs would repeat the same answers."
    if further_runs is not None:
        return (
            f"About {plural(further_runs, 'further seed')} of ours, if our score stays where it is."
        )
    remaining = (
        f"with endless runs of ours the difference would still be uncertain by "
        f"±{evidence.least_half_width:.2f} points ({100 * EQUIVALENCE_LEVEL:g} % interval)"
    )
    rests_on, more = plural(evidence.k0, "run"), "more runs behind the claim"
    if claim.trainings is not None:
        rests_on += f" of {plural(claim.trainings, 'training')}"
        more = "more trainings, the claim's and ours,"
    if evidence.least_half_width >= task.margin_points:
        return (
            f"No number of further seeds of ours: the claim rests on {rests_on}, and {remaining}, "
            f"which does not fit the margin of ±{task.margin_points:g} points; {more} would decide."
        )
    return (
        f"No number of further seeds of ours while our score stays where it is: the claim rests on "
        f"{rests_on}, and {remaining}; another score or {more} would decide."
    )


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _printed(claim: Claim) -> str:
    return f"{claim.value_percent:.{claim.decimals}f}"


def _claimed_runs(claim: Claim) -> str:
    if claim.runs is None:
        return "number of runs not stated, taken as 1"
    return plural(claim.runs, "run")


def _interval(evidence: Evidence) -> str:
    interval = evidence.interval
    return (
        f"the {100 * interval.level:g} % interval of the difference, "
        f"{interval.low:+.2f} to {interval.high:+.2f} points,"
    )


def _p(value: float) -> str:
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.2g}"


def _holm(family: int) -> str:
    return f" after Holm's correction over {family} claims" if family > 1 else ""
