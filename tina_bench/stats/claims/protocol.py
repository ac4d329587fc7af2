"""Whether a claim and a result were made the same way, as far as the claim says."""

import math

from tina_bench.catalog.schema import Claim, Sampling, Task
from tina_bench.store.records import ResultRecord


def protocol_differences(claim: Claim, task: Task, record: ResultRecord) -> tuple[str, ...]:
    """Return every known way in which the result was made otherwise than the claim, for people.

    Compared are the stack, temperature, top_p and top_k, the longest answer, the grader, and the
    prompts with their problems (task version), each only where the claim states it: a default that
    the catalog fills in is not a statement. The number of runs is no difference but enters the
    verdict, as does the rounding. Beyond them, anything that makes the
    result no measurement of the task: problems left out, and the deviations that the record itself
    admits. Its caveats (another version of the grader, say) are printed with the verdict and are no
    reason to refuse one: held strictly, no two laboratories would ever be comparable.
    """
    found = []
    ours = record.provenance
    if claim.stack is not None and claim.stack != ours.stack:
        found.append(f"stack: claimed {claim.stack}, ours {ours.stack}")
    if claim.sampling is not None:
        found += _sampling_differences(claim.sampling, ours.sampling)
    for what, claimed, own in (
        ("longest answer in tokens", claim.max_new_tokens, ours.sampling.get("max_new_tokens")),
        ("grader", claim.grader, ours.grader.get("metric")),
        ("prompts (sha256)", claim.prompts_sha256, ours.prompts_sha256),
    ):
        if claimed is not None and claimed != own:
            shown = "not recorded" if own is None else own
            found.append(f"{what}: claimed {claimed}, ours {shown}")
    if record.n != task.n_problems:
        found.append(f"problems: {task.n_problems} in the task, {record.n} measured")
    found += [f"ours deviates: {deviation}" for deviation in ours.deviations]
    return tuple(found)


def _sampling_differences(claimed: Sampling, ours: dict[str, object]) -> list[str]:
    keys = [key for key in ("temperature", "top_p", "top_k") if key in claimed.model_fields_set]
    if claimed.temperature == 0 and _number("temperature", ours.get("temperature")) == 0:
        return []  # greedy on both sides: nothing is drawn, so what it is drawn from has no effect
    shown = {key: "not recorded" if ours.get(key) is None else ours[key] for key in keys}
    return [
        f"{key}: claimed {getattr(claimed, key):g}, ours {shown[key]}"
        for key in keys
        if not _same(_number(key, getattr(claimed, key)), _number(key, ours.get(key)))
    ]


def _number(key: str, value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # vLLM takes 0 and -1 alike for "no limit".
    return -1.0 if key == "top_k" and value <= 0 else float(value)


def _same(claimed: float | None, ours: float | None) -> bool:
    return claimed is not None and ours is not None and math.isclose(claimed, ours, abs_tol=1e-9)
