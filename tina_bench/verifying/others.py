"""What others say, beside our verdicts: looked up for each claim, counted, and put together."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.evidence.types import (
    Others,
    OthersSay,
    PublicEvidence,
    ScoreEstimate,
)
from tina_bench.stats.types import Judgement
from tina_bench.verifying.types import ClaimResult


@dataclass(frozen=True)
class Known:
    """Public evidence by claim."""

    others: dict[str, OthersSay]
    estimates: dict[tuple[str, tuple[str, ...]], ScoreEstimate]
    """By weights and tasks."""
    weights: dict[str, str]
    """By model: the name that its very weights were published under."""

    def estimate_of(self, judgement: Judgement) -> ScoreEstimate | None:
        """The best estimate of what a claim is about; `None` where its tasks are not known."""
        tasks = tuple(sorted(judgement.tasks or (judgement.task,)))
        weights = self.weights.get(judgement.model, judgement.model)
        return self.estimates.get((weights, tasks)) or self.estimates.get((judgement.model, tasks))


def known_of(evidence: PublicEvidence, catalog: Catalog) -> Known:
    """Evidence as claims ask for it."""
    estimates: dict[tuple[str, tuple[str, ...]], ScoreEstimate] = {
        (cell.model, (cell.task,)): cell.estimate for cell in evidence.cells
    }
    estimates |= {(one.model, one.tasks): one.estimate for one in evidence.averages}
    return Known(
        others={one.claim: one for one in evidence.others},
        estimates=estimates,
        weights={n: m.published_as for n, m in catalog.models.items() if m.published_as},
    )


def counted(claims: Iterable[ClaimResult]) -> dict[str, int]:
    """Claims by word of others, all words named; empty where others were not asked."""
    found = Counter(claim.others.word for claim in claims if claim.others is not None)
    return {str(word): found[word] for word in Others} if found else {}


@dataclass(frozen=True)
class Contested:
    """A model and task whose claims others differ from, or whose teams differ among themselves."""

    model: str
    task: str
    word: Others
    claims: tuple[ClaimResult, ...]
    """The claims of which they say so, the first of them for all."""


def contested(claims: Iterable[ClaimResult]) -> list[Contested]:
    """What others contest, by word, then model and task.

    Every claim that others differ from stands alone; where they disagree among themselves, one row
    stands for all claims of a model and task.
    """
    rows: dict[tuple[str, str, str, str], list[ClaimResult]] = {}
    for claim in claims:
        if claim.others is None or claim.others.word not in {Others.DIFFER, Others.DISAGREE}:
            continue
        name = claim.claim if claim.others.word is Others.DIFFER else ""
        key = (str(claim.others.word), claim.model, claim.task, name)
        rows.setdefault(key, []).append(claim)
    order = [str(Others.DIFFER), str(Others.DISAGREE)]
    return [
        Contested(model, task, Others(word), tuple(found))
        for (word, model, task, _), found in sorted(
            rows.items(), key=lambda row: (order.index(row[0][0]), row[0])
        )
    ]
