"""Does a result bear a claim out? One verdict per claim, over the whole family of claims.

The question is that of the same problems, and two tests answer it at 5 %
(`tina_bench.stats.claims.p_values` has both):

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
sequential method that chose it (`tina_bench.stats.claims.sequential`), never by these.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tina_bench.catalog.schema import AverageClaim, Claim, Task
from tina_bench.errors import UsageError
from tina_bench.stats.cache import NO_CACHE, RecordCache
from tina_bench.stats.claims import sentences
from tina_bench.stats.claims.p_values import SIZE, ClaimTest, average_p_value, claim_p_value
from tina_bench.stats.claims.protocol import protocol_differences
from tina_bench.stats.claims.sequential import SequentialDecision, decide_claim
from tina_bench.stats.methods.holm import holm
from tina_bench.stats.types import AVERAGE, Judgement, Verdict
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


@dataclass(frozen=True)
class AverageCase:
    """A published average over tasks, and what we have on it."""

    name: str
    """Catalog name of the average."""
    claim: AverageClaim
    """The average."""
    cells: tuple[Case, ...]
    """One case per task, in the claim's order: the published cell with its protocol where there is
    one, and our result."""


def judge(case: Case) -> Judgement:
    """Judge one claim by itself: a family of one."""
    return judge_family([case])[0]


def judge_family(
    cases: Sequence[Case | AverageCase], cache: RecordCache = NO_CACHE
) -> tuple[Judgement, ...]:
    """Judge claims together, and return one judgement each, in their order.

    Deterministic; the order decides nothing but the order of the result.
    """
    subjects = [_subject(case, cache) for case in cases]
    family = {
        index: subject.evidence
        for index, subject in enumerate(subjects)
        if subject.evidence is not None and not subject.differences and not subject.looked_at
    }
    adjusted: dict[int, float] = {}
    if family:
        p_values = [evidence.p_value for evidence in family.values()]
        adjusted = dict(zip(family, holm(p_values), strict=True))
    return tuple(
        _decide(subject, family[index], adjusted=adjusted[index], family=len(family))
        if index in family
        else _undecidable(subject)
        for index, subject in enumerate(subjects)
    )


@dataclass(frozen=True)
class _Subject:
    """What is judged: a claim on a task or an average, and what is known for it."""

    name: str
    claim: Claim | AverageClaim
    task: str
    tasks: tuple[str, ...]
    margin: float
    evidence: ClaimTest | None
    lacks: str
    """Why there is no evidence."""
    runs_text: str
    differences: tuple[str, ...]
    greedy: bool
    caveats: tuple[str, ...]
    looked_at: bool = False
    """Runs were added by looking at the answers: the tests of a fixed design do not hold."""
    sequential: SequentialDecision | None = None
    """What the method that holds at any time says; `None` where there is none for such a claim."""


def _subject(case: Case | AverageCase, cache: RecordCache) -> _Subject:
    if isinstance(case, AverageCase):
        return _average_subject(case)
    record = case.record
    return _Subject(
        name=case.name,
        claim=case.claim,
        task=case.claim.task,
        tasks=(),
        margin=case.task.margin_points,
        evidence=claim_p_value(case.claim, record, cache) if record else None,
        lacks=f"There is no result of {case.claim.model} on {case.claim.task} yet.",
        runs_text=sentences.runs_of(record) if record else "",
        differences=protocol_differences(case.claim, case.task, record) if record else (),
        greedy=record is not None and _is_greedy(record),
        caveats=record.provenance.caveats if record else (),
        looked_at=_is_looked_at(record),
        sequential=_sequential(case.claim, case.task, record),
    )


def _is_looked_at(record: ResultRecord | None) -> bool:
    return record is not None and record.provenance.until_decided is not None


def _sequential(claim: Claim, task: Task, record: ResultRecord | None) -> SequentialDecision | None:
    """The decision of a result that was looked at as it came; a claim on trainings has none."""
    declared = None if record is None else record.provenance.until_decided
    if record is None or declared is None or claim.trainings is not None:
        return None
    return decide_claim(claim, task, record, declared)


def _average_subject(case: AverageCase) -> _Subject:
    tasks = case.claim.tasks or ()
    records = [cell.record for cell in case.cells if cell.record is not None]
    missing = [cell.claim.task for cell in case.cells if cell.record is None]
    whole = bool(tasks) and not missing
    lacks = f"There is no result of {case.claim.model} on {', '.join(missing)} yet."
    if not tasks:
        lacks = (
            "The source does not say which tasks were averaged, so nothing can be set beside it."
        )
    differences = [
        f"{cell.claim.task}: {difference}"
        for cell in case.cells
        if cell.record is not None
        for difference in protocol_differences(cell.claim, cell.task, cell.record)
    ]
    runs = sorted({record.k for record in records})
    return _Subject(
        name=case.name,
        claim=case.claim,
        task=AVERAGE,
        tasks=tasks,
        margin=sum(cell.task.margin_points for cell in case.cells) / max(len(case.cells), 1),
        evidence=average_p_value(case.claim, records) if whole else None,
        lacks=lacks,
        runs_text=f"{' and '.join(map(str, runs))} runs of {len(tasks)} tasks",
        differences=tuple(differences),
        greedy=all(_is_greedy(record) for record in records),
        caveats=tuple(dict.fromkeys(c for record in records for c in record.provenance.caveats)),
        looked_at=any(_is_looked_at(record) for record in records),
    )


def _is_greedy(record: ResultRecord) -> bool:
    return record.provenance.sampling.get("temperature") == 0


def _undecidable(subject: _Subject) -> Judgement:
    evidence = subject.evidence
    if evidence is None:
        return _judgement(subject, Verdict.NOT_MEASURED, subject.lacks)
    if not subject.differences:
        return _looked_at(subject, evidence)
    return _judgement(
        subject,
        Verdict.NOT_COMPARABLE,
        sentences.not_comparable(
            subject.claim, evidence.measured, subject.runs_text, subject.differences
        ),
        differences=subject.differences,
        measured_percent=evidence.measured,
        difference_points=evidence.difference,
        direction=sentences.direction(subject.claim, evidence.measured),
    )


def _looked_at(subject: _Subject, evidence: ClaimTest) -> Judgement:
    """Judge a result whose number of runs was chosen by looking at it."""
    made = subject.sequential
    where = sentences.position(subject.claim, evidence.measured, subject.runs_text)
    known: dict[str, object] = {
        "measured_percent": evidence.measured,
        "difference_points": evidence.difference,
        "margin_points": subject.margin,
        "direction": sentences.direction(subject.claim, evidence.measured),
    }
    if made is None:
        return _judgement(
            subject,
            Verdict.INCONCLUSIVE,
            f"{where}; {sentences.LOOKED_AT}",
            would_decide=sentences.LOOKED_AT_DECIDER,
            **known,
        )
    verdict = made.verdict or Verdict.INCONCLUSIVE
    return _judgement(
        subject,
        verdict,
        f"{where}; {sentences.sequential(subject.margin, made)}",
        would_decide=sentences.sequential_decider(made) if made.verdict is None else None,
        interval=sentences.apart(subject.claim, evidence, made),
        family=sentences.declared_family(made.family),
        **known,
    )


def _decide(subject: _Subject, evidence: ClaimTest, *, adjusted: float, family: int) -> Judgement:
    verdict, sentence, decider = Verdict.INCONCLUSIVE, sentences.inconclusive, None
    further: int | None = None
    if evidence.is_equivalent(subject.margin):
        verdict, sentence = Verdict.REPRODUCED, sentences.reproduced
    elif adjusted < SIZE:
        verdict, sentence = Verdict.NOT_REPRODUCED, sentences.not_reproduced
    else:
        if not subject.greedy:
            further = evidence.further_runs_to_decide(subject.margin, family)
        decider = sentences.would_decide(
            subject.claim, subject.margin, evidence, further_runs=further, greedy=subject.greedy
        )
    where = sentences.position(subject.claim, evidence.measured, subject.runs_text)
    return _judgement(
        subject,
        verdict,
        f"{where}; {sentence(subject.margin, evidence, adjusted, family)}",
        would_decide=decider,
        measured_percent=evidence.measured,
        difference_points=evidence.difference,
        interval=evidence.interval,
        p_value=evidence.p_value,
        p_method=evidence.p_method,
        adjusted_p=adjusted,
        family=sentences.family(family),
        margin_points=subject.margin,
        direction=sentences.direction(subject.claim, evidence.measured),
        further_seeds=further,
    )


def _judgement(subject: _Subject, verdict: Verdict, reason: str, **rest: object) -> Judgement:
    claim = subject.claim
    return Judgement.model_validate(
        {
            "claim": subject.name,
            "model": claim.model,
            "task": subject.task,
            "tasks": subject.tasks,
            "claimed_percent": claim.value_percent,
            "decimals": claim.decimals,
            "runs": claim.runs,
            "who": claim.who,
            "source": claim.source,
            "verdict": verdict,
            "reason": reason,
            "caveats": subject.caveats,
            **rest,
        }
    )
