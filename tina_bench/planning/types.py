"""What goes into a plan and what comes out of it. Plain data: a plan may hold 100 000 jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tina_bench.catalog.scale import Scale
from tina_bench.catalog.schema import Calibration, CostClaim
from tina_bench.store.records import Job, JobKind


@dataclass(frozen=True, slots=True)
class CellSeeds:
    """The sample seeds of one model on one task."""

    model: str
    task: str
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What to measure; a field left `None` is what the profile says."""

    profile: str
    """Catalog name."""
    models: tuple[str, ...] | None = None
    """Catalog names."""
    tasks: tuple[str, ...] | None = None
    """Catalog names; none at all (the empty tuple): weights are made, and nothing is evaluated."""
    seeds: tuple[int, ...] | None = None
    """Sample seeds: each is one run of every task."""
    cells: tuple[CellSeeds, ...] | None = None
    """Where cells differ in their seeds: theirs stand in for `seeds`, and a cell that is not among
    them has none."""
    retrain: bool = False
    """Train adapters by their recipes where the catalog would fetch published ones."""
    scale: Scale | None = None
    """Size of the trainings; names are those of the scaled catalog then (`planning.scaled`)."""
    price_usd_per_hour: float | None = None
    """US dollars; overrides the catalog price, same billed unit."""
    price_name: str = "--price"
    """What that price is called in the ledger."""
    gpu: str | None = None
    """Short name of the GPU to estimate for; `None`: this machine's, else the stack's price's."""
    gpu_count: int = 1
    """GPUs that are held; each has an engine of its own."""


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
    start_seconds: Mapping[tuple[str, JobKind], float] = field(default_factory=dict)
    """By stack and kind of job: what it took before its first piece of work."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine offers, as far as a plan needs it."""

    has_gpu: bool
    packages: Mapping[str, str | None]
    """Installed version by distribution name; `None` where it is not installed."""
    gpus: tuple[str, ...] = ()
    """Names of its GPUs, as their driver gives them."""
    probe_seconds: float | None = None
    """What the speed probe took here; `None` where it was not run."""
    lacks: tuple[str, ...] = ()
    """What else keeps it from running anything but fetches, one sentence each."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Time and money; `None` is unknown."""

    seconds: float | None
    """Wall clock."""
    gpu_hours: float | None
    """GPUs held times wall clock, of steps that compute on one."""
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job will take. `None` is unknown, never zero; ends and centre are unknown together.

    Where a source gives one figure and no range, all three are that figure: the basis tells.
    """

    low: Amounts
    central: Amounts
    high: Amounts
    basis: str
    """Where the figures come from: `ledger` (measured in this home), a calibration, `catalog` (the
    stack's figures), `catalog, at this machine's speed`, `mixed`, `fixed` or `unknown`."""


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of estimates, and what of it is known.

    Ends are sums of ends: the parts share their sources, so their errors go the same way, and a sum
    of independent errors would be too narrow a band.
    """

    low: Amounts
    central: Amounts
    high: Amounts
    """The sums; a quantity that is unknown for any part is unknown."""
    known_low: Amounts
    known_central: Amounts
    known_high: Amounts
    """The same over the parts that are known: what is really spent is this or more."""
    unknown: tuple[str, ...]
    """What is not in it, in words."""
    bases: tuple[str, ...]
    """Where the figures come from, `fixed` and `unknown` apart."""

    @property
    def basis(self) -> str:
        """The one basis, or `mixed`; `fixed` for a sum of fixed figures, `unknown` for none."""
        if len(self.bases) > 1:
            return "mixed"
        return self.bases[0] if self.bases else "unknown" if self.unknown else "fixed"


@dataclass(frozen=True, slots=True)
class UsedPrice:
    """The price that a plan was computed with, and why this one."""

    name: str
    """Catalog entry, or what was typed."""
    usd_per_hour: float | None
    """`None` where the catalog has none for this GPU."""
    billed_per: Literal["gpu", "machine"]
    """What the price is for an hour of."""
    seen: str
    """Provider, date and terms, for people."""
    rule: str
    """Why this one, in one sentence."""


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
    total: Total
    """Sum over all jobs still to do, blocked ones included."""
    price: UsedPrice
    """What an hour costs."""
    gpu: str | None
    """Short name of the GPU that the estimates are for; `None` on a processor, or where unknown."""
    gpu_count: int
    """GPUs that are held."""
    calibrations: Mapping[str, Calibration]
    """Those of the catalog that figures stand on, by name."""
    published: Mapping[str, CostClaim]
    """What others say that such work cost them, by name."""
    advice: tuple[str, ...]
    """What a reader of the estimates must know or can do, one sentence each."""
    start_seconds: Mapping[JobKind, float] = field(default_factory=dict)
    """By kind, what a job takes before it does its first piece of work; absent where unknown."""
