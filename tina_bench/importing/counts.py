"""How many problems, and how many right, a mean of zeros and ones stands for."""

TOLERANCE = 1e-6
"""A score is a float64 mean: times n it is whole to within rounding, never to within a thousandth
of a problem."""
MAX_PROBLEMS = 10_000_000


def whole(value: float, n: int) -> int | None:
    """The number of problems of n that a mean of zeros and ones stands for; `None` if for none."""
    correct = round(value * n) if 0 <= value <= 1 else -1
    return correct if correct >= 0 and abs(value * n - correct) < TOLERANCE * max(1, n) else None


def problems_behind(value: float, error: float | None) -> int | None:
    """Number of problems that a mean of zeros and ones and its standard error belong to.

    For such values the standard error is sqrt(p (1 - p) / (n - 1)), as LightEval computes it
    (`metrics/stderr.py`: sample SD over the square root of n). `None` where that has no whole
    solution, or any: when all answers are right, or all wrong.
    """
    # No such error is above a half, and its square may be beyond what a float holds.
    if error is None or not TOLERANCE <= error <= 1 or not 0 < value < 1:
        return None
    exact = 1 + value * (1 - value) / error**2
    if not exact < MAX_PROBLEMS:
        return None
    n = round(exact)
    return n if abs(exact - n) < TOLERANCE * n and whole(value, n) is not None else None
