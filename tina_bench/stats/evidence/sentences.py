"""What evidence says of scores and claims, in sentences for people."""

from tina_bench.formatting.numbers import p_text, plural, signed
from tina_bench.stats.evidence.types import (
    CellEstimate,
    EstimatedGain,
    EvidenceAverage,
    Others,
    OthersSay,
    ScoreEstimate,
)

NOT_MEASURED = "Not measured here."
SIZE = 0.05


def interval_text(low: float, high: float) -> str:
    """As in `28.5 to 31.2`, without digits that a wide interval does not bear."""
    digits = 1 if high - low < 10 else 0
    return f"{low:.{digits}f} to {high:.{digits}f}"


def estimate_text(found: ScoreEstimate) -> str:
    """As in `29.9 (95 % interval 28.5 to 31.2; 13 teams, 455 runs)`."""
    return (
        f"{found.percent:.1f} (95 % interval {interval_text(found.low, found.high)}; "
        f"{plural(found.teams, 'team')}, {plural(found.runs, 'run')})"
    )


def cell_sentence(found: CellEstimate) -> str:
    """Return the estimate of a cell, and what it rests on where that is little."""
    doubt = {
        "measurements": "",
        "another protocol": "; its only scores are of greedy answers, or of answers cut off early",
        "picked scores": "; its only scores were picked as the best of several, and half the luck "
        "of such a pick is taken off",
        "second hand": "; its only scores were seen at second hand or without their runs",
        "trainings": "; a mean over several trainings of the recipe",
    }[found.rests_on]
    return f"{found.model} on {found.task}: {estimate_text(found.estimate)}{doubt}."


def average_sentence(found: EvidenceAverage) -> str:
    """Return the estimate of an average, and how it came about."""
    how = {
        "whole averages": "",
        "estimates of the tasks": "; put together from its tasks' estimates, their doubts added up",
        "printed averages": "; of some of its tasks no score is known, only the average as printed",
    }[found.rests_on]
    tasks = plural(len(found.tasks), "task")
    return f"{found.model}, average over {tasks}: {estimate_text(found.estimate)}{how}."


def gain_sentence(found: EstimatedGain) -> str:
    """Return a gain with its interval, and whether its sign is known."""
    sure = found.adjusted_p < SIZE
    over = plural(len(found.tasks), "task") if len(found.tasks) > 1 else found.tasks[0]
    return (
        f"{found.model} over {found.reference} on {over}: {signed(found.points)} points, 95 % "
        f"interval {signed(found.low)} to {signed(found.high)}; {'' if sure else 'not '}more than "
        f"public evidence leaves to chance ({p_text(found.adjusted_p)} after Holm over "
        f"{plural(found.family, 'gain')})."
    )


def others_sentence(found: OthersSay, claimed: str, margin: float, *, measured: bool) -> str:
    """Return what others say of a claim.

    `claimed`: as printed; `measured`: whether we have measured it ourselves.
    """
    start = "" if measured else f"{NOT_MEASURED} "
    recipe = found.about == "the recipe"
    what = "the recipe" if recipe else "it"
    if found.percent is None or found.low is None or found.high is None:
        return f"{start}No other team is known to have measured it."
    others = (
        f"{start}{plural(found.teams, 'other team')} ({plural(found.runs, 'run')}) "
        f"{'puts' if found.teams == 1 else 'put'} {what} at {found.percent:.1f}, 95 % interval "
        f"{interval_text(found.low, found.high)}"
    )
    if recipe:
        others += ", by trainings of their own: this is about the recipe, not about these weights"
    adjusted = p_text(found.adjusted_p if found.adjusted_p is not None else 1.0)
    chance = 0.0 if found.disagree_chance is None else found.disagree_chance
    ends = {
        Others.TOO_FEW: "; one team is too few to judge by",
        Others.AGREE: f", within {margin:g} points of the claimed {claimed}",
        Others.DIFFER: f"; one more team would hardly print {claimed} ({adjusted} after Holm over "
        f"{plural(found.family, 'claim')})",
        Others.DISAGREE: f"; they differ among themselves by more than the margin of {margin:g} "
        f"points (chance {100 * chance:.0f} %)",
        Others.UNDECIDED: f"; that neither confirms the claimed {claimed} within {margin:g} points "
        f"nor excludes it ({adjusted} after Holm over {plural(found.family, 'claim')})",
    }
    return f"{others}{ends[found.word]}."
