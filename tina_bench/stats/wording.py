"""The sentences of verdicts: plain, with numbers and units, for people."""

from typing import Literal

from tina_bench.catalog.schema import AverageClaim, Claim
from tina_bench.stats.evidence import EQUIVALENCE_LEVEL, POWER, SIZE, Evidence
from tina_bench.store.records import ResultRecord

Printed = Claim | AverageClaim


def not_measured(claim: Claim) -> str:
    """Return the reason where there is no record."""
    return f"There is no result of {claim.model} on {claim.task} yet."


def direction(claim: Printed, measured: float) -> Literal["lower", "higher", "equal"]:
    """Return where ours lies, seen from the claim."""
    apart = measured - claim.value_percent
    if abs(apart) < 1e-9:
        return "equal"
    return "lower" if apart < 0 else "higher"


def family(size: int) -> str:
    """Return which claims were judged together."""
    return f"all claims that a comparable result exists for ({size})"


def position(claim: Printed, measured: float, made_of: str) -> str:
    """Return which way ours lies from the claim, and how far, without the full stop."""
    apart = abs(measured - claim.value_percent)
    lies = direction(claim, measured)
    where = "equal to" if lies == "equal" else f"{apart:.2f} points {lies} than"
    return (
        f"Ours, {measured:.2f} % ({made_of}), "
        f"is {where} the claimed {_printed(claim)} % ({_claimed_runs(claim)})"
    )


def runs_of(record: ResultRecord) -> str:
    """Return what a score was made of."""
    return f"{plural(record.k, 'run')} of {plural(record.n, 'problem')}"


def not_comparable(
    claim: Printed, measured: float, made_of: str, differences: tuple[str, ...]
) -> str:
    """Return the reason where the protocols differ."""
    return (
        f"{position(claim, measured, made_of)}, but the two were not made alike "
        f"({'; '.join(differences)})."
    )


def reproduced(margin: float, evidence: Evidence, adjusted: float, family: int) -> str:
    """Return what follows the position for an equivalent result."""
    text = f"{_interval(evidence)} lies within the margin of ±{margin:g} points."
    if adjusted < SIZE:
        text += (
            f" The difference is more than chance ({_p(adjusted)}{_holm(family)}), "
            "but too small to matter by that margin."
        )
    return text


def not_reproduced(margin: float, evidence: Evidence, adjusted: float, family: int) -> str:
    """Return what follows the position for a result that chance does not explain."""
    return (
        f"fresh runs like the claim's would lie this far off or farther with "
        f"{_p(adjusted)}{_holm(family)}, and {_interval(evidence)} is not within the margin "
        f"of ±{margin:g} points."
    )


def inconclusive(margin: float, evidence: Evidence, adjusted: float, family: int) -> str:
    """Return what follows the position where neither test decides."""
    text = (
        f"chance alone would put a fresh claim this far off or farther with {_p(adjusted)}"
        f"{_holm(family)}, but {_interval(evidence)} is not within the margin "
        f"of ±{margin:g} points."
    )
    if evidence.is_beyond(margin):
        scatters = "scatters" if evidence.k0 == 1 else "scatter"
        text += (
            f" Our expected score does lie outside that margin, yet the claim can be luck: "
            f"{plural(evidence.k0, 'run')} like it {scatters} by "
            f"{evidence.chance_of_claim:.1f} points (SD)."
        )
    return text


def would_decide(
    claim: Printed, margin: float, evidence: Evidence, *, further_runs: int | None, greedy: bool
) -> str:
    """Return what would settle an open case, or why nothing of ours can."""
    if greedy:
        return "Not more seeds: decoding is greedy, and further runs would repeat the same answers."
    if further_runs is not None:
        return (
            f"About {plural(further_runs, 'further seed')} of ours would decide it "
            f"with {100 * POWER:g} % power."
        )
    trainings = claim.trainings if isinstance(claim, Claim) else None
    if trainings is not None and evidence.least_half_width >= margin:
        return (
            f"No number of further seeds of ours: with endless runs of our one training the "
            f"recipe's score would still be uncertain by ±{evidence.least_half_width:.2f} points "
            f"({100 * EQUIVALENCE_LEVEL:g} % interval), which does not fit the margin of "
            f"±{margin:g} points; more trainings, the claim's and ours, would decide."
        )
    rests_on, more = plural(evidence.k0, "run"), "more runs behind the claim"
    if trainings is not None:
        rests_on += f" of {plural(trainings, 'training')}"
        more = "more trainings, the claim's and ours,"
    return (
        f"No number of further seeds of ours is likely to: our score seems to lie near the edge of "
        f"the margin or beyond it, and the claim rests on {rests_on}, which chance moves by "
        f"{evidence.chance_of_claim:.1f} points (SD); {more} would decide."
    )


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _printed(claim: Printed) -> str:
    return f"{claim.value_percent:.{claim.decimals}f}"


def _claimed_runs(claim: Printed) -> str:
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
