"""Badges: one line of words in a colour that says the same; our verdicts, and what others say."""

from xml.sax.saxutils import escape, quoteattr

from tina_bench.formatting.numbers import plural
from tina_bench.stats.claims.labels import LABELS
from tina_bench.stats.evidence.types import Others
from tina_bench.stats.types import Verdict
from tina_bench.verifying.types import Verification

LABEL, OTHERS_LABEL = "claims", "claims by others"
GREEN, RED, AMBER, GREY = (
    LABELS[verdict].hexadecimal
    for verdict in (
        Verdict.REPRODUCED,
        Verdict.NOT_REPRODUCED,
        Verdict.INCONCLUSIVE,
        Verdict.NOT_MEASURED,
    )
)
"""White text on any of them has a contrast of more than 4.5 to 1 (WCAG 2.2, 1.4.3)."""


def badge_words(made: Verification) -> tuple[str, str]:
    """The words, and the colour that says the same."""
    if made.problems:
        return f"{plural(len({record.file for record, _ in made.problems}), 'record')} changed", RED
    counts = made.counts
    reproduced = counts[Verdict.REPRODUCED]
    contradicted = counts[Verdict.NOT_REPRODUCED]
    rest = counts[Verdict.INCONCLUSIVE] + counts[Verdict.NOT_COMPARABLE]
    if not reproduced + contradicted + rest:
        return "nothing measured", GREY
    words = f"{reproduced} reproduced · {contradicted} not · {rest} open"
    if made.accepted:
        words += f" · {made.accepted} accepted"
    standing = any(claim.accepted is None for claim in made.of(Verdict.NOT_REPRODUCED))
    if standing or made.exit_code:
        return words, RED
    return words, AMBER if rest or contradicted else GREEN


def others_badge_words(made: Verification) -> tuple[str, str]:
    """What other teams say, and the colour that says the same."""
    agree, differ, disagree, undecided = (
        made.others_counts.get(word, 0)
        for word in (Others.AGREE, Others.DIFFER, Others.DISAGREE, Others.UNDECIDED)
    )
    if not agree + differ + disagree + undecided:
        return "too few teams", GREY
    words = f"{agree} agree · {differ} differ · {disagree + undecided} open"
    if differ:
        return words, RED
    return words, AMBER if disagree + undecided else GREEN


def badge_svg(made: Verification) -> str:
    """The badge of our verdicts as SVG."""
    return _svg(LABEL, *badge_words(made))


def others_badge_svg(made: Verification) -> str:
    """The badge of what others say as SVG, never mixed with our own."""
    return _svg(OTHERS_LABEL, *others_badge_words(made))


def _svg(label: str, words: str, colour: str) -> str:
    """With its words for screen readers too; needs no network and no font."""
    import anybadge  # type: ignore[import-untyped]

    made_badge = anybadge.Badge(label, words, default_color=colour)
    # Its own number counts the badges of a process; the same records shall give the same bytes.
    made_badge.mask_str = "tina-bench-badge"
    drawn: str = made_badge.badge_svg_text
    spoken = f"{label}: {words}"
    named = drawn.replace("<svg ", f'<svg role="img" aria-label={quoteattr(spoken)} ', 1)
    head, end, rest = named.partition(">\n    <linearGradient")
    return f"{head}>\n    <title>{escape(spoken)}</title>{end[1:]}{rest}".rstrip() + "\n"
