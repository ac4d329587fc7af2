"""Which GPU a plan is for, by the short name that people use, and what an hour of it costs."""

import datetime
import re
from collections.abc import Iterable

from tina_bench.catalog.schema import Catalog, Price, Stack
from tina_bench.errors import UsageError
from tina_bench.metering.gpu import visible_gpus
from tina_bench.metering.hardware import installed
from tina_bench.planning.types import Machine, Request, UsedPrice


def known_gpus(catalog: Catalog) -> tuple[str, ...]:
    """Short names that the catalog has a price or a calibration for, sorted."""
    priced = {price.gpu for price in catalog.prices.values() if price.gpu is not None}
    calibrated = {
        name
        for entry in catalog.calibrations.values()
        for name in (entry.gpu, *entry.stands_for)
        if name is not None
    }
    return tuple(sorted(priced | calibrated))


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", name.lower()))


def is_gpu(device: str, gpu: str) -> bool:
    """Whether a device, named as its driver does, is the GPU of that short name.

    `h100` is any `NVIDIA H100 …`; `h100-pcie` only one that says PCIe; `l40` is no `L40S`.
    """
    return _words(gpu) <= _words(device.partition(" + ")[0])


def resolve_gpu(catalog: Catalog, stack: Stack, request: Request, machine: Machine) -> str | None:
    """The GPU to estimate for: the request's, this machine's, or the one of the stack's price.

    `None` for a stack that computes on the processor. Raises `UsageError` for a name that the
    catalog does not know, and for a GPU where the stack uses none.
    """
    known = known_gpus(catalog)
    if stack.device == "cpu":
        if request.gpu is not None or request.gpu_count != 1:
            raise UsageError(
                f"profile {request.profile} computes on the processor; leave --gpu and --count out."
            )
        return None
    if request.gpu is not None:
        gpu = request.gpu.lower()
        if gpu not in known:
            raise UsageError(
                f"--gpu: found {request.gpu!r}, expected one that the catalog has a price or a "
                f"calibration for: {', '.join(known) or 'there is none'}."
            )
        return gpu
    if machine.gpus:
        fitting = [gpu for gpu in known if is_gpu(machine.gpus[0], gpu)]
        here = "-".join(re.findall(r"[a-z0-9]+", machine.gpus[0].lower()))
        return max(fitting, key=lambda gpu: len(_words(gpu)), default=here)
    return catalog.prices[stack.price].gpu


def _seen(price: Price) -> str:
    when = "undated" if price.date is None else f"seen {price.date}"
    return f"{price.device}, {price.provider}, {price.kind}, {when}"


def choose_price(catalog: Catalog, stack: Stack, gpu: str | None, request: Request) -> UsedPrice:
    """What an hour costs, by a fixed rule.

    What was given with --price; else the stack's own price, when it is for this GPU or for no GPU
    in particular; else the newest on-demand price that the catalog has for this GPU in any form
    (`h100-sxm` is an `h100`), the cheapest of several of one day, an undated one only where there
    is no other; else unknown.
    """
    default = catalog.prices[stack.price]
    if request.price_usd_per_hour is not None:
        usd, unit = request.price_usd_per_hour, default.billed_per
        return UsedPrice(request.price_name, usd, unit, "as given", "given with --price")
    if gpu is None or default.gpu in (None, gpu):
        usd, unit = default.price_usd_per_hour, default.billed_per
        rule = "the stack's default; --price changes it"
        return UsedPrice(stack.price, usd, unit, _seen(default), rule)
    fitting = [
        (name, price)
        for name, price in catalog.prices.items()
        if price.gpu is not None and is_gpu(price.gpu, gpu) and price.kind == "on-demand"
    ]
    if not fitting:
        rule = f"the catalog has no on-demand price for {gpu}; give one with --price"
        return UsedPrice("unknown", None, "gpu", "unknown", rule)
    name, price = min(
        fitting,
        key=lambda pair: (
            -(pair[1].date or datetime.date.min).toordinal(),
            pair[1].price_usd_per_hour,
            pair[0],
        ),
    )
    rule = f"the newest on-demand price for {gpu}, of one day the cheapest; --price changes it"
    return UsedPrice(name, price.price_usd_per_hour, price.billed_per, _seen(price), rule)


def this_machine(packages: Iterable[str]) -> Machine:
    """What this machine offers, as a plan needs to know."""
    names = visible_gpus().names
    return Machine(has_gpu=bool(names), packages=installed(packages), gpus=names)


def chosen_engines(
    stack: Stack, machine: Machine, engines: int | None, gpus: str | None
) -> tuple[int, tuple[int, ...] | None, int]:
    """Engines, the GPUs that jobs may use (`None`: all), and how many GPUs are held.

    Raises `UsageError` for what does not fit together: every engine has a GPU of its own.
    """
    if stack.device == "cpu":
        if gpus is not None:
            raise UsageError("--gpus: this stack computes on the processor; leave it out.")
        return engines or 1, None, 1
    indices = None
    if gpus is not None:
        if not re.fullmatch(r"\d+(,\d+)*", gpus):
            raise UsageError(f"--gpus: found {gpus!r}, expected numbers of GPUs, as in '0,1'.")
        indices = tuple(map(int, gpus.split(",")))
        if len(set(indices)) < len(indices):
            raise UsageError(f"--gpus: found {gpus!r}, expected every GPU once.")
    held = len(indices or machine.gpus) or 1
    if engines is not None and engines > held:
        raise UsageError(
            f"--engines: found {engines}, expected not more than there are GPUs ({held}): each "
            "engine has one of its own."
        )
    return engines or held, indices, held
