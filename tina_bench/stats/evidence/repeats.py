"""Which pieces of evidence are of the same runs, so that each run counts once.

- an imported file, or a line of an author's log, with the score and the number of runs that the
  same people print for the same weights: a published checkpoint and its line in the log are one
  model (`published_as` in the catalog); the print stays, with the file's spread over runs if it has
  none;
- a score that the same people print in two sources which differ in nothing that they share;
- smaller numbers of samples beside larger ones in one source: the larger may hold the smaller;
- several-run figures of the same people in two versions of a table: one of the two;
- the same total of as many runs by the same people in two imported files, such as a table by seed
  and its sums;
- several records of ours, whose profiles may share answers: the one with most runs.

All are read out of the print, so each leans towards counting less: two runs that gave the same
score by chance are then one. What is left out is reported, with the reason.
"""

from collections.abc import Iterable

from tina_bench.stats.evidence.measurement_types import Measurement, SetAside, group_of


def same_print(a: Measurement, b: Measurement) -> bool:
    """Whether one score can be the other with fewer digits."""
    digits = [m.decimals for m in (a, b) if m.decimals is not None]
    if not digits:
        return a.percent == b.percent
    # Both may be rounded: half a unit of the coarser, a hair wider for binary fractions.
    return abs(a.percent - b.percent) <= 0.5 * 10.0 ** -min(digits) * (1 + 1e-6) + (
        0.5 * 10.0 ** -max(digits) if len(digits) > 1 and min(digits) != max(digits) else 0.0
    )


class Agreements:
    """Whether two sources of the same people print the same wherever they print both."""

    def __init__(self, pieces: Iterable[Measurement]) -> None:
        self._cells: dict[tuple[str, str], dict[str, list[Measurement]]] = {}
        for piece in pieces:
            rows = self._cells.setdefault((piece.source, piece.model), {})
            rows.setdefault(piece.task, []).append(piece)

    def agree(self, a: Measurement, b: Measurement) -> bool:
        """Whether the sources of a and b contradict each other nowhere on this model."""
        ours = self._cells[a.source, a.model]
        theirs = self._cells[b.source, b.model]
        return all(
            any(same_print(x, y) for x in ours[task] for y in theirs[task])
            for task in sorted(ours.keys() & theirs.keys())
        )


def counted_once(
    pieces: list[Measurement], agreements: Agreements, aside: list[SetAside]
) -> list[Measurement]:
    """The pieces of one model and task, each once; what goes is noted in `aside`.

    The finer print stays, then the larger number of runs, then the first by name.
    """
    order = {"own record": 0, "claim": 1, "imported file": 2}
    kept: list[Measurement] = []
    for piece in sorted(
        pieces,
        key=lambda m: (order[m.origin], -(m.runs or 1), -(m.decimals or 0), m.source, m.name),
    ):
        for index, first in enumerate(kept):
            reason = _why_same(first, piece, agreements)
            if reason is not None:
                again = tuple(sorted((*first.told_again_in, piece.name)))
                best_of = max(first.best_of or 0, piece.best_of or 0) or None
                change: dict[str, object] = {"told_again_in": again, "best_of": best_of}
                if piece.runs == first.runs:
                    change |= {name: getattr(piece, name) for name in _unknown(first)}
                kept[index] = first.model_copy(update=change)
                aside.append(SetAside(name=piece.name, counted_as=first.name, reason=reason))
                break
        else:
            kept.append(piece)
    return kept


def _unknown(piece: Measurement) -> list[str]:
    """What a print may not say of its runs, and a file of the same runs does."""
    names = [name for name in ("correct_by_run", "correct_by_problem") if not getattr(piece, name)]
    if piece.spread_points is None:
        names += ["spread_points", "spread_degrees_of_freedom"]
    return names


def _why_same(a: Measurement, b: Measurement, agreements: Agreements) -> str | None:
    """Why b is of runs that a is of already; `None` if it is not, as far as is known."""
    if b.origin == "imported file" and a.origin == "claim":
        return _why_in_print(a, b)
    if a.origin != b.origin:
        return None
    if a.origin == "imported file":
        return _why_in_files(a, b)
    if a.origin == "own record":
        return "another record of ours, which may rest on the same answers"
    return _why_in_claims(a, b, agreements)


def _why_in_claims(a: Measurement, b: Measurement, agreements: Agreements) -> str | None:
    """Why two printed scores are of the same runs; `None` if they are not, as far as is known."""
    if group_of(a.who) != group_of(b.who):
        return None
    if a.source == b.source:
        fewer = (a.runs or 1) > (b.runs or 1)
        return "fewer samples beside more in one source, which may hold them" if fewer else None
    if a.runs != b.runs:
        return None
    reason = None
    if (a.runs or 1) > 1:
        reason = "a figure of as many runs by the same people, in another version of their table"
    elif same_print(a, b) and agreements.agree(a, b):
        reason = "the same score by the same people, in a source that contradicts the other nowhere"
    return reason


def _why_in_files(a: Measurement, b: Measurement) -> str | None:
    """Why two imported files are of the same runs; `None` if they are not, as far as is known.

    Single runs with one score are two runs, as long as their answers do not say otherwise: few
    scores are possible. That several runs add up to the same in two files is no chance.
    """
    same = (a.percent, a.runs, a.n) == (b.percent, b.runs, b.n) and (a.runs or 1) > 1
    if same and group_of(a.who) == group_of(b.who):
        return "the same total of as many runs by the same people, in another file"
    return None


def _why_in_print(claim: Measurement, file: Measurement) -> str | None:
    """Why a printed score was read from this file; `None` if it was not, as far as is known."""
    if (claim.runs or 1) != (file.runs or 1) or not same_print(claim, file):
        return None
    # A file without a name is the log's; a file of other people is a run of theirs.
    theirs = file.who == "unknown" or group_of(claim.who) == group_of(file.who)
    return "the file that the printed score was read from" if theirs else None
