"""A gain in one sentence: what is printed, what the evidence supports, what luck may add."""

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.audits.gain_types import Gain


def gain_sentence(catalog: Catalog, gain: Gain) -> str:
    """Return the sentence."""
    name = catalog.models[gain.model].title
    reference = catalog.models[gain.reference].title
    text = (
        f"{name} over {reference}: printed {gain.printed_gain_points:+.2f} points "
        f"({gain.printed_percent:.2f} against {gain.printed_reference_percent:.2f}); all "
        f"evidence puts {reference} at {gain.reference_percent:.2f}, which leaves "
        f"{gain.supported_gain_points:+.2f} (95 %: {gain.supported_low:+.2f} to "
        f"{gain.supported_high:+.2f})"
    )
    if gain.share_percent is not None and gain.share_percent <= 100:
        text += f", {max(0.0, gain.share_percent):.0f} % of what is printed"
    elif gain.share_percent is not None:
        text += ", no less than what is printed"
    if gain.supported_low > 0:
        text += "; more than chance"
    elif gain.supported_high < 0:
        text += "; a loss, and more than chance"
    else:
        text += "; chance alone can make as much"
    if gain.selection_points is not None and gain.after_selection_low is not None:
        text += (
            f". It was picked out of {gain.best_of} checkpoints by such scores, which by "
            f"luck alone adds up to {gain.selection_points:.1f} points on average; less that, "
            f"{gain.after_selection_points:+.2f} are left"
        )
        if gain.supported_low > 0 >= gain.after_selection_low:
            text += ", which chance can make"
    elif "picked" in catalog.models[gain.model].note.lower():
        text += (
            ". It was picked by test scores out of a number of checkpoints that is not known, "
            "and what luck that added is not taken off"
        )
    return f"{text}."
