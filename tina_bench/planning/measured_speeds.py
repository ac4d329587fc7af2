"""What a plan needs to know of a store: finished jobs, measured speeds, measured answer lengths."""

from collections import defaultdict
from collections.abc import Iterable

from tina_bench.planning.gpus import is_gpu
from tina_bench.planning.types import Snapshot, Speed
from tina_bench.store.home import Home
from tina_bench.store.records import JobKind, LedgerEntry, Outcome, Phase, ResultRecord


def take_snapshot(home: Home, gpu: str | None = None) -> Snapshot:
    """Read what the store holds; an empty or missing home gives an empty snapshot.

    Of work that a GPU did, only what that GPU did counts for speeds; `None` for no such choice.
    """
    done = frozenset(job for result in home.finished().values() for job in result.done)
    entries = [
        entry
        for entry in home.ledger()
        if gpu is None or entry.gpu_count == 0 or is_gpu(entry.device, gpu)
    ]
    return Snapshot(
        done=done,
        speeds=measured_speeds(entries),
        mean_tokens_out=mean_tokens(home.results()),
        start_seconds=measured_starts(entries),
    )


def mean_tokens(records: Iterable[ResultRecord]) -> dict[tuple[str, str], float]:
    """Generated tokens per answer, by model and task."""
    return {
        (record.model, record.task): sum(sum(p.tokens_out) for p in record.problems)
        / (record.n * record.k)
        for record in records
        if record.k
    }


def measured_starts(entries: Iterable[LedgerEntry]) -> dict[tuple[str, JobKind], float]:
    """What jobs took before their work, by stack and kind: the mean over attempts that got to it.

    A merge is all start, a fetch as well; of these an attempt counts when it ended well.
    """
    seconds: dict[str, float] = defaultdict(float)
    kinds: dict[str, tuple[str, JobKind]] = {}
    worked: set[str] = set()
    for entry in entries:
        if entry.phase is Phase.LOAD:
            seconds[entry.attempt] += entry.wall_seconds
            kinds[entry.attempt] = entry.stack, entry.kind
        else:
            worked.add(entry.attempt)
        if entry.event == "end" and entry.outcome is Outcome.DONE:
            worked.add(entry.attempt)
    starts: dict[tuple[str, JobKind], list[float]] = defaultdict(list)
    for attempt in worked & kinds.keys():
        starts[kinds[attempt]].append(seconds[attempt])
    return {key: sum(values) / len(values) for key, values in starts.items()}


def measured_speeds(entries: Iterable[LedgerEntry]) -> dict[tuple[str, str], Speed]:
    """Speeds by stack and model, over all attempts whose phase got anywhere.

    Loading is averaged over attempts that went on to generate; the others count what they did
    over what it took. Generation is the speed of one GPU: several had an engine each.
    """
    wall: dict[tuple[str, str, Phase], float] = defaultdict(float)
    work: dict[tuple[str, str, Phase], float] = defaultdict(float)
    load: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    generated: set[str] = set()
    for entry in entries:
        pair = (entry.stack, entry.model)
        key = (*pair, entry.phase)
        if entry.kind is JobKind.EVALUATE and entry.phase is Phase.LOAD:
            load[pair][entry.attempt] += entry.wall_seconds
            continue
        units = {
            Phase.GENERATE: entry.tokens_out,
            Phase.GRADE: entry.samples,
            Phase.TRAIN: entry.steps,
        }.get(entry.phase)
        if units is not None:
            engines = (entry.gpu_count or 1) if entry.phase is Phase.GENERATE else 1
            wall[key] += entry.wall_seconds * engines
            work[key] += units
            if entry.phase is Phase.GENERATE:
                generated.add(entry.attempt)

    def seconds_per_unit(pair: tuple[str, str], phase: Phase) -> float | None:
        key = (*pair, phase)
        return wall[key] / work[key] if work[key] and wall[key] else None

    speeds = {}
    for pair in {(stack, model) for stack, model, _ in wall} | set(load):
        starts = [seconds for attempt, seconds in load[pair].items() if attempt in generated]
        per_token = seconds_per_unit(pair, Phase.GENERATE)
        speeds[pair] = Speed(
            load_seconds=sum(starts) / len(starts) if starts else None,
            output_tokens_per_second=None if per_token is None else 1 / per_token,
            grade_seconds_per_sample=seconds_per_unit(pair, Phase.GRADE),
            train_seconds_per_step=seconds_per_unit(pair, Phase.TRAIN),
        )
    return speeds
