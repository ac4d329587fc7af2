"""The contract of a job folder: what a runner hands in and what a job brings back.

Paths are relative to the home, or inside the installed package, so that the same folder runs in a
virtual environment, in a container or on a cluster.
"""

import errno
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from tina_bench.catalog.schema import Recipe, Sampling, Stack, Task
from tina_bench.store.records import Job, JobKind, Outcome, Record, UntilDecided

JOB_FILE = "job.json"
"""What is to be done; written by the runner before anything starts."""
RESULT_FILE = "result.json"
"""How it ended; written last by the job."""
LEDGER_FILE = "ledger.jsonl"
"""What every attempt cost; append-only."""
PROGRESS_FILE = "progress.json"
"""How far the running job is; display only."""
OUTPUT_FILE = "log.txt"
"""What the job's process printed, all attempts."""
HEARTBEAT_FILE = "heartbeat"
"""Touched by the runner of a container as long as it lives; the job in it stops without it."""
TRAINING_FILE = "training.jsonl"
"""Rewards and loss by step; append-only, `train` only."""
GRADER_PACKAGES = ("lighteval", "math-verify", "latex2sympy2-extended")
"""Distributions whose version decides a grade."""

EXIT_DISK_FULL = errno.ENOSPC
"""Exit code of a job that had no room left to say so in `result.json`."""
EXIT_OUT_OF_MEMORY = errno.ENOMEM
"""Exit code of a container whose job the kernel killed at the container's memory limit."""


class FailureKind(StrEnum):
    """Why a job folder has no complete result; `tina_bench.running.failures` says what to do."""

    OUT_OF_MEMORY = "out-of-memory"
    KILLED = "killed"
    INTERRUPTED = "interrupted"
    DISK_FULL = "disk-full"
    MISSING_ENGINE = "missing-engine"
    ENGINE_GONE = "engine-gone"
    ENGINE_REFUSED = "engine-refused"
    MISSING_IMAGE = "missing-image"
    WRONG_IMAGE = "wrong-image"
    MISSING_GPU_RUNTIME = "missing-gpu-runtime"
    MISSING_GPU = "missing-gpu"
    CRASHED = "crashed"
    JOB = "job"


class Weights(Record):
    """A folder of weights and tokenizer, with the hash of every file in it that is used."""

    folder: str
    """Relative to the home."""
    sha256: dict[str, str]
    """File name to sha256; checked again right before an engine reads them."""
    deviations: tuple[str, ...] = ()
    """In what they were not made as requested; part of every result."""


class Dataset(Record):
    """A dataset's files, as the lock has them."""

    name: str
    """Embedded name or hub id."""
    folder: str | None = None
    """Where its fetch put it, relative to the home; `None` for what is part of this package."""
    sha256: dict[str, str]
    """File name to sha256."""


class FetchInputs(Record):
    """Bring locked files into the home and check them."""

    kind: Literal["fetch"] = "fetch"
    what: Literal["model", "dataset"] = "model"
    """What the files are."""
    repo: str | None = None
    """Hub repository id; `None` for what is part of this package."""
    revision: str | None = None
    """Commit of that repository, 40 hex digits."""
    subfolder: str | None = None
    """Folder of that repository that the file names are relative to."""
    sizes: dict[str, int]
    """File name to length in bytes."""
    sha256: dict[str, str]
    """File name to sha256."""


class TrainInputs(Record):
    """Train an adapter by a recipe."""

    kind: Literal["train"] = "train"
    recipe_name: str
    """Catalog name."""
    recipe: Recipe
    """The recipe itself."""
    base: Weights
    """Weights the adapter stands on."""
    dataset: Dataset
    """Training problems."""
    stack: Stack
    """Packages that must be installed."""
    system_prompt: str | None = None
    """System prompt of the training conversations, where the recipe has or names one."""
    chat_template: str | None = None
    """Chat template of training, where it is not the base's own."""


class MergeInputs(Record):
    """Add an adapter into its base."""

    kind: Literal["merge"] = "merge"
    base: Weights
    """Full weights."""
    adapter: Weights
    """LoRA adapter."""
    stack: Stack
    """Packages that must be installed."""


class Protocol(Record):
    """How answers are drawn and graded."""

    profile: str
    """Catalog name."""
    sampling: Sampling
    """Temperature and truncation of the distribution."""
    max_model_tokens: int
    """Context length, prompt included."""
    remove_reasoning_tags: bool
    """Strip `<think>…</think>` before grading."""
    stack_name: str
    """Catalog name."""
    stack: Stack
    """Packages that must be installed, engine options."""
    tasks: dict[str, Task]
    """Tasks by catalog name."""
    datasets: dict[str, Dataset]
    """Dataset of each task, by task."""
    answers_fill_context: bool = False
    """An answer may be as long as the context leaves room for, when that is less than its task's
    limit; otherwise such a prompt is refused."""
    deviations: tuple[str, ...] = ()
    """In what the weights or this protocol differ from what was requested."""


class EvaluateInputs(Record):
    """Generate every missing sample of the folder's runs with one engine."""

    kind: Literal["evaluate"] = "evaluate"
    weights: Weights
    """What to load."""
    protocol: Protocol
    """How to ask."""


class GradeInputs(Record):
    """Grade every ungraded sample of the folder's runs."""

    kind: Literal["grade"] = "grade"
    identity: str
    """Which sample log."""
    protocol: Protocol
    """How they were asked."""
    until_decided: dict[str, UntilDecided] = Field(default_factory=dict)
    """By task: for results whose number of runs is being chosen by looking at them."""
    timeout_seconds: float = 10.0
    """Hard limit per sample; then the grading process is killed and the sample is undecided."""


JobInputs = FetchInputs | TrainInputs | MergeInputs | EvaluateInputs | GradeInputs


class JobFolder(Record):
    """`job.json`: what the runner hands to the process that does the work.

    Self-contained but for the folders that it names (relative to the home), so that the same folder
    runs in a virtual environment, in a container or on a cluster.
    """

    schema_version: Literal[1] = 1
    kind: JobKind
    """What to do."""
    name: str
    """Folder name."""
    attempt: str
    """Id of this attempt; a resumed folder gets a new one."""
    jobs: tuple[Job, ...]
    """The planned jobs carried out here."""
    inputs: Annotated[JobInputs, Field(discriminator="kind")]
    """What the kind needs."""
    stack: str
    """Catalog name of the stack."""
    engines: Annotated[int, Field(gt=0)] = 1
    """Engines that pull from the one queue of requests, each with a GPU of its own on CUDA."""
    gpus: tuple[int, ...] | None = None
    """Indices of the GPUs that the job may use; `None` for all that are visible."""
    image: str | None = None
    """Id (sha256) of the container image that the job runs in; `None` outside a container."""
    command_line: tuple[str, ...] = ()
    """What the user typed."""
    price_name: str | None = None
    """Catalog entry of the price, or what the user gave with --price."""
    price_usd_per_hour: float | None = None
    """US dollars per hour of the billed unit; `None` when unknown."""
    billed_per: Literal["gpu", "machine"] | None = None
    """What the price is for an hour of."""
    budget_usd: float | None = None
    """Dollars this attempt may spend at most; `None` for no limit."""

    @property
    def device(self) -> str:
        """What it computes on, `cpu` or `cuda`.

        Fetching and grading compute on the processor whatever the engine runs on.
        """
        inputs = self.inputs
        if isinstance(inputs, TrainInputs | MergeInputs):
            return str(inputs.stack.device)
        return str(inputs.protocol.stack.device) if isinstance(inputs, EvaluateInputs) else "cpu"


class JobResult(Record):
    """`result.json`: how the last attempt at a job folder ended."""

    schema_version: Literal[1] = 1
    kind: JobKind
    """What was done."""
    name: str
    """Folder name."""
    attempt: str
    """The attempt that ended so."""
    outcome: Outcome
    """`done`, stopped at the `budget`, or `failed`."""
    done: tuple[str, ...] = ()
    """Ids of the planned jobs that are complete."""
    outputs: dict[str, Any] = Field(default_factory=dict)
    """What the kind brings back."""
    failure: str | None = None
    """One sentence, when it failed."""
    failure_kind: FailureKind | None = None
    """The kind of that failure."""
    finished_at: AwareDatetime
    """When it ended."""


class TrainOutputs(Record):
    """What `train` brings back."""

    adapter: Weights
    """The adapter."""
    steps: int
    """Optimizer steps taken."""
    parameters_trained: int
    """Number of adapter parameters."""


class EvaluateOutputs(Record):
    """What `evaluate` brings back."""

    identity: str
    """Names the sample log: hash of weights, tokenizer and engine."""
    samples_generated: int
    """By this attempt."""
    samples_found: int
    """Already in the log."""
    deviations: tuple[str, ...] = ()
    """The protocol's: in what the weights or it differ from what was requested."""
    samples_by_engine: tuple[int, ...] = ()
    """Of those generated, how many came out of each engine, where there were several."""
    incidents: tuple[str, ...] = ()
    """Engines that ended early, one sentence each; the others have done their work."""
