"""Results that others measured: what an import keeps.

One record per result file, under `<home>/imported/<id>.json`; the id is the beginning of the file's
sha256, so the same bytes are one record wherever they lie. A table may hold several models or
settings: each is a record, whose id is made of the file's sha256 and the name of that part. Nothing
here was measured by us, and nothing of it is ever added to our own results or our own bill.

Version 2 (2026-11) takes files of other harnesses than LightEval, and several answers a problem;
records of version 1 are LightEval's and are read as they are.
"""

from typing import Any, Literal

from tina_bench.files.hashing import digest
from tina_bench.files.strict import MalformedError, shown
from tina_bench.store.records import Record

ID_DIGITS = 16
NKnown = Literal["details", "task configuration", "standard error", "catalog", "table"]
CorrectKnown = Literal["details", "score × n", "table"]
LIGHTEVAL = "lighteval"
"""Name of the format whose files the first version of these records was made for."""


def run_id(sha256: str, part: str | None) -> str:
    """Id of the record of a file, or of one part of a file that holds several."""
    return (sha256 if part is None else digest([sha256, part]))[:ID_DIGITS]


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

    sha256: str | None
    """Of the answer's text in UTF-8, as it was generated; `None` where the file has no text."""
    characters: int | None
    """Its length; `None` where the file has no text."""
    tokens_out: int | None
    """Generated tokens; `None` where the file does not have them."""
    run: int | None = None
    """Which of several answers to the problem: seed, epoch or repeat, as the file counts them."""
    correct: bool | None = None
    """What the first metric made of it; `None` where it was not graded alone."""
    truncated: bool | None = None
    """Whether it ended at the token limit; `None` where the file does not say."""


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
    """What each metric made of it; of several answers, the mean."""
    problem_as_printed: str | None = None
    """The file's own id of the problem."""
    correct: int | None = None
    """Right answers by the first metric; `None` in LightEval's files, where `values` say it."""
    trials: int | None = None
    """Graded answers; `None` in LightEval's files."""


class RunTotal(Record):
    """One run over all problems, where the file has them apart."""

    run: int
    """Seed, epoch or repeat, as the file counts them."""
    n_correct: int
    """Problems answered correctly in that run, by the first metric."""
    n: int
    """Problems asked in that run."""


class ReportedProtocol(Record):
    """How the answers were made, as far as the files say; `None` is unknown."""

    temperature: float | None = None
    """Sampling temperature; 0 is greedy."""
    top_p: float | None = None
    """Nucleus sampling."""
    max_tokens: int | None = None
    """Generation limit, tokens."""
    prompt: str | None = None
    """Name or hash of the prompt or chat template."""
    grader: str | None = None
    """Name of what graded."""


class ImportedScore(Record):
    """One metric of one task, as printed."""

    metric: str
    """The harness's name of the metric."""
    value: float
    """As printed; a share of 1 for everything that counts correct answers."""
    stderr: float | None
    """Standard error as printed."""
    n_correct: int | None
    """Right answers, all runs together; `None` where the score is no count of answers."""
    n_correct_known_by: CorrectKnown | None
    """What that number rests on."""
    decimals: int | None = None
    """Digits after the point of a score that is printed in percent and is not known by a count."""
    sd_over_runs: float | None = None
    """Standard deviation of one run over several, as printed; a share, as the score."""


class ImportedTask(Record):
    """Everything in a file about one task."""

    task_as_printed: str
    """The harness's name; LightEval's has suite, task and number of few-shot examples."""
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
    """The harness's hashes: LightEval's are over problems, prompts, prompt tokens and answers."""
    version: int | float | str | None
    """The harness's version of the task."""
    config: dict[str, Any]
    """The harness's configuration of the task, as printed."""
    summary: dict[str, Any]
    """The harness's counts for the task, as printed."""
    outcomes: tuple[ImportedOutcome, ...] = ()
    """By problem, where the files have them."""
    details: SourceFile | None = None
    """The file beside the result file that has them, where that is a file of its own."""
    runs: int | None = 1
    """Graded answers a problem; `None` where problems differ in it, or where nothing says it."""
    trials: int | None = None
    """Graded answers, all problems together, where they are not n × runs."""
    by_run: tuple[RunTotal, ...] = ()
    """Each run by itself, by its number, where the file has several and says which is which."""

    @property
    def n_trials(self) -> int | None:
        """Graded answers, all problems together; `None` if nothing says it."""
        if self.trials is not None or self.n is None or self.runs is None:
            return self.trials
        return self.n * self.runs


class ReportedTime(Record):
    """A ledger entry of another measurer: seconds on an unknown machine.

    The files have neither devices nor prices, so the cost is unknown.
    """

    wall_seconds: float | None
    """The harness's total for all tasks of the file together; LightEval's has model loading in."""
    clock_start_seconds: float | None = None
    """Start on the machine's monotonic clock, which has no date; differences count."""
    clock_end_seconds: float | None = None
    """End on the same clock."""


class ImportedRun(Record):
    """One result file, or a part of one: an evaluation of one model by another measurer."""

    schema_version: Literal[1, 2] = 2
    id: str
    """The first 16 hex digits of the file's sha256; of a part, those of `run_id`."""
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
    lighteval_sha: str | None = None
    """LightEval's commit, where the file has it."""
    saved_at_as_printed: str | None
    """Time stamp in the file or its name, in the unknown zone of the machine that wrote it."""
    layout: Literal["model info", "model configuration"] | None = None
    """How LightEval's file describes the model: up to 0.10, or 0.11 and later."""
    time: ReportedTime
    """What it took."""
    config_general: dict[str, Any]
    """The harness's general configuration, as printed."""
    averages: dict[str, dict[str, float | None]]
    """LightEval's own averages over the file's tasks, as printed."""
    tasks: tuple[ImportedTask, ...]
    """By printed name."""
    format: str = LIGHTEVAL
    """Which format it was read as: a name of `tina-bench import --formats`."""
    harness: str | None = None
    """What measured, where a table says it; else the format says it."""
    harness_version: str | None = None
    """Version or commit of what measured, where the file has it."""
    part: str | None = None
    """Which part of a file with several models or settings this is."""
    protocol: ReportedProtocol = ReportedProtocol()
    """How the answers were made."""
    beside: tuple[SourceFile, ...] = ()
    """Other files that were read with it, details of single tasks apart."""
    remarks: tuple[str, ...] = ()
    """What does not fit in the files and is no reason to refuse them, a sentence each."""

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
            most = task.n_trials
            for place, score in enumerate(task.scores):
                if most is not None and not 0 <= (score.n_correct or 0) <= most:
                    what = "problems" if task.runs == 1 else "graded answers"
                    return MalformedError(
                        f"tasks.{row}.scores.{place}.n_correct",
                        f"{score.n_correct}",
                        f"at most {most}, the number of {what}, and not less than 0",
                    )
        return None
