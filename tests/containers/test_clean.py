"""`clean` removes what we built and nothing else."""

import io
from pathlib import Path

import pytest

from tests.support.engine import Engine
from tests.support.program import call
from tina_bench.containers.engine import IMAGE_LABEL, image_tag

TAG = image_tag("tiny")


@pytest.fixture
def built(at_engine: Engine, tiny_lock: Path) -> str:
    assert call("containers", "build", "tiny").code == 0
    return str(at_engine.client.images.get(TAG).id)


def tags(engine: Engine) -> set[str]:
    return {tag for image in engine.client.images.list() for tag in image.tags}


def test_without_yes_it_shows_and_removes_nothing(at_engine: Engine, built: str) -> None:
    before = tags(at_engine)
    rows = call("containers", "clean", "--json").json()
    assert {row["tag"] for row in rows} == {TAG}
    assert not any(row["removed"] for row in rows)
    assert tags(at_engine) == before


def test_it_removes_ours_and_foreign_images_survive(
    at_engine: Engine, built: str, small: str
) -> None:
    foreign = tags(at_engine) - {TAG}
    assert "small:1" in foreign
    (row,) = call("containers", "clean", "--yes", "--json").json()
    assert row["removed"]
    assert tags(at_engine) == foreign


def test_an_image_that_somebody_built_on_ours_survives_and_works(
    at_engine: Engine, built: str
) -> None:
    derived = "somebody/app:1"
    at_engine.client.images.build(
        fileobj=io.BytesIO(f"FROM {TAG}\nRUN echo theirs > /opt/theirs\n".encode()),
        tag=derived,
        rm=True,
    )
    assert at_engine.client.images.get(derived).labels[IMAGE_LABEL] == "tiny", "it inherits ours"
    (row,) = call("containers", "clean", "--yes", "--json").json()
    assert (row["tag"], row["removed"]) == (TAG, True)
    said = at_engine.client.containers.run(derived, ["cat", "/opt/words.txt"], remove=True)
    assert said == b"some words\n", "the layers that it stands on are still there"
    assert call("containers", "clean", "--yes", "--json").json() == []
    assert derived in tags(at_engine)
    at_engine.client.images.remove(derived)


def test_a_second_name_that_somebody_gave_ours_survives(at_engine: Engine, built: str) -> None:
    at_engine.client.images.get(TAG).tag("somebody/copy:1")
    assert call("containers", "clean", "--yes").code == 0
    assert str(at_engine.client.images.get("somebody/copy:1").id) == built
    at_engine.client.images.remove("somebody/copy:1")


def test_only_the_named_images_are_removed(at_engine: Engine, built: str) -> None:
    assert call("containers", "clean", "cpu", "--yes", "--json").json() == []
    assert TAG in tags(at_engine)


def test_an_image_that_a_container_uses_stays_and_that_is_said(
    at_engine: Engine, built: str
) -> None:
    container = at_engine.client.containers.create(TAG, ["true"])
    try:
        rows = {row["tag"]: row for row in call("containers", "clean", "--yes", "--json").json()}
        assert not rows[TAG]["removed"]
        assert "container" in rows[TAG]["kept"]
        assert TAG in tags(at_engine)
    finally:
        container.remove()
    assert call("containers", "clean", "--yes").code == 0
    assert TAG not in tags(at_engine)
