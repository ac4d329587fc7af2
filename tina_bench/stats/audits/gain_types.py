"""What is reported of a gain; `tina_bench.stats.audits.gains` computes it."""

from tina_bench.stats.evidence.measurement_types import SetAside
from tina_bench.stats.types import Shape


class GainTask(Shape):
    """What all who measured either model say of one task."""

    task: str
    """Task."""
    adapter_percent: float
    """The adapter's score, pooled where several measured it."""
    adapter_se_points: float
    """Its standard error by chance, points."""
    printed_reference_percent: float | None
    """The reference's score in the same source; `None` if that has none."""
    reference_percent: float
    """The reference's score, pooled."""
    reference_se_points: float
    """Its standard error, points."""
    tau_points: float
    """SD between measurers beyond chance, points."""
    measurements: int
    """Independent measurements of the reference that were pooled."""
    runs: int
    """Runs behind them, not stated ones taken as one."""


class Sensitivity(Shape):
    """The same gain by another choice of evidence."""

    choice: str
    """What is different."""
    gain_points: float
    """Supported gain."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


class Gain(Shape):
    """One adapter's gain over one reference model, as printed and as supported."""

    average: str
    """Catalog name of the adapter's printed average."""
    model: str
    """Adapter."""
    reference: str
    """Model that it is compared with."""
    reference_is: str
    """`base`, or `baseline`: the model that the source sets beside it."""
    who: str
    """Who printed the gain."""
    tasks: tuple[str, ...]
    """Tasks, equal weights."""
    printed_percent: float
    """The adapter's average."""
    printed_reference_percent: float
    """The reference's average in the same source."""
    printed_gain_points: float
    """Their difference."""
    printed_low: float
    """Lower end of the 95 % interval of the printed gain by chance of its own runs alone."""
    printed_high: float
    """Upper end."""
    reference_percent: float
    """The reference's average by all evidence."""
    supported_gain_points: float
    """The adapter's average minus that."""
    supported_low: float
    """Lower end of its 95 % interval."""
    supported_high: float
    """Upper end."""
    share_percent: float | None
    """Supported gain in percent of the printed one; `None` where the printed one is no gain."""
    best_of: int | None
    """Checkpoints that the row was picked out of; `None`: not known."""
    selection_points: float | None
    """The most that the pick can have added on average, had it been by this average; `None`
    where the number of checkpoints is not known."""
    after_selection_points: float | None
    """Supported gain less that."""
    after_selection_low: float | None
    """Lower end of the 95 % interval less that: the gain is at least so much either way."""
    by_task: tuple[GainTask, ...]
    """The evidence, task by task."""
    left_out: tuple[SetAside, ...]
    """Evidence that was not pooled, with the reason."""
    sensitivity: tuple[Sensitivity, ...]
    """The same by other choices."""
    sentence: str
    """The finding, for people."""
