"""How verdicts are counted in words, for feed and preview."""

from collections import Counter
from collections.abc import Iterable

from tina_bench.stats.types import Verdict

WORDS = {
    Verdict.REPRODUCED: "reproduced",
    Verdict.NOT_REPRODUCED: "not reproduced",
    Verdict.INCONCLUSIVE: "open",
    Verdict.NOT_COMPARABLE: "not comparable",
    Verdict.NOT_MEASURED: "not measured yet",
}


def counted(verdicts: Iterable[Verdict]) -> str:
    """As in `2 reproduced, 1 open`; empty without any."""
    found = Counter(verdicts)
    return ", ".join(
        f"{found[verdict]} {word}" for verdict, word in WORDS.items() if verdict in found
    )
