"""Pieces of text that several tables of the audits have."""

from collections.abc import Sequence


def coloured(text: str, *, bad: bool) -> str:
    """Red where something is wrong; the text says it too."""
    return f"[red]{text}[/red]" if bad else text


def span(ends: tuple[float, float]) -> str:
    """A range of points; one number where both ends are printed alike."""
    low, high = (f"{end:.1f}" for end in ends)
    return low if low == high else f"{low}–{high}"


def first_of(names: Sequence[str], shown: int = 4) -> str:
    """The first few names, and how many more there are."""
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest
