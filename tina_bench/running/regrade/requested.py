"""What a regrade is requested for: the records it is about, and the interpreter that grades."""

from pathlib import Path

from tina_bench.errors import BlockedError, UsageError
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord


def requested_records(
    store: Home, profile: str | None, models: list[str] | None, tasks: list[str] | None
) -> list[ResultRecord]:
    """The records that are requested."""
    records = store.measurements(profile)
    if not records:
        raise BlockedError(
            f"{store.root}: holds no results to grade again; run `tina-bench reproduce` first, or "
            "name another home with --home."
        )
    for option, wanted, there in (
        ("--model", models, {record.model for record in records}),
        ("--task", tasks, {record.task for record in records}),
    ):
        for name in wanted or ():
            if name not in there:
                raise UsageError(
                    f"{option} {name}: there is no result of it in {store.root}; there are "
                    f"{', '.join(sorted(there))}."
                )
    return [
        record
        for record in records
        if (models is None or record.model in models) and (tasks is None or record.task in tasks)
    ]


def grader_interpreter(path: Path) -> Path:
    """The interpreter as given; a link to it is what makes an environment's Python its own."""
    if not path.is_file():
        raise UsageError(f"--grader-python {path}: found no file, expected a Python to run.")
    return path.absolute()
