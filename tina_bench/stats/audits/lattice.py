"""Is a printed score possible at all, and for which number of runs?

A score over n problems and k0 runs is c / (n k0) for a whole number c, so a printed mean betrays
its denominator: the GRIM test of Brown & Heathers (2017, Soc. Psychol. Personal. Sci. 8:363).
Arithmetic is exact, in fractions. A tie may have been rounded either way, and both are allowed.

The test ends where the lattice is finer than the print: from n k0 of about 100 x 10^decimals on
every value is possible and it says nothing. It can prove a number of runs wrong, never right.
"""

from fractions import Fraction
from functools import cache
from math import ceil, floor, prod

from tina_bench.catalog.schema import Catalog, Claim
from tina_bench.formatting.numbers import plural
from tina_bench.stats.types import Shape

MAX_RUNS = 64
"""As many runs as are tried when the source does not say: the most that any source here states."""


class LatticeAudit(Shape):
    """What the digits of one claim allow."""

    claim: str
    """Catalog name of the claim."""
    model: str
    """Model."""
    task: str
    """Task."""
    who: str
    """Who says so."""
    source: str
    """Where."""
    value_percent: float
    """As printed."""
    decimals: int
    """Digits printed."""
    n: int
    """Problems of the task."""
    runs_stated: int | None
    """k0 as stated; `None`: the source does not say."""
    possible: bool
    """Whether some whole number of correct answers is printed so, with the runs stated; with any
    number from 1 to `MAX_RUNS` where none is stated."""
    possible_runs: tuple[tuple[int, int], ...]
    """Numbers of runs from 1 to `MAX_RUNS` with which the value is possible, as ranges."""
    one_run_possible: bool
    """Whether one run can print this."""
    counts: tuple[int, ...]
    """Numbers of correct answers that the runs stated (one, if none is) would print so."""
    nearest_percent: tuple[float, ...]
    """Where that is impossible: the possible scores right below and above."""
    cut_off_possible: bool
    """Whether it would be possible had the digits been cut off instead of rounded."""
    impossible_runs: tuple[float, ...]
    """Printed scores of single runs behind it (each run's, or lowest and highest) that are no score
    of n problems, percent."""
    sentence: str
    """The finding, for people."""


class TableLattice(Shape):
    """What all single-run scores of one claimant say together about the number of runs."""

    who: str
    """Who says so."""
    claims: int
    """Scores printed without stating more than one run."""
    on_single_run_lattice: int
    """How many of them one run can print."""
    chance_with_two_runs: float | None
    """If two runs stood behind each: how likely all of them would look like one run, where every
    number of correct answers is equally likely. `None` where one of them cannot be one run."""


def counts_printed_as(value: float, decimals: int, total: int) -> range:
    """Return the whole numbers of correct answers out of `total` that are printed as `value`.

    Ties count for both neighbours. `value` in percent; empty where there is none.
    """
    low, high, unit = _window(value, decimals)
    first = max(0, -(-low * total // unit))
    last = min(total, high * total // unit)
    return range(first, max(first, last + 1))


@cache
def _window(value: float, decimals: int) -> tuple[int, int, int]:
    """What rounds to a value, as shares of `unit`: whole numbers, so that no sum is inexact."""
    half = Fraction(1, 2 * 10**decimals)
    low, high = (_exact(value) - half) / 100, (_exact(value) + half) / 100
    unit = low.denominator * high.denominator
    return int(low * unit), int(high * unit), unit


def _exact(value: float) -> Fraction:
    return Fraction(repr(float(value)))


def _cut_off(value: float, decimals: int, total: int) -> bool:
    """Whether a score of `total` answers gives the value when further digits are dropped."""
    low = _exact(value)
    count = ceil(low * total / 100)
    return count <= total and Fraction(100 * count, total) < low + Fraction(1, 10**decimals)


def _ranges(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


def audit_lattice(name: str, claim: Claim, n: int) -> LatticeAudit:
    """Return what the digits of one claim on a task of n problems allow."""
    value, decimals = claim.value_percent, claim.decimals
    fitting = [
        runs for runs in range(1, MAX_RUNS + 1) if counts_printed_as(value, decimals, n * runs)
    ]
    runs = claim.runs or 1
    counts = counts_printed_as(value, decimals, n * runs)
    possible = bool(counts) if claim.runs else bool(fitting)
    nearest: tuple[float, ...] = ()
    if not counts:
        below = floor(_exact(value) * n * runs / 100)
        nearest = tuple(100 * c / (n * runs) for c in (below, below + 1) if 0 <= c <= n * runs)
    made = LatticeAudit(
        claim=name,
        model=claim.model,
        task=claim.task,
        who=claim.who,
        source=claim.source,
        value_percent=value,
        decimals=decimals,
        n=n,
        runs_stated=claim.runs,
        possible=possible,
        possible_runs=_ranges(fitting),
        one_run_possible=1 in fitting,
        counts=tuple(counts) if len(counts) <= MAX_RUNS else (counts[0], counts[-1]),
        nearest_percent=nearest,
        cut_off_possible=_cut_off(value, decimals, n * runs),
        impossible_runs=tuple(
            run
            for run in (*claim.per_run_percent, *(claim.range_percent or ()))
            if not counts_printed_as(run, decimals, n)
        ),
        sentence="",
    )
    return made.model_copy(update={"sentence": _sentence(made)})


def _sentence(audit: LatticeAudit) -> str:
    text = _value_sentence(audit)
    if audit.impossible_runs:
        runs = ", ".join(f"{run:.{audit.decimals}f}" for run in audit.impossible_runs)
        text += f" Of the single runs printed with it, no score of {audit.n} problems: {runs}."
    return text


def _value_sentence(audit: LatticeAudit) -> str:
    printed = f"{audit.value_percent:.{audit.decimals}f}"
    runs = audit.runs_stated or 1
    answers = f"{audit.n} problems × {plural(runs, 'run')}"
    if audit.counts and audit.possible:
        count = f"{audit.counts[0]} of {audit.n * runs}"
        if len(audit.counts) > 1:
            count = f"{audit.counts[0]} to {audit.counts[-1]} of {audit.n * runs}"
        stated = "" if audit.runs_stated else " (runs not stated; one can print it)"
        return f"{printed} is {count}{stated}."
    near = " and ".join(f"{near:.{audit.decimals + 2}f}" for near in audit.nearest_percent)
    text = f"{printed} is no score of {answers}: the nearest are {near}"
    if audit.possible_runs:
        text += f"; possible with {_said(audit.possible_runs)} runs"
    else:
        text += f"; nor is it one of any number of runs up to {MAX_RUNS}"
    if audit.cut_off_possible:
        text += "; it would be one with its digits cut off instead of rounded"
    if audit.runs_stated is None and audit.possible:
        text += ". The source states no number of runs; as printed it is not one"
    return f"{text}."


def _said(ranges: tuple[tuple[int, int], ...], shown: int = 6) -> str:
    parts = [str(low) if low == high else f"{low}-{high}" for low, high in ranges]
    return ", ".join(parts[:shown]) + (", …" if len(parts) > shown else "")


def audit_lattices(catalog: Catalog) -> tuple[LatticeAudit, ...]:
    """Return what the digits of every claim allow, by claim name."""
    return tuple(
        audit_lattice(name, claim, catalog.tasks[claim.task].n_problems)
        for name, claim in sorted(catalog.claims.items())
    )


def audit_tables(audits: tuple[LatticeAudit, ...]) -> tuple[TableLattice, ...]:
    """Return for all who print single-run scores whether two runs each are a likely reading."""
    tables: dict[str, list[LatticeAudit]] = {}
    for audit in audits:
        if audit.runs_stated in (None, 1):
            tables.setdefault(audit.who, []).append(audit)
    made = []
    for who, rows in sorted(tables.items()):
        fitting = sum(row.one_run_possible for row in rows)
        chance = prod(_looks_like_one(row.n, row.decimals) for row in rows)
        made.append(
            TableLattice(
                who=who,
                claims=len(rows),
                on_single_run_lattice=fitting,
                chance_with_two_runs=chance if fitting == len(rows) else None,
            )
        )
    return tuple(made)


@cache
def _looks_like_one(n: int, decimals: int) -> float:
    """Share of the scores of two runs whose print one run can give, too."""
    scale = 10**decimals
    singles = {round(Fraction(100 * scale * count, n)) for count in range(n + 1)}
    doubles = [round(Fraction(100 * scale * count, 2 * n)) for count in range(2 * n + 1)]
    return sum(double in singles for double in doubles) / len(doubles)
