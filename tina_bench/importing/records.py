"""From what a file says to the record that is kept: names, counts, and what contradicts them.

Counts are those of the single answers wherever a file has them; a score that the harness printed
beside them and that says otherwise is a remark on the record, not a reason to refuse it.
"""

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import ForeignFileError
from tina_bench.files.strict import MalformedError, shown
from tina_bench.formatting.escape import clean, printable
from tina_bench.importing.drafts import DraftTask, ImportDraft, PrintedScore
from tina_bench.importing.names import USER_SAID, Attribution, Match, match_model, match_task
from tina_bench.importing.outcomes import Counted, count_rows, count_totals
from tina_bench.importing.reading import refuse
from tina_bench.store.imported import (
    ImportedRun,
    ImportedScore,
    ImportedTask,
    ReportedTime,
    run_id,
)

SAID_TOLERANCE = 1e-3
"""Harnesses round to four digits or to hundredths of a percent."""


def make_record(draft: ImportDraft, catalog: Catalog, said: Attribution) -> ImportedRun:
    """A draft as a record; raises `ForeignFileError` for the first thing that is wrong in it."""
    model = _model(draft, catalog, said)
    if not draft.tasks:
        raise refuse(f"{draft.path}", MalformedError("", "no task", "at least one"))
    remarks = list(draft.remarks)
    tasks = tuple(
        _task(task, catalog, said, remarks) for task in sorted(draft.tasks, key=lambda t: t.name)
    )
    return ImportedRun(
        id=run_id(draft.file.sha256, draft.part),
        file=draft.file,
        reported_by=said.reported_by or draft.who,
        source=said.source or draft.source,
        model_as_printed=clean(draft.model or ""),
        model=model.name,
        model_reason=model.reason,
        revision_as_printed=draft.revision,
        dtype_as_printed=draft.dtype,
        seed_as_printed=draft.seed,
        saved_at_as_printed=draft.saved_at,
        time=ReportedTime(wall_seconds=draft.seconds),
        config_general=dict(draft.config),
        averages={},
        tasks=tasks,
        format=draft.format,
        harness=draft.harness,
        harness_version=draft.harness_version,
        part=draft.part,
        protocol=draft.protocol,
        beside=tuple(draft.beside),
        remarks=tuple(printable(remark) for remark in remarks),
    )


def _model(draft: ImportDraft, catalog: Catalog, said: Attribution) -> Match:
    place = f"{draft.path}: {draft.model_key}"
    if not draft.model:
        if said.model is None:
            raise ForeignFileError(
                f"{place}: found no model's name, expected one, as each score is some model's; "
                "say whose it is with --model NAME, a name of the catalog."
            )
        return Match(said.model, USER_SAID)
    mapped = said.names.get(draft.model)
    found = match_model(catalog, draft.lookup or draft.model, draft.revision)
    wanted = said.model or (mapped if mapped in catalog.models else None)
    if wanted is None or wanted == found.name:
        return found
    if found.name is not None:
        option = "--model" if said.model else "--map"
        raise ForeignFileError(
            f"{place}: found the name of {found.name}, expected {wanted} as {option} says; import "
            f"this file without {option}."
        )
    return Match(wanted, USER_SAID)


def _match(task: DraftTask, catalog: Catalog, said: Attribution) -> tuple[Match, bool]:
    """The catalog's task, and whether a person named it."""
    mapped = said.names.get(task.name)
    if mapped in catalog.tasks:
        return Match(mapped, USER_SAID), True
    found = match_task(catalog, task.name, dict(task.dataset), shots=task.shots)
    return found, task.named_by_hand


def _task(task: DraftTask, catalog: Catalog, said: Attribution, remarks: list[str]) -> ImportedTask:
    match, by_hand = _match(task, catalog, said)
    ours = catalog.tasks[match.name].n_problems if match.name else None
    if task.printed and not task.rows and not task.totals:
        return _printed(task, match, ours)
    counted = count_rows(task) if task.rows else count_totals(task, ours)
    if ours is not None and counted.n is not None and counted.n != ours:
        if by_hand:
            found = f"{counted.n} problems"
            expected = f"{ours}, which is what {match.name} of the catalog has"
            raise refuse(task.place, MalformedError("", found, expected))
        reason = f"{counted.n} problems; {match.name} of the catalog has {ours}"
        match = Match(None, reason)
    if task.n is not None and counted.n is not None and task.n != counted.n:
        found = f"{counted.n} problems"
        raise refuse(task.place, MalformedError("", found, f"{task.n} as is printed beside them"))
    return ImportedTask(
        task_as_printed=clean(task.name),
        task=match.name,
        task_reason=match.reason,
        n=counted.n,
        n_known_by=None if counted.n is None else counted.n_known_by,
        scores=_scores(task, counted, remarks),
        hashes=dict(task.hashes),
        version=task.version,
        config=dict(task.config),
        summary={},
        outcomes=counted.outcomes,
        details=task.details,
        runs=counted.runs,
        trials=None if counted.runs is not None and counted.n is not None else counted.trials,
        by_run=counted.by_run,
    )


def _scores(task: DraftTask, counted: Counted, remarks: list[str]) -> tuple[ImportedScore, ...]:
    scores = []
    for metric, correct in sorted(counted.correct.items()):
        value = correct / counted.trials
        printed, stderr = task.said.get(metric, (None, None))
        if printed is not None and abs(printed - value) > SAID_TOLERANCE:
            remarks.append(
                f"{task.place}: {metric} is printed as {100 * printed:.2f} %, and its answers say "
                f"{correct} of {counted.trials}, which is {100 * value:.2f} %; the answers count."
            )
            stderr = None
        scores.append(
            ImportedScore(
                metric=clean(metric),
                value=value,
                stderr=stderr if stderr is not None else counted.stderr,
                n_correct=correct,
                n_correct_known_by="details" if task.rows else "table",
            )
        )
    scores += [
        ImportedScore(
            metric=clean(metric), value=value, stderr=None, n_correct=None, n_correct_known_by=None
        )
        for metric, value in sorted(counted.means.items())
    ]
    return tuple(scores)


def _printed(task: DraftTask, match: Match, ours: int | None) -> ImportedTask:
    one: PrintedScore = task.printed[0]
    if len(task.printed) > 1:
        expected = f"one for each model, task and setting, as in {_line(one.place)}"
        raise refuse(task.printed[1].place, MalformedError("", "a second score", expected))
    if not 0 <= one.percent <= 100:
        raise refuse(one.place, MalformedError("percent", shown(one.percent), "0 to 100"))
    score = ImportedScore(
        metric=clean(task.metric),
        value=one.percent / 100,
        stderr=None,
        n_correct=None,
        n_correct_known_by=None,
        decimals=one.decimals,
        sd_over_runs=None if one.sd_points is None else one.sd_points / 100,
    )
    return ImportedTask(
        task_as_printed=clean(task.name),
        task=match.name,
        task_reason=match.reason,
        n=ours,
        n_known_by=None if ours is None else "catalog",
        scores=(score,),
        hashes={},
        version=None,
        config=dict(task.config),
        summary={},
        runs=one.runs,
    )


def _line(place: str) -> str:
    return place.rpartition(", ")[2]
