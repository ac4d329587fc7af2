"""Single scores of imported records, as evidence, and which of them are repeats."""

from collections.abc import Iterable

from tina_bench.files.hashing import digest
from tina_bench.store.imported import (
    ID_DIGITS,
    LIGHTEVAL,
    ImportedOutcome,
    ImportedRun,
    ImportedTask,
    ReportedProtocol,
    RunTotal,
)
from tina_bench.store.records import Record


class ImportedResult(Record):
    """One score of one imported file: a piece of evidence, unless it repeats another."""

    id: str
    """The `ImportedRun`."""
    path: str
    """Its file."""
    reported_by: str | None
    """Who measured it."""
    source: str | None
    """Where it was published."""
    model: str | None
    """The catalog's model."""
    model_as_printed: str
    """The model's name in the file."""
    revision_as_printed: str | None
    """Commit of the weights."""
    task: str | None
    """The catalog's task."""
    task_as_printed: str
    """The harness's name of the task."""
    metric: str
    """The harness's name of the metric."""
    value: float
    """The score as printed."""
    stderr: float | None
    """Standard error as printed."""
    n: int | None
    """Number of problems."""
    n_correct: int | None
    """Right answers, all runs together."""
    saved_at_as_printed: str | None
    """Time stamp in the file or its name."""
    wall_seconds: float | None
    """Seconds that the whole file took, for all its tasks."""
    answers: str | None
    """Identity of all answers together; `None` where the file cannot tell one run from another,
    so that it is not known whether this is a repeat."""
    repeat_of: str | None
    """Id of the run that this one repeats: same model, same problems, same answers, same score.
    It is no further evidence."""
    outcomes: tuple[ImportedOutcome, ...]
    """By problem, where known."""
    runs: int | None = 1
    """Graded answers a problem; `None` where problems differ in it, or where nothing says it."""
    trials: int | None = None
    """Graded answers, all problems together, where they are not n × runs."""
    by_run: tuple[RunTotal, ...] = ()
    """Each run by itself, where known."""
    decimals: int | None = None
    """Digits after the point of a printed percentage that no count stands behind."""
    sd_over_runs: float | None = None
    """Standard deviation of one run, as printed; a share."""
    format: str = LIGHTEVAL
    """Which format it was read as."""
    harness: str | None = None
    """What measured, where a table says it."""
    harness_version: str | None = None
    """Version or commit of what measured."""
    part: str | None = None
    """Which part of a file with several models or settings it is from."""
    protocol: ReportedProtocol = ReportedProtocol()
    """How the answers were made, as far as the files say."""
    truncated: int | None = None
    """Answers that ended at the token limit; `None` where the files do not say it of all."""

    @property
    def n_trials(self) -> int | None:
        """Graded answers, all problems together; `None` if nothing says it."""
        if self.trials is not None or self.n is None or self.runs is None:
            return self.trials
        return self.n * self.runs


def answers_identity(task: ImportedTask) -> str | None:
    """What is equal for two runs that gave the very same answers, as far as the file can tell.

    LightEval hashes problems, prompts, prompt tokens and generated tokens. A backend that hands it
    no tokens has it hash empty lists, which are the same for every run; then both token hashes are
    equal, and only the answers in a details file can tell.
    """
    tokens = task.hashes.get("hash_cont_tokens")
    if tokens and tokens != task.hashes.get("hash_input_tokens"):
        return digest(["hashes", task.hashes])[:ID_DIGITS]
    if not task.outcomes or not all(outcome.answers for outcome in task.outcomes):
        return None
    texts: list[list[str]] = []
    for outcome in task.outcomes:
        known = [answer.sha256 for answer in outcome.answers if answer.sha256 is not None]
        if len(known) < len(outcome.answers):
            return None
        texts.append([outcome.problem, *known])
    return digest(["texts", sorted(texts)])[:ID_DIGITS]


def _truncated(task: ImportedTask) -> int | None:
    said = [answer.truncated for outcome in task.outcomes for answer in outcome.answers]
    known = [mark for mark in said if mark is not None]
    return sum(known) if known and len(known) == len(said) else None


def _results(run: ImportedRun) -> Iterable[ImportedResult]:
    for task in run.tasks:
        identity, truncated = answers_identity(task), _truncated(task)
        for score in task.scores:
            yield ImportedResult(
                id=run.id,
                path=run.file.path,
                reported_by=run.reported_by,
                source=run.source,
                model=run.model,
                model_as_printed=run.model_as_printed,
                revision_as_printed=run.revision_as_printed,
                task=task.task,
                task_as_printed=task.task_as_printed,
                metric=score.metric,
                value=score.value,
                stderr=score.stderr,
                n=task.n,
                n_correct=score.n_correct,
                saved_at_as_printed=run.saved_at_as_printed,
                wall_seconds=run.time.wall_seconds,
                answers=identity,
                repeat_of=None,
                outcomes=task.outcomes,
                runs=task.runs,
                trials=task.trials,
                by_run=task.by_run,
                decimals=score.decimals,
                sd_over_runs=score.sd_over_runs,
                format=run.format,
                harness=run.harness,
                harness_version=run.harness_version or run.lighteval_sha,
                part=run.part,
                protocol=run.protocol,
                truncated=truncated,
            )


def _same_weights(a: ImportedResult, b: ImportedResult) -> bool:
    """Whether both go by one name, ours or theirs, and nothing says that they differ."""
    models = {a.model, b.model} - {None}
    commits = {a.revision_as_printed, b.revision_as_printed} - {None}
    named = a.model_as_printed == b.model_as_printed or (a.model == b.model is not None)
    return named and len(models) < 2 and len(commits) < 2


def imported_results(runs: Iterable[ImportedRun]) -> list[ImportedResult]:
    """Every score of every run, oldest stamp first, repeats marked.

    A repeat has the model, task, metric, score and answers of an earlier result; standard errors
    may differ in the last digit, as sums in another order do. The earliest of a group, by the stamp
    in its file's name and then by id, is the evidence: which of them was imported first changes
    nothing.
    """
    ordered = sorted(runs, key=lambda run: (run.saved_at_as_printed or "~", run.id))
    firsts: dict[tuple[object, ...], list[ImportedResult]] = {}
    marked = []
    for result in (result for run in ordered for result in _results(run)):
        if result.answers is None:
            marked.append(result)
            continue
        key = (result.task_as_printed, result.metric, result.value, result.answers)
        group = firsts.setdefault(key, [])
        first = next((first for first in group if _same_weights(first, result)), None)
        if first is None:
            group.append(result)
            marked.append(result)
        else:
            marked.append(result.model_copy(update={"repeat_of": first.id}))
    return marked
