"""Does a result bear a claim out? One verdict a claim, over the whole family of claims.

The question is that of the same problems, and two tests answer it at 5 %
(`tina_bench.stats.evidence` has both):

- REPRODUCED needs proof of sameness, not mere lack of proof of difference: the 90 % interval of our
  expected score lies within the task's margin of the claimed value (two one-sided tests, Schuirmann
  1987). It is not corrected for the number of claims: each such verdict is wrong for at most 5 % of
  models whose expected score differs from the claim by the margin.
- NOT_REPRODUCED needs that the claimed value is no plausible outcome of the claim's k0 fresh runs,
  p < 0.05 after Holm's correction (1979, Scand. J. Stat. 6:65) over all claims judged together. So
  a family of claims that are all true yields even one NOT_REPRODUCED in at most 5 % of cases,
  whatever the dependence, such as two claims on one result.

A difference both real and within the margin is REPRODUCED, and the reason says so. Everything else
is INCONCLUSIVE, with what would decide: also where our score is surely outside the margin and the
claim's few runs could have been lucky. Claims that were not made as ours leave the family: they are
NOT_COMPARABLE whatever the numbers.

Because of Holm's step a verdict depends on which other claims are judged with it, never on their
order. Validity ends where that of `answer_variance` does: runs must be independent, and n k
should be 100 or more. A result whose number of runs was chosen by looking at it is judged by the
sequential method that chose it (`tina_bench.stats.sequential`), never by these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from statsmodels.stats.multitest import multipletests

from tina_bench.catalog.schema import Claim, Task
from tina_bench.errors import UsageError
from tina_bench.stats import wording
from tina_bench.stats.evidence import SIZE, Evidence, weigh
from tina_bench.stats.protocol import protocol_differences
from tina_bench.stats.shapes import Judgement, Verdict
from tina_bench.store.records import ResultRecord


@dataclass(frozen=True)
class Case:
    """A claim, and what we have on it."""

    name: str
    """Catalog name of the claim."""
    claim: Claim
    """The claim."""
    task: Task
    """Its task, for margin and size."""
    record: ResultRecord | None
    """Our result of the claim's model on the claim's task, if there is one."""

    def __post_init__(self) -> None:
        ours = self.record
        if ours is not None and (ours.model, ours.task) != (self.claim.model, self.claim.task):
            raise UsageError(
                f"claim {self.name} is about {self.claim.model} on {self.claim.task}; a record of "
                f"{ours.model} on {ours.task} cannot decide it"
            )


def judge(case: Case) -> Judgement:
    """Judge one claim by itself: a family of one."""
    return judge_family([case])[0]


def judge_family(cases: Sequence[Case]) -> tuple[Judgement, ...]:
    """Judge claims together, and return one judgement each, in their order.

    Deterministic; the order decides nothing but the order of the result.
    """
    differences = [
        protocol_differences(case.claim, case.task, case.record) if case.record else ()
        for case in cases
    ]
    family = {
        index: weigh(case.claim, case.record)
        for index, case in enumerate(cases)
        if case.record and not differences[index]
    }
    adjusted: dict[int, float] = {}
    if family:
        p_values = [evidence.p_value for evidence in family.values()]
        holm = multipletests(p_values, alpha=SIZE, method="holm")[1].tolist()
        adjusted = dict(zip(family, holm, strict=True))
    return tuple(
        _decide(case, family[index], adjusted=adjusted[index], family=len(family))
        if index in family
        else _undecidable(case, differences[index])
        for index, case in enumerate(cases)
    )


def _undecidable(case: Case, differences: tuple[str, ...]) -> Judgement:
    if case.record is None:
        return _judgement(case, Verdict.NOT_MEASURED, wording.not_measured(case.claim))
    evidence = weigh(case.claim, case.record)
    return _judgement(
        case,
        Verdict.NOT_COMPARABLE,
        wording.not_comparable(case.claim, evidence.measured, case.record, differences),
        differences=differences,
        measured_percent=evidence.measured,
        difference_points=evidence.difference,
        direction=wording.direction(case.claim, evidence.measured),
    )


def _decide(case: Case, evidence: Evidence, *, adjusted: float, family: int) -> Judgement:
    assert case.record is not None
    verdict, sentence, decider = Verdict.INCONCLUSIVE, wording.inconclusive, None
    further: int | None = None
    if evidence.is_equivalent(case.task.margin_points):
        verdict, sentence = Verdict.REPRODUCED, wording.reproduced
    elif adjusted < SIZE:
        verdict, sentence = Verdict.NOT_REPRODUCED, wording.not_reproduced
    else:
        greedy = case.record.provenance.sampling.get("temperature") == 0
        if not greedy:
            further = evidence.further_runs_to_decide(case.task.margin_points, family)
        decider = wording.would_decide(
            case.claim, case.task, evidence, further_runs=further, greedy=greedy
        )
    where = wording.position(case.claim, evidence.measured, case.record)
    return _judgement(
        case,
        verdict,
        f"{where}; {sentence(case.task, evidence, adjusted, family)}",
        would_decide=decider,
        measured_percent=evidence.measured,
        difference_points=evidence.difference,
        interval=evidence.interval,
        p_value=evidence.p_value,
        p_method=evidence.p_method,
        adjusted_p=adjusted,
        family=wording.family(family),
        margin_points=case.task.margin_points,
        direction=wording.direction(case.claim, evidence.measured),
        further_seeds=further,
    )


def _judgement(case: Case, verdict: Verdict, reason: str, **rest: object) -> Judgement:
    return Judgement.model_validate(
        {
            "claim": case.name,
            "model": case.claim.model,
            "task": case.claim.task,
            "claimed_percent": case.claim.value_percent,
            "decimals": case.claim.decimals,
            "runs": case.claim.runs,
            "who": case.claim.who,
            "source": case.claim.source,
            "verdict": verdict,
            "reason": reason,
            "caveats": case.record.provenance.caveats if case.record else (),
            **rest,
        }
    )
