"""The logs that Open-RS published are what the facts, and the logs made of them, say."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.facts import CATALOG
from tests.importing.log_claims import LogClaims
from tests.importing.made_files import take_in
from tests.importing.made_logs import checkpoint_of, document, file_of, runs
from tina_bench.stats.audits.own_logs import OwnLog, audit_own_logs
from tina_bench.stats.evidence.chance import chance_of
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.store.home import Home
from tina_bench.store.imported_results import ImportedResult

pytestmark = pytest.mark.extra
Key = tuple[tuple[str, int, int], str]
"""Folder of a checkpoint, and the time at which a file was saved."""


class TestPublishedLogs(LogClaims):
    @pytest.fixture(scope="class")
    @classmethod
    def logs(cls, published_logs: Path) -> Path:
        return published_logs


@pytest.fixture(scope="module")
def published(published_logs: Path) -> dict[Key, dict[str, Any]]:
    return {
        (checkpoint_of(f"{path}"), path.stem.removeprefix("results_")): json.loads(
            path.read_bytes()
        )
        for path in published_logs.rglob("*.json")
    }


def made() -> dict[Key, dict[str, Any]]:
    return {(checkpoint_of(file_of(run)), run["saved"]): document(run) for run in runs()}


def parts(found: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """What must be equal, and what is computed; without the clock of the machine that wrote it.

    Nor with the hashes over all tasks of the file, which are of its one task.
    """
    general = dict(found["config_general"])
    took = general.pop("end_time") - general.pop("start_time")
    scores = [value for task in found["results"].values() for value in task.values()]
    whole = found["summary_general"] | {"hashes": None}
    names = {task: sorted(scores) for task, scores in found["results"].items()}
    same = {"config_general": general, "results": names, "summary_general": whole}
    return found | same, [took, *scores]


def test_a_made_file_says_what_the_published_one_does(
    published: dict[Key, dict[str, Any]],
) -> None:
    assert published.keys() == made().keys()
    for key, again in made().items():
        (theirs, their_numbers), (ours, our_numbers) = parts(published[key]), parts(again)
        assert ours == theirs, key
        assert our_numbers == pytest.approx(their_numbers, rel=1e-9), key


def test_the_audit_of_the_published_files_is_that_of_the_made_ones(
    published_logs: Path, open_rs_logs: Path, tmp_path: Path
) -> None:
    def audited(name: str, logs: Path) -> list[OwnLog]:
        take_in(tmp_path / name, logs, reported_by="Open-RS authors")
        files: list[ImportedResult] = Home(tmp_path / name).imported()
        return audit_own_logs(
            CATALOG, collect_measurements(CATALOG, files), chance_of(CATALOG), files
        )

    def without_places(found: list[OwnLog]) -> list[dict[str, Any]]:
        places = {"name", "folder", "repeats"}
        return [one.model_dump(exclude={"runs": {"__all__": places}}) for one in found]

    one, other = audited("published", published_logs), audited("made", open_rs_logs)
    assert without_places(one) == without_places(other)
