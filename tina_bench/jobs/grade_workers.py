"""Grading in worker processes, each answer under a hard time limit, few of them in memory.

Guarantees: an answer that hangs, crashes or eats the memory of a worker costs that worker and is
undecided, with what happened to it as its status; decisions come in the order of the answers;
at most `IN_FLIGHT` answers are held at a time, however many there are. Traded away: workers are
forked, so the process must have started no threads before, and one slow answer holds up at most
that many others.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as GradeTimeout
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

from tina_bench.store.records import Grade, GradeStatus, Sample

WORKERS = 2
IN_FLIGHT = 64
REASONING_TAGS = [("<think>", "</think>")]
"""LightEval's default (`PipelineParameters.reasoning_tags`)."""

AskedT = TypeVar("AskedT")


@dataclass(frozen=True)
class Decision:
    """What became of one answer."""

    status: GradeStatus
    """Whether the grader decided at all, and if not, why."""
    correct: bool = False
    """The decision; false when there is none."""
    extracted: str | None = None
    """What the grader read out of the text."""


def grade_of(sample: Sample, decision: Decision, *, metric: str, gold: str) -> Grade:
    """The grade that a decision on an answer makes, for a grade log."""
    return Grade(
        key=sample.key,
        task=sample.task,
        problem=sample.problem,
        index=sample.index,
        seed=sample.seed,
        protocol=sample.protocol,
        metric=metric,
        status=decision.status,
        correct=decision.correct,
        extracted=decision.extracted,
        gold=gold,
        truncated=sample.finish_reason == "length",
        tokens_out=sample.tokens_out,
    )


def grade_with(
    metric: Any, doc: Any, text: str, *, remove_reasoning: bool
) -> tuple[bool, str | None]:
    """What a LightEval metric says of one answer: correct, and the answer it read.

    The metric writes what it extracted into `doc.specific`, which distinguishes "no answer" from
    "wrong answer".
    """
    from lighteval.models.model_output import ModelResponse
    from lighteval.utils.utils import remove_reasoning_tags

    response = ModelResponse(text=[text])
    if remove_reasoning:
        response.text_post_processed = [remove_reasoning_tags(text, REASONING_TAGS)]
    doc.specific = None
    score = metric.sample_level_fn.compute(doc=doc, model_response=response)
    extracted = (doc.specific or {}).get("extracted_predictions") or []
    return float(score) == 1.0, str(extracted[0]) if extracted else None


def decide(
    asked: Iterable[AskedT],
    grade: Callable[..., tuple[bool, str | None]],
    arguments: Callable[[AskedT], tuple[Any, ...]],
    timeout_seconds: float,
) -> Iterator[tuple[AskedT, Decision]]:
    """Call `grade` with the arguments of each thing asked, in forked workers, and yield in order.

    `asked` is read no farther ahead than `IN_FLIGHT`.
    """
    from pebble import ProcessPool

    with ProcessPool(max_workers=WORKERS, context=get_context("fork")) as pool:
        waiting: deque[tuple[AskedT, Any]] = deque()
        try:
            for item in asked:
                future = pool.schedule(grade, args=arguments(item), timeout=timeout_seconds)
                waiting.append((item, future))
                if len(waiting) >= IN_FLIGHT:
                    first, future = waiting.popleft()
                    yield first, _decision(future)
            while waiting:
                first, future = waiting.popleft()
                yield first, _decision(future)
        except BaseException:
            pool.stop()  # or leaving would wait for everything that is still to be graded
            raise


def _decision(future: Any) -> Decision:
    from pebble import ProcessExpired

    try:
        correct, extracted = future.result()
    except GradeTimeout:
        return Decision(GradeStatus.TIMEOUT)
    except ProcessExpired:
        return Decision(GradeStatus.KILLED)
    except Exception:  # noqa: BLE001 - whatever a parser makes of hostile text is a record
        return Decision(GradeStatus.ERROR)
    return Decision(GradeStatus.GRADED, correct, extracted)
