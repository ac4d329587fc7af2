"""Results that others measured: what an import keeps, and which are repeats.

One record per result file, under `<home>/imported/<id>.json`; the id is the beginning of the file's
sha256, so the same bytes are one record wherever they lie. Nothing here was measured by us, and
nothing of it is ever added to our own results or our own bill.
"""

from collections.abc import Iterable
from typing import Any, Literal

from tina_bench.files.hashing import digest
from tina_bench.files.strict import MalformedError, shown
from tina_bench.store.records import Record

ID_DIGITS = 16
NKnown = Literal["details", "task configuration", "standard error", "catalog"]
CorrectKnown = Literal["details", "score × n"]


class SourceFile(Record):
    """A file that an import has read."""

    path: str
    """Where it lay: from the folder that was imported, that folder's name first."""
    sha256: str
    """Of its bytes."""
    size_bytes: int
    """Its length."""


class ImportedAnswer(Record):
    """One answer, by its hash: the text itself stays in the file that it came from."""

    sha256: str
    """Of the answer's text in UTF-8, as it was generated."""
    characters: int
    """Its length."""
    tokens_out: int | None
    """Generated tokens; `None` where the file has no token ids."""


class ImportedOutcome(Record):
    """The file's outcome of one problem."""

    problem: str
    """Problem id, as in our own grades: hash of the problem's text."""
    index: int
    """Row of the dataset where the file has it, else row of the file."""
    gold: tuple[str, ...]
    """The right answer, as the grader was given it."""
    extracted: tuple[str, ...] | None
    """Answers that the grader read out of the texts; `None` where the file does not have them."""
    answers: tuple[ImportedAnswer, ...]
    """The answers, in order."""
    values: dict[str, float]
    """What each metric made of it."""


class ImportedScore(Record):
    """One metric of one task, as printed."""

    metric: str
    """LightEval's name of the metric."""
    value: float
    """As printed; a share of 1 for everything that counts correct answers."""
    stderr: float | None
    """Standard error as printed."""
    n_correct: int | None
    """Problems answered correctly; `None` where the score is no count of problems."""
    n_correct_known_by: CorrectKnown | None
    """What that number rests on."""


class ImportedTask(Record):
    """Everything in a file about one task."""

    task_as_printed: str
    """LightEval's name: suite, task and number of few-shot examples, or the latter two."""
    task: str | None
    """The catalog's task, where certain."""
    task_reason: str
    """Why that task, or why none."""
    n: int | None
    """Number of problems; `None` if nothing says it."""
    n_known_by: NKnown | None
    """What that number rests on."""
    scores: tuple[ImportedScore, ...]
    """By metric name."""
    hashes: dict[str, str]
    """LightEval's hashes over problems, prompts, prompt tokens and generated tokens."""
    version: int | str | None
    """LightEval's version of the task."""
    config: dict[str, Any]
    """LightEval's configuration of the task, as printed."""
    summary: dict[str, Any]
    """LightEval's counts for the task, as printed."""
    outcomes: tuple[ImportedOutcome, ...] = ()
    """By problem, where there is a details file with the results."""
    details: SourceFile | None = None
    """That file."""


class ReportedTime(Record):
    """A ledger entry of another measurer: seconds on an unknown machine.

    LightEval's files have neither devices nor prices, so the cost is unknown.
    """

    wall_seconds: float | None
    """LightEval's total, model loading included, for all tasks of the file together."""
    clock_start_seconds: float | None
    """Start on the machine's monotonic clock, which has no date; differences count."""
    clock_end_seconds: float | None
    """End on the same clock."""


class ImportedRun(Record):
    """One result file: one evaluation of one model by another measurer."""

    schema_version: Literal[1] = 1
    id: str
    """The first 16 hex digits of the file's sha256."""
    file: SourceFile
    """The result file."""
    reported_by: str | None
    """Who measured it, as the user said at the import; `None` where the user did not say."""
    source: str | None
    """Where the file was published, as the user said."""
    model_as_printed: str
    """The model's name or path in the file."""
    model: str | None
    """The catalog's model, where certain or where the user said so."""
    model_reason: str
    """Why that model, or why none."""
    revision_as_printed: str | None
    """Commit of the weights, where the file has it."""
    dtype_as_printed: str | None
    """Precision, where the file has it."""
    seed_as_printed: int | None
    """Sampling seed, where the file has it."""
    lighteval_sha: str | None
    """LightEval's commit, where the file has it."""
    saved_at_as_printed: str | None
    """Time stamp in the file's name, in the unknown zone of the machine that wrote it."""
    layout: Literal["model info", "model configuration"]
    """How the file describes the model: LightEval up to 0.10, or 0.11 and later."""
    time: ReportedTime
    """What it took."""
    config_general: dict[str, Any]
    """LightEval's general configuration, as printed."""
    averages: dict[str, dict[str, float | None]]
    """LightEval's own averages over the file's tasks, as printed."""
    tasks: tuple[ImportedTask, ...]
    """By printed name."""

    def contradiction(self) -> MalformedError | None:
        """A file has each task once, and no task more right answers than problems."""
        seen: dict[str, int] = {}
        for row, task in enumerate(self.tasks):
            first = seen.setdefault(task.task_as_printed, row)
            if first != row:
                return MalformedError(
                    f"tasks.{row}.task_as_printed",
                    f"{shown(task.task_as_printed)} as in tasks.{first}",
                    "each task once",
                )
            for place, score in enumerate(task.scores):
                if task.n is not None and not 0 <= (score.n_correct or 0) <= task.n:
                    return MalformedError(
                        f"tasks.{row}.scores.{place}.n_correct",
                        f"{score.n_correct}",
                        f"at most {task.n}, the number of problems, and not less than 0",
                    )
        return None


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
    """LightEval's name of the task."""
    metric: str
    """LightEval's name of the metric."""
    value: float
    """The score as printed."""
    stderr: float | None
    """Standard error as printed."""
    n: int | None
    """Number of problems."""
    n_correct: int | None
    """Problems answered correctly."""
    saved_at_as_printed: str | None
    """Time stamp in the file's name."""
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


def answers_identity(task: ImportedTask) -> str | None:
    """What is equal for two runs that gave the very same answers, as far as the file can tell.

    LightEval hashes problems, prompts, prompt tokens and generated tokens. A backend that hands it
    no tokens has it hash empty lists, which are the same for every run; then both token hashes are
    equal, and only the answers in a details file can tell.
    """
    tokens = task.hashes.get("hash_cont_tokens")
    if tokens and tokens != task.hashes.get("hash_input_tokens"):
        return digest(["hashes", task.hashes])[:ID_DIGITS]
    if task.outcomes:
        texts = sorted([o.problem, *(a.sha256 for a in o.answers)] for o in task.outcomes)
        return digest(["texts", texts])[:ID_DIGITS]
    return None


def _results(run: ImportedRun) -> Iterable[ImportedResult]:
    for task in run.tasks:
        identity = answers_identity(task)
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
