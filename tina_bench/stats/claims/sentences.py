"""The sentences of verdicts: plain, with numbers and units, for people."""

from typing import Literal

from tina_bench.catalog.schema import AverageClaim, Claim
from tina_bench.formatting.numbers import p_text, plural
from tina_bench.stats.claims.p_values import EQUIVALENCE_LEVEL, POWER, SIZE, ClaimTest
from tina_bench.stats.claims.sequential import SequentialDecision
from tina_bench.stats.types import Interval, Verdict
from tina_bench.store.records import ResultRecord

Printed = Claim | AverageClaim

LOOKED_AT = (
    "the number of runs was chosen by looking at them, and no method here judges a claim about "
    "trainings or an average under that."
)
LOOKED_AT_DECIDER = (
    "A measurement with a number of runs that is set beforehand (`--seeds` in another home)."
)


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


def position(claim: Printed, measured: float, runs: str) -> str:
    """Return which way ours lies from the claim, and how far, without the full stop."""
    apart = abs(measured - claim.value_percent)
    lies = direction(claim, measured)
    where = "equal to" if lies == "equal" else f"{apart:.2f} points {lies} than"
    return (
        f"Ours, {measured:.2f} % ({runs}), "
        f"is {where} the claimed {_printed(claim)} % ({_claimed_runs(claim)})"
    )


def runs_of(record: ResultRecord) -> str:
    """Return the runs behind a score, in words."""
    return f"{plural(record.k, 'run')} of {plural(record.n, 'problem')}"


def not_comparable(claim: Printed, measured: float, runs: str, differences: tuple[str, ...]) -> str:
    """Return the reason where the protocols differ."""
    return (
        f"{position(claim, measured, runs)}, but the two were not made alike "
        f"({'; '.join(differences)})."
    )


def reproduced(margin: float, evidence: ClaimTest, adjusted: float, family: int) -> str:
    """Return what follows the position for an equivalent result."""
    text = f"{_interval(evidence)} lies within the margin of ±{margin:g} points."
    if adjusted < SIZE:
        text += (
            f" The difference is more than chance ({p_text(adjusted)}{_holm(family)}), "
            "but too small to matter by that margin."
        )
    return text


def not_reproduced(margin: float, evidence: ClaimTest, adjusted: float, family: int) -> str:
    """Return what follows the position for a result that chance does not explain."""
    return (
        f"fresh runs like the claim's would lie this far off or farther with "
        f"{p_text(adjusted)}{_holm(family)}, and {_interval(evidence)} is not within the margin "
        f"of ±{margin:g} points."
    )


def inconclusive(margin: float, evidence: ClaimTest, adjusted: float, family: int) -> str:
    """Return what follows the position where neither test decides."""
    text = (
        f"chance alone would put a fresh claim this far off or farther with {p_text(adjusted)}"
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
    claim: Printed, margin: float, evidence: ClaimTest, *, further_runs: int | None, greedy: bool
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


def sequential(margin: float, made: SequentialDecision) -> str:
    """Return what follows the position of a result that was looked at as it came."""
    if made.verdict is Verdict.REPRODUCED:
        return (
            f"after {plural(made.decided_after or 0, 'run')} our expected score was within the "
            f"margin of ±{margin:g} points of the claim, at any time wrong in at most "
            f"{100 * SIZE:g} % of cases (confidence sequence)."
        )
    if made.verdict is Verdict.NOT_REPRODUCED:
        return (
            f"after {plural(made.decided_after or 0, 'run')} no score that our runs leave possible "
            f"({made.family_low_percent:.2f} to {made.family_high_percent:.2f} %) was one that "
            f"prints the claim from {plural(made.k0, 'run')} ({made.claim_low_percent:.2f} to "
            f"{made.claim_high_percent:.2f} %), at any time wrong in at most {100 * SIZE:g} % of "
            "families (confidence sequence)."
        )
    return (
        f"our expected score lies between {made.low_percent:.2f} and {made.high_percent:.2f} % at "
        f"any time (90 % confidence sequence), which neither fits the margin of ±{margin:g} points "
        "nor excludes the claim."
    )


def sequential_decider(made: SequentialDecision) -> str:
    """Return what would settle a case that was looked at and is open."""
    return (
        f"More runs of ours, as `reproduce --until-decided` adds them (so far {made.runs}), unless "
        "our score lies near the edge of the margin."
    )


def declared_family(size: int) -> str:
    """Return the claims among which the risk was divided before the first look."""
    return f"{plural(size, 'claim')} declared before the first look (Bonferroni)"


def apart(claim: Printed, evidence: ClaimTest, made: SequentialDecision) -> Interval:
    """Return the confidence sequence of ours minus the claim, widened by its rounding, points."""
    known = made.interval
    return known.model_copy(
        update={
            "low": known.low - claim.value_percent - evidence.rounding,
            "high": known.high - claim.value_percent + evidence.rounding,
        }
    )


def _printed(claim: Printed) -> str:
    return f"{claim.value_percent:.{claim.decimals}f}"


def _claimed_runs(claim: Printed) -> str:
    if claim.runs is None:
        return "number of runs not stated, taken as 1"
    return plural(claim.runs, "run")


def _interval(evidence: ClaimTest) -> str:
    interval = evidence.interval
    return (
        f"the {100 * interval.level:g} % interval of the difference, "
        f"{interval.low:+.2f} to {interval.high:+.2f} points,"
    )


def _holm(family: int) -> str:
    return f" after Holm's correction over {family} claims" if family > 1 else ""
