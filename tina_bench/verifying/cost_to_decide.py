"""What deciding an open claim would cost, on the kind of device that its records were measured on.

Never on the machine that verifies: the same records say the same everywhere. Speeds are those of
the ledger beside the records, where there is one; else the catalog's calibrations and figures.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

from tina_bench.catalog.schema import Catalog
from tina_bench.planning.gpus import choose_price, is_gpu, resolve_gpu
from tina_bench.planning.marginal_cost import price_together
from tina_bench.planning.measured_speeds import mean_tokens, measured_speeds
from tina_bench.planning.types import Machine, Request, Snapshot
from tina_bench.stats.types import Judgement
from tina_bench.store.home import Home
from tina_bench.store.records import RETRAINED, LedgerEntry, ResultRecord
from tina_bench.verifying.types import CostToDecide


class Pricer:
    """Prices further seeds of claims; reads the ledger once, and only when a claim needs it."""

    def __init__(
        self,
        home: Home,
        catalog: Catalog,
        records: Sequence[ResultRecord],
        price_usd_per_hour: float | None = None,
    ) -> None:
        self._home = home
        self._catalog = catalog
        self._records = {(record.model, record.task): record for record in records}
        self._usd_per_hour = price_usd_per_hour
        self._snapshots: dict[str | None, Snapshot] = {}

    def price(self, judgement: Judgement) -> CostToDecide | None:
        """About what the judgement's further seeds take; `None` where it asks for none.

        For an average these are further seeds of each of its tasks. Raises `DamagedLogError` for a
        damaged ledger.
        """
        seeds = judgement.further_seeds
        if seeds is None:
            return None
        tasks = judgement.tasks or (judgement.task,)
        found = [self._records.get((judgement.model, task)) for task in tasks]
        records = [record for record in found if record is not None]
        devices = {self._device(record) for record in records}
        if len(devices) != 1:
            return _unknown(seeds, "its records were measured in several ways")
        profile_name, gpus = devices.pop()
        profile = self._catalog.profiles.get(profile_name)
        if profile is None:
            return _unknown(seeds, f"the catalog has no profile {profile_name}")
        stack = self._catalog.stacks[profile.stack]
        request = Request(profile=profile_name, price_usd_per_hour=self._usd_per_hour)
        machine = Machine(has_gpu=bool(gpus), packages={}, gpus=gpus)
        gpu = resolve_gpu(self._catalog, stack, request, machine)
        used = choose_price(self._catalog, stack, gpu, request)
        needs = {(judgement.model, task): seeds for task in tasks}
        estimate = price_together(self._catalog, profile, self._snapshot(gpu), used, gpu, needs)
        low, central, high = estimate.low, estimate.central, estimate.high
        return CostToDecide(
            seeds=seeds,
            gpu_hours=central.gpu_hours,
            gpu_hours_range=_range(low.gpu_hours, high.gpu_hours),
            usd=central.cost_usd,
            usd_range=_range(low.cost_usd, high.cost_usd),
            basis=f"{gpu or 'no GPU'}; speed: {estimate.basis}; price: {used.name}",
        )

    def _device(self, record: ResultRecord) -> tuple[str, tuple[str, ...]]:
        """Profile and GPUs; a retrained model costs what its profile's runs cost."""
        gpus = record.provenance.hardware.get("gpus") or ()
        profile = record.provenance.profile.removesuffix(RETRAINED)
        return profile, tuple(sorted({str(gpu) for gpu in gpus}))

    @cached_property
    def _ledger(self) -> tuple[LedgerEntry, ...]:
        return tuple(self._home.ledger())

    def _snapshot(self, gpu: str | None) -> Snapshot:
        """What the sound records and the ledger tell; a GPU's work counts for that GPU alone."""
        if gpu not in self._snapshots:
            self._snapshots[gpu] = Snapshot(
                speeds=measured_speeds(self._of(gpu)),
                mean_tokens_out=mean_tokens(self._records.values()),
            )
        return self._snapshots[gpu]

    def _of(self, gpu: str | None) -> Iterable[LedgerEntry]:
        for entry in self._ledger:
            if gpu is None or entry.gpu_count == 0 or is_gpu(entry.device, gpu):
                yield entry


def _unknown(seeds: int, why: str) -> CostToDecide:
    return CostToDecide(
        seeds=seeds, gpu_hours=None, gpu_hours_range=None, usd=None, usd_range=None,
        basis=f"unknown: {why}",
    )  # fmt: skip


def _range(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
