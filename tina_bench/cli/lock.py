"""`tina-bench lock`: write or check `checkpoints.lock`."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import CatalogOption, JsonOption
from tina_bench.cli.show.tables import console, print_json, safe, table

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.lock.resolve import Renewal, ResolvedEntry
    from tina_bench.lock.task_hashes import TaskRenewal


def lock(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing and ask nobody; exit code 13 if the lock is out of date.",
        ),
    ] = False,
    update: Annotated[
        list[str] | None,
        typer.Option(
            "--update",
            metavar="NAME",
            help="Look up only this model, task, recipe or dataset, also if it is resolved "
            "already: an entry with no revision in the catalog moves to the tip of `main`. "
            "May be given several times; exit code 13 if one of them cannot be resolved.",
        ),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            help="The lock; TINA_BENCH_LOCK or the packaged one if not given. A file that does "
            "not exist yet begins as a copy of the packaged one.",
        ),
    ] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Resolve every model and dataset of the catalog to a commit, file sizes and sha256.

    What is resolved already stays as it is: a lock does not move by itself. What cannot be resolved
    now (no network, a licence to accept, not there) is listed as unresolved, with the reason, and
    is no error unless --update asked for it. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE count as
    they do for huggingface_hub.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import UsageError
    from tina_bench.lock.lockfile import chosen_lock

    target, loaded = path or chosen_lock(), load_catalog(catalog or ())
    if check:
        if update:
            raise UsageError("--check writes nothing, so --update does not go with it.")
        _check(loaded, target, as_json=as_json)
    else:
        _renew(loaded, target, update or [], as_json=as_json)


def _check(loaded: "Catalog", target: Path, *, as_json: bool) -> None:
    from tina_bench.lock.check import check_lock

    notes = check_lock(loaded, target)
    if as_json:
        print_json({"file": str(target), "agrees": True, "not_checked": list(notes)})
        return
    console().print(f"{target}: agrees with every file it locks.", markup=False)
    for note in notes:
        console().print(f"  • {note}", markup=False)


def _renew(loaded: "Catalog", target: Path, update: list[str], *, as_json: bool) -> None:
    from rich.progress import Progress, SpinnerColumn, TextColumn

    from tina_bench.errors import LockError
    from tina_bench.lock.lockfile import packaged_lock, read_lock, write_lock
    from tina_bench.lock.required_files import lock_names
    from tina_bench.lock.resolve import renew
    from tina_bench.lock.task_hashes import renew_tasks

    asked = lock_names(loaded, update)
    old = read_lock(target if target.exists() else packaged_lock())
    screen = console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}", markup=False), transient=True,
        console=screen, disable=not screen.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("reading the catalog", total=None)
        made = renew(loaded, old, asked, lambda name: bar.update(task, description=name))
        bar.update(task, description="hashing the problems of every task whose data is here")
        datasets = {name for section, name in asked if section == "datasets"}
        tasks = renew_tasks(loaded, made.lock, datasets if update else None)
    write_lock(tasks.lock, target)
    if as_json:
        print_json(_as_json(target, made, tasks))
    else:
        _print(target, made, tasks)
    failed: dict[str, list[str]] = {}
    for row in made.rows:
        if row.error is not None and (row.section, row.name) in asked:
            failed.setdefault(str(row.error).removesuffix("."), []).append(row.name)
    if failed:
        told = (f"{', '.join(names)}: {why}" for why, names in failed.items())
        raise LockError("; ".join(told) + ".")


def _as_json(target: Path, made: "Renewal", tasks: "TaskRenewal") -> dict[str, object]:
    entries = []
    for row in made.rows:
        entry = getattr(made.lock, row.section).get(row.name)
        entries.append(
            {
                "section": row.section,
                "name": row.name,
                "state": row.state,
                "reason": row.reason,
                "exit_code": row.error.exit_code if row.error else 0,
                "revision": entry.revision if entry else None,
                "files": len(entry.files) if entry else 0,
                "bytes": entry.total_bytes if entry else 0,
            }
        )
    return {
        "file": str(target),
        "entries": entries,
        "tasks": sorted(tasks.lock.tasks),
        "tasks_computed": tasks.computed,
        "tasks_refused": tasks.refused,
        "unresolved": {name: list(values) for name, values in made.lock.unresolved.items()},
    }


def _print(target: Path, made: "Renewal", tasks: "TaskRenewal") -> None:
    """One line for all entries that share state and reason, then what is in the file."""
    from tina_bench.lock.resolve import NOT_ASKED

    def alike(row: "ResolvedEntry") -> tuple[str, str, str]:
        return row.state, row.reason, row.section

    rows = table("state", "what", "names", "why")
    news = (row for row in made.rows if row.reason or row.state != "kept")
    told = sorted((row for row in news if row.reason != NOT_ASKED), key=alike)
    for (state, reason, section), group in groupby(told, key=alike):
        names = ", ".join(row.name for row in group)
        rows.add_row(state, section, names, safe(reason))
    for name, reason in sorted(tasks.refused.items()):
        rows.add_row("refused", "tasks", name, safe(reason))
    out = console()
    if rows.row_count:
        out.print(rows)
    lock, open_ = tasks.lock, sum(map(len, tasks.lock.unresolved.values()))
    hub = sum(e.source == "hub" for e in (*lock.models.values(), *lock.datasets.values()))
    embedded = len(lock.models) + len(lock.datasets) - hub
    out.print(
        f"{target}: written: {embedded} embedded entries, {hub} of the hub, {open_} unresolved; "
        f"the problems of {len(lock.tasks)} tasks.",
        markup=False,
    )
    if not tasks.computed:
        out.print("LightEval is not installed here: the tasks' problems were left as they were.")
