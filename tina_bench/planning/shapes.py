"""What goes into a plan and what comes out of it. Plain data: a plan may hold 100 000 jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tina_bench.store.records import Job


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for; a field left `None` is what the profile says."""

    profile: str
    models: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    seeds: tuple[int, ...] | None = None
    retrain: bool = False
    """Train adapters by their recipes where the catalog would fetch published ones."""
    price_usd_per_hour: float | None = None
    """Overrides the stack's catalog price, same billed unit."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Measured speeds of one model on one stack, from the ledger; `None` where there are none."""

    load_seconds: float | None = None
    output_tokens_per_second: float | None = None
    grade_seconds_per_sample: float | None = None
    train_seconds_per_step: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the store holds, as far as a plan needs it."""

    done: frozenset[str] = frozenset()
    """Ids of finished jobs."""
    speeds: Mapping[tuple[str, str], Speed] = field(default_factory=dict)
    """By stack and model."""
    mean_tokens_out: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By model and task, from results."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine offers, as far as a plan needs it."""

    has_gpu: bool
    packages: Mapping[str, str | None]
    """Installed version by distribution name; `None` where it is not installed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job, or a plan, will take. `None` is unknown, and makes every sum unknown."""

    seconds: float | None
    gpu_hours: float | None
    cost_usd: float | None
    basis: str
    """Where the figures come from: `ledger`, `catalog`, `mixed` or `unknown`."""


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job that is still to be done."""

    job: Job
    reason: str
    """Why it is needed."""
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Plan:
    """Every job still to do, in an order in which each finds what it needs."""

    request: Request
    jobs: tuple[PlannedJob, ...]
    already_done: int
    """Jobs that the request needs and the store already holds."""
    missing: tuple[str, ...]
    """What this machine or the lock lacks, one sentence each; jobs that need it are blocked."""
    blocked: Mapping[str, str]
    """Job id to the sentence why it cannot run here."""
    total: Estimate
    """Sum over all jobs still to do, blocked ones included."""
