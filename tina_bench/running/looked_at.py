"""Results that say of themselves that their number of runs was chosen by looking at them.

A result is judged by what its provenance says, so it says so before anybody looks: a grading to
come writes it, and a result that is there is written anew. Once said it stays.
"""

from collections.abc import Mapping

from tina_bench.catalog.schema import Catalog
from tina_bench.files.atomic import write_model
from tina_bench.planning.plan import resolve_profile
from tina_bench.planning.shapes import Request
from tina_bench.running.inputs import RETRAINED, is_retrained
from tina_bench.store.home import Home, read_record
from tina_bench.store.records import ResultRecord, UntilDecided

CellName = tuple[str, str]
"""Model and task."""


def read_cells(catalog: Catalog, request: Request, home: Home) -> dict[CellName, ResultRecord]:
    """The results of a request's cells, as far as there are any."""
    profile = resolve_profile(catalog, request)
    found = {}
    for model in profile.models:
        apart = is_retrained(catalog.models[model], retrain=request.retrain)
        name = request.profile + (RETRAINED if apart else "")
        for task in profile.tasks:
            path = home.result_file(name, model, task)
            if path.exists():
                found[model, task] = read_record(path, ResultRecord)
    return found


def carried_on(catalog: Catalog, request: Request, home: Home) -> dict[CellName, UntilDecided]:
    """What results that were once looked at keep saying, whoever adds runs to them."""
    return {
        cell: record.provenance.until_decided
        for cell, record in read_cells(catalog, request, home).items()
        if record.provenance.until_decided is not None
    }


def declarations(
    catalog: Catalog, request: Request, home: Home, family: int, targets: Mapping[CellName, int]
) -> dict[CellName, UntilDecided]:
    """What the results of these cells will say of how they came about, with so many runs."""
    known = carried_on(catalog, request, home)
    return {cell: _declared(known.get(cell), family, runs) for cell, runs in targets.items()}


def _declared(before: UntilDecided | None, family: int, runs: int) -> UntilDecided:
    looks = {runs, *(k for k in before.looks if k <= runs)} if before else {runs}
    return UntilDecided(family=family, looks=tuple(sorted(looks)))


def declare(catalog: Catalog, request: Request, home: Home, family: int) -> None:
    """Have the results that are there say that they are looked at; before they are."""
    for record in read_cells(catalog, request, home).values():
        made = record.provenance
        declared = _declared(made.until_decided, family, record.k)
        if made.until_decided != declared:
            changes = {"stopping": "until-decided", "until_decided": declared}
            changed = record.model_copy(update={"provenance": made.model_copy(update=changes)})
            write_model(home.result_file(made.profile, record.model, record.task), changed)
