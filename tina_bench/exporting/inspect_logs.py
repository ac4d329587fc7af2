"""`inspect`: logs that Inspect opens, `inspect view --log-dir PATH`, one a measurement.

Written by inspect-ai's own writer. A run of ours is an epoch there: epochs count from 1 in the
order of the seeds, and each sample's metadata has its seed. Whole logs are held in memory while
they are written.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Source
from tina_bench.errors import MissingEngineError
from tina_bench.exporting.measurements import (
    ExportedAnswer,
    ExportedMeasurement,
    NotExported,
    WrittenExport,
)
from tina_bench.files.atomic import written_folder

ONLY_COUNTED = "left out, as a log of Inspect is of single answers and none is known"
NO_QUESTION = "[the text of problem {} is not in this log]"
NO_STAMP = "1970-01-01T00:00:00+00:00"
MOST_BYTES = 120
"""Of task and model in a file's name."""
DETAILS = "tina_bench"
"""Key of what a log has no field of its own for."""


def write(
    measurements: Sequence[ExportedMeasurement], path: Path, left_out: NotExported
) -> WrittenExport:
    """Write a folder of `.eval` files.

    Raises `MissingEngineError` without inspect-ai.
    """
    try:
        from inspect_ai.log import write_eval_log
    except ImportError:
        raise MissingEngineError(
            "--format inspect: writing logs of Inspect needs inspect-ai: `pip install "
            "'tina-bench[inspect]'`, or `pip install inspect-ai` alone."
        ) from None
    written = WrittenExport()
    with written_folder(path) as folder:
        for one in measurements:
            if one.answers is None:
                left_out.add(ONLY_COUNTED, one.label)
                continue
            log = _log(one, list(one.answers()))
            write_eval_log(log, folder / _file_name(one), format="eval")
            written.add(one, len(log.samples))
        written.refuse_nothing(left_out)
    return written


def _file_name(one: ExportedMeasurement) -> str:
    named = re.sub(r"[^\w.-]+", "-", f"{one.task}_{one.model}").encode()[:MOST_BYTES]
    return f"{named.decode(errors='ignore')}_{one.id}.eval"


def _log(one: ExportedMeasurement, answers: list[ExportedAnswer]) -> Any:
    from inspect_ai.log import EvalLog, EvalPlan, EvalStats

    return EvalLog(
        status="success",
        eval=_spec(one, answers),
        plan=EvalPlan(config=_generation(one)),
        results=_results(one, len(answers)),
        stats=EvalStats(
            started_at=one.started_at if one.finished_at else "", completed_at=one.finished_at or ""
        ),
        samples=[_sample(one, epoch, answer) for epoch, answer in _epochs(answers)],
    )


def _epochs(answers: Sequence[ExportedAnswer]) -> Iterable[tuple[int, ExportedAnswer]]:
    """Each answer with the number of its run, from 1."""
    numbers = {seed: n for n, seed in enumerate(_seeds(answers), start=1)}
    return ((numbers[answer.seed], answer) for answer in answers)


def _seeds(answers: Sequence[ExportedAnswer]) -> list[int | None]:
    return sorted(
        {answer.seed for answer in answers}, key=lambda seed: -1 if seed is None else seed
    )


def _spec(one: ExportedMeasurement, answers: Sequence[ExportedAnswer]) -> Any:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalSpec

    task = one.known_task
    on_hub = task is not None and task.source is Source.HUB
    measured_by = {"measured_by": (one.who or "others") if one.third_party else "tina-bench"}
    return EvalSpec(
        eval_id=one.id,
        run_id=one.id,
        task_id=one.id,
        created=one.finished_at or one.started_at or NO_STAMP,
        task=one.task,
        tags=["third-party"] if one.third_party else ["tina-bench"],
        dataset=EvalDataset(
            name=one.task,
            location=task.dataset if on_hub and task is not None else None,
            samples=one.n,
            sample_ids=list(dict.fromkeys(answer.problem for answer in answers)),
        ),
        model=f"vllm/{one.model_id}" if one.engine is not None else one.model_id,
        model_generate_config=_generation(one),
        config=EvalConfig(epochs=len(_seeds(answers))),
        packages={one.harness: one.harness_version or "unknown"},
        metadata={DETAILS: measured_by | one.details},
    )


def _generation(one: ExportedMeasurement) -> Any:
    from inspect_ai.model import GenerateConfig

    said = one.protocol
    top_k = said.top_k if said.top_k is not None and said.top_k > 0 else None
    return GenerateConfig(
        temperature=said.temperature, top_p=said.top_p, top_k=top_k, max_tokens=said.max_tokens
    )


def _scorer(one: ExportedMeasurement) -> str:
    """The last part of an import path: what Inspect shows as the name of a score."""
    return (one.protocol.grader or "correct").rpartition(":")[2].rpartition(".")[2]


def _results(one: ExportedMeasurement, answers: int) -> Any:
    from inspect_ai.log import EvalMetric, EvalResults, EvalScore

    accuracy = EvalMetric(name="accuracy", value=one.score)
    score = EvalScore(
        name=_scorer(one), scorer=one.protocol.grader or _scorer(one), reducer="mean",
        scored_samples=answers, metrics={"accuracy": accuracy},
    )  # fmt: skip
    return EvalResults(total_samples=answers, completed_samples=answers, scores=[score])


def _sample(one: ExportedMeasurement, epoch: int, answer: ExportedAnswer) -> Any:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import ChatMessageUser
    from inspect_ai.scorer import CORRECT, INCORRECT, Score

    output, said = _output(one, answer)
    question = answer.question or NO_QUESTION.format(answer.problem)
    asked = ChatMessageUser(content=question, id=f"{answer.problem}-question")
    metadata = {
        "seed": answer.seed, "row": answer.index, "undecided": answer.undecided,
        "truncated": answer.truncated, "tokens_out": answer.tokens_out,
    }  # fmt: skip
    mark = CORRECT if answer.correct else INCORRECT
    return EvalSample(
        id=answer.problem,
        epoch=epoch,
        input=question,
        choices=list(answer.choices) or None,
        target=answer.gold or "",
        messages=[asked, *said],
        output=output,
        scores={_scorer(one): Score(value=mark, answer=answer.extracted)},
        metadata={name: value for name, value in metadata.items() if value is not None},
        completed_at=answer.finished_at,
    )


def _output(one: ExportedMeasurement, answer: ExportedAnswer) -> tuple[Any, list[Any]]:
    """The answer, and its message; tokens only where both counts are known."""
    from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, ModelUsage

    usage = None
    if answer.tokens_in is not None and answer.tokens_out is not None:
        total = answer.tokens_in + answer.tokens_out
        usage = ModelUsage(
            input_tokens=answer.tokens_in, output_tokens=answer.tokens_out, total_tokens=total
        )
    if answer.text is None:
        return ModelOutput(model=one.model_id, usage=usage), []
    stops = {None: "unknown", True: "max_tokens", False: "stop"}
    name = f"{answer.problem}-answer-{answer.seed}"
    message = ChatMessageAssistant(content=answer.text, id=name)
    choice = ChatCompletionChoice(message=message, stop_reason=stops[answer.truncated])
    return ModelOutput(model=one.model_id, choices=[choice], usage=usage), [message]
