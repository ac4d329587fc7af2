"""The shapes of everything that a run leaves on disk.

Each record carries `schema_version` and refuses unknown fields, so that a file from another version
is refused by name rather than half understood. A quantity that could not be measured is `None`,
never zero.
"""

import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from tina_bench.files.strict import MalformedError, shown

SCHEMA_VERSION = 1
MAX_TOKENS = 2**40
"""Of one answer: beyond all models, and small enough for sums over every answer of a home."""
RETRAINED = ".retrained"
"""Added to the profile name of a result whose adapter was trained and not fetched."""


class Record(BaseModel):
    """Common behaviour of everything written to disk."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    def contradiction(self) -> MalformedError | None:
        """What contradicts something else in the record; checked whenever one is read."""
        return None


def _below_zero(record: Record, *names: str) -> MalformedError | None:
    """The first of these quantities that is negative, where none can be."""
    for name in names:
        value = getattr(record, name)
        if value is not None and value < 0:
            return MalformedError(name, shown(value), "nothing below 0")
    return None


class JobKind(StrEnum):
    """What happens inside a job."""

    FETCH = "fetch"
    TRAIN = "train"
    MERGE = "merge"
    EVALUATE = "evaluate"
    GRADE = "grade"


class Phase(StrEnum):
    """What a stretch of paid time went to."""

    LOAD = "load"
    GENERATE = "generate"
    GRADE = "grade"
    TRAIN = "train"
    IDLE = "idle"


class Job(Record):
    """One planned step, named by the hash of its inputs.

    An `evaluate` or `grade` job is one run: a model on a task with one sample seed. Jobs that share
    a `pool` are carried out together, in one folder, by one engine.
    """

    id: str
    """Hash of everything that decides the result, 16 hex digits."""
    kind: JobKind
    """What to do."""
    model: str
    """Model it is about; for the fetch of a dataset, a name made of its id."""
    dataset: str | None = None
    """Dataset, for its fetch."""
    task: str | None = None
    """Task, for `evaluate` and `grade`."""
    seed: int | None = None
    """Sample seed, for `evaluate` and `grade`."""
    pool: str
    """Jobs of one pool share one folder, one process and one engine."""
    needs: tuple[str, ...] = ()
    """Ids of the jobs that must be done before."""


class Outcome(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    BUDGET = "budget"
    FAILED = "failed"


class LedgerEntry(Record):
    """A stretch of paid time of one attempt in one phase.

    An attempt writes an entry as each phase ends and every few seconds within a phase, so that an
    attempt that is killed is on the bill up to its last entry. Quantities are those of the stretch,
    not running totals: a sum over entries is right whatever is missing.
    """

    schema_version: Literal[1] = 1
    attempt: str
    """The attempt that spent it."""
    event: Literal["start", "spent", "end"]
    """`start` opens an attempt, `end` closes it; without an `end` the attempt was interrupted."""
    outcome: Outcome | None = None
    """With `end`: how it ended."""
    kind: JobKind
    """What kind of job."""
    folder: str
    """Name of the job folder."""
    model: str
    """Model it was for."""
    stack: str
    """Catalog name of the stack."""
    phase: Phase
    """What the time went to."""
    at: AwareDatetime
    """When the stretch ended."""
    wall_seconds: float
    """Wall-clock time."""
    cpu_seconds: float
    """CPU time of the process and its children, user and system."""
    peak_memory_bytes: int
    """Largest resident size so far: of the process, plus the largest seen of its children (memory
    that they share counts in each)."""
    tokens_in: int = 0
    """Prompt tokens of samples finished in the stretch."""
    tokens_out: int = 0
    """Generated tokens of samples finished in the stretch."""
    samples: int = 0
    """Samples finished in the stretch."""
    steps: int = 0
    """Optimizer steps finished in the stretch."""
    device: str
    """What computed, as its driver or the kernel names it."""
    gpu_count: int | None
    """GPUs held; 0 on a machine that computes on its CPU, `None` when unknown."""
    gpu_seconds: float | None
    """GPUs held times wall time, summed over devices."""
    gpu_utilisation: float | None
    """Mean share of time a kernel was running, 0 to 1, over devices and samples."""
    energy_joules: float | None
    """From the devices' energy counters; `None` where there is none."""
    driver: str | None
    """GPU driver version."""
    price_name: str | None
    """Catalog entry of the price."""
    price_usd_per_hour: float | None
    """US dollars per hour of the billed unit."""
    cost_usd: float | None
    """Price times billed time; `None` when either is unknown."""

    def contradiction(self) -> MalformedError | None:
        """Time, tokens, energy and cost are never negative."""
        return _below_zero(
            self, "wall_seconds", "cpu_seconds", "peak_memory_bytes", "tokens_in", "tokens_out",
            "samples", "steps", "gpu_count", "gpu_seconds", "gpu_utilisation", "energy_joules",
            "price_usd_per_hour", "cost_usd",
        )  # fmt: skip


class Sample(Record):
    """One generation, as the engine gave it. Never graded in place."""

    schema_version: Literal[1] = 1
    key: str
    """Hash of prompt token ids, sampling parameters, sample seed, engine and weights identity."""
    task: str
    """Task the prompt belongs to."""
    problem: str
    """Problem id within the task: hash of its prompt text, 16 hex digits."""
    index: int
    """Row of the problem in the dataset, for people."""
    seed: int
    """The run's seed."""
    protocol: str
    """Hash of the sampling parameters and limits; samples of several may share a log."""
    sample_seed: int
    """The seed that the engine was given: derived from run seed, task and problem."""
    text: str
    """The answer, without the prompt."""
    tokens_in: int
    """Prompt tokens."""
    tokens_out: int
    """Generated tokens, the end token included."""
    finish_reason: str
    """`stop`, or `length` for an answer that was cut."""
    finished_at: AwareDatetime
    """When it was finished."""

    def contradiction(self) -> MalformedError | None:
        """An answer has a place and a length."""
        return _below_zero(self, "index", "tokens_in", "tokens_out")


class SampleSource(Record):
    """What made the samples of a log; written next to it under the same name."""

    schema_version: Literal[1] = 1
    weights_sha256: dict[str, str]
    """File name to sha256 of weights and tokenizer."""
    engine: dict[str, Any]
    """Packages, options and device: with the weights, what the log's name is the hash of."""
    hardware: dict[str, Any]
    """The machine that generated last."""
    image: str | None = None
    """Id of the container image that generated last; `None` outside a container."""
    prompts_sha256: dict[str, str]
    """By task: hash over problem ids and prompt token ids, in dataset order."""


class GradeStatus(StrEnum):
    """Whether a grader came to a decision."""

    GRADED = "graded"
    TIMEOUT = "timeout"
    ERROR = "error"
    KILLED = "killed"
    """Its worker process ended during it, as the kernel ends one when memory is short."""


class Grade(Record):
    """The decision of one version of one grader on one sample."""

    schema_version: Literal[1] = 1
    key: str
    """The sample's key."""
    task: str
    """Task."""
    problem: str
    """Problem id."""
    index: int
    """Row of the problem in the dataset."""
    seed: int
    """The run's seed."""
    protocol: str
    """The sample's protocol."""
    metric: str
    """Import path of the metric."""
    status: GradeStatus
    """An undecided sample counts as not correct and is shown."""
    correct: bool
    """The decision; false when there is none."""
    extracted: str | None
    """Answer that the grader read out of the text; `None` if it found none."""
    gold: str
    """The right answer, as the grader was given it."""
    truncated: bool
    """The answer was cut at the limit."""
    tokens_out: int
    """Generated tokens."""

    def contradiction(self) -> MalformedError | None:
        """Only a grader that came to a decision can have found the answer correct."""
        if self.correct and self.status is not GradeStatus.GRADED:
            return MalformedError("correct", "true", f"false, as status is {str(self.status)!r}")
        return _below_zero(self, "index", "tokens_out")


class UntilDecided(Record):
    """What is needed to judge a result whose number of runs was chosen by looking at it."""

    family: int
    """Claims among which the risk of a false NOT_REPRODUCED was divided before the first look."""
    looks: tuple[int, ...]
    """Numbers of runs at which it was or will be looked at, ascending; the last is the record's, or
    less where runs were added since."""


class Provenance(Record):
    """Everything that a second party needs to repeat or doubt a result."""

    tina_bench_version: str
    """Version of this program."""
    weights_sha256: dict[str, str]
    """File name to sha256 of every weight, tokenizer and configuration file the engine loaded."""
    dataset_sha256: dict[str, str]
    """File name to sha256 of the dataset."""
    prompts_sha256: str
    """Hash over all problem ids and prompt token ids, in dataset order."""
    engine: dict[str, Any]
    """Engine identity: packages, options, device."""
    sampling: dict[str, Any]
    """Sampling parameters."""
    grader: dict[str, str]
    """Metric import path and grader package versions."""
    packages: dict[str, str]
    """Installed distributions that touched the result."""
    stack: str
    """Catalog name of the stack."""
    profile: str
    """Catalog name of the profile."""
    hardware: dict[str, Any]
    """Machine: processor, cores, memory, GPUs and driver."""
    image: str | None = None
    """Id of the container image that generated last; `None` outside a container."""
    deviations: tuple[str, ...] = ()
    """Every way in which this result was not made as asked."""
    caveats: tuple[str, ...] = ()
    """In what the task differs from the published protocol without being another benchmark."""
    stopping: Literal["fixed", "until-decided"] = "fixed"
    """Whether the number of runs was set beforehand, or chosen by looking at the answers: then only
    methods that hold at any time may judge it. Once it was, it stays so."""
    until_decided: UntilDecided | None = None
    """With `until-decided`: what judging it takes."""
    protocol: str
    """Protocol hash that this result's samples carry; others may share the log."""
    sample_log: str
    """Path of the sample log, relative to the home."""
    sample_log_bytes: int
    """Length of the log when this result was made; it may have grown since."""
    sample_log_sha256: str
    """sha256 of those bytes."""
    grade_log: str
    """Path of the grade log, relative to the home."""
    command_line: tuple[str, ...]
    """What the user typed."""
    started_at: AwareDatetime
    """First sample."""
    finished_at: AwareDatetime
    """Last grade."""


class ProblemOutcome(Record):
    """All runs of one problem, in the order of `ResultRecord.seeds`."""

    problem: str
    """Problem id: hash of its prompt text."""
    index: int
    """Row in the dataset."""
    correct: tuple[bool, ...]
    """Decision per run."""
    undecided: tuple[bool, ...]
    """True where the grader gave no decision."""
    answered: tuple[bool, ...]
    """True where the grader found an answer."""
    truncated: tuple[bool, ...]
    """True where the answer was cut at the limit."""
    tokens_out: tuple[int, ...]
    """Generated tokens per run."""
    answer_group: tuple[int, ...] = ()
    """Which runs gave the same answer, as the grader read it: 0 for the right one, 1 and up for
    each wrong one in the order of runs, -1 for none or no decision. Empty where it is not known."""

    def contradiction_over(self, k: int) -> tuple[str, str, str] | None:
        """Key, found and expected of what does not fit k runs, or one column another."""
        for key in ("correct", "undecided", "answered", "truncated", "tokens_out"):
            if len(getattr(self, key)) != k:
                return key, f"{len(getattr(self, key))} values", f"{k}, one per seed"
        if self.index < 0:
            return "index", str(self.index), "a row of the dataset, from 0"
        for run, tokens in enumerate(self.tokens_out):
            if not 0 <= tokens < MAX_TOKENS:
                return f"tokens_out.{run}", shown(tokens), f"0 or more, and less than {MAX_TOKENS}"
            if self.correct[run] and self.undecided[run]:
                return f"correct.{run}", "true", f"false, as undecided.{run} is true"
        return self._group_contradiction(k)

    def _group_contradiction(self, k: int) -> tuple[str, str, str] | None:
        if self.answer_group and len(self.answer_group) != k:
            return "answer_group", f"{len(self.answer_group)} values", f"{k}, one per seed, or none"
        for run, group in enumerate(self.answer_group):
            if group < -1 or (group == 0) is not self.correct[run]:
                expected = "0 where correct, else -1 or a number from 1"
                return f"answer_group.{run}", shown(group), expected
        return None


class ResultRecord(Record):
    """Model × task: what verdicts and the board are made from."""

    schema_version: Literal[1] = 1
    model: str
    """Model."""
    task: str
    """Task."""
    metric: Literal["avg@k"] = "avg@k"
    """Always `avg@k`, the mean over runs of the share of correct answers."""
    seeds: tuple[int, ...]
    """Sample seeds, ascending; k is their number."""
    problems: tuple[ProblemOutcome, ...]
    """Outcomes by problem, in dataset order."""
    provenance: Provenance
    """How it came about."""

    def contradiction(self) -> MalformedError | None:
        """Every problem is there once, with one value per seed; an undecided answer is not correct.

        Otherwise a score over it is of another benchmark, or counts an answer twice.
        """
        if not self.seeds or not self.problems:
            empty = "problems" if self.seeds else "seeds"
            return MalformedError(empty, "none", "at least one")
        if list(self.seeds) != sorted(set(self.seeds)):
            return MalformedError("seeds", shown(list(self.seeds)), "each once, ascending")
        unlike = self._unlike_its_stopping()
        if unlike is not None:
            return unlike
        if self.provenance.finished_at < self.provenance.started_at:
            return MalformedError(
                "provenance.finished_at",
                f"{self.provenance.finished_at}",
                f"no time before started_at, {self.provenance.started_at}",
            )
        seen: dict[str | int, int] = {}
        for row, problem in enumerate(self.problems):
            wrong = problem.contradiction_over(self.k)
            for key in ("problem", "index"):
                first = seen.setdefault(getattr(problem, key), row)
                if first != row and wrong is None:
                    twice = f"{shown(getattr(problem, key))} as in problems.{first}"
                    wrong = key, twice, "each problem once"
            if wrong is not None:
                key, found, expected = wrong
                return MalformedError(f"problems.{row}.{key}", found, expected)
        return None

    def _unlike_its_stopping(self) -> MalformedError | None:
        """What is wrong with what it says about how its number of runs was chosen."""
        rule, known = self.provenance.stopping, self.provenance.until_decided
        if (rule == "until-decided") != (known is not None):
            found = "none" if known is None else "family and looks"
            expected = "family and looks" if known is None else "none"
            return MalformedError(
                "provenance.until_decided", found, f"{expected}, as 'stopping' is {rule!r}"
            )
        if known is None:
            return None
        if known.family < 1:
            return MalformedError(
                "provenance.until_decided.family", shown(known.family), "1 or more"
            )
        looks = list(known.looks)
        if not looks or looks != sorted(set(looks)) or looks[0] < 1:
            return MalformedError(
                "provenance.until_decided.looks", shown(looks), "numbers of runs, ascending"
            )
        if self.seeds != tuple(range(self.k)):
            return MalformedError(
                "seeds",
                shown(list(self.seeds)),
                "0 to k-1 without a gap, as runs that were looked at count in order",
            )
        return None

    @property
    def n(self) -> int:
        """Number of problems."""
        return len(self.problems)

    @property
    def k(self) -> int:
        """Number of runs."""
        return len(self.seeds)

    @property
    def n_correct(self) -> int:
        """Correct answers over all problems and runs."""
        return sum(sum(problem.correct) for problem in self.problems)


def now() -> datetime.datetime:
    """The time, with its zone (UTC)."""
    return datetime.datetime.now(datetime.UTC)
