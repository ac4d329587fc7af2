"""Building small images with the real commands, on the real engine."""

from collections.abc import Iterator
from pathlib import Path

import docker.errors
import pytest

from tests.containers.checkout import Checkout
from tests.support.engine import Engine
from tests.support.program import Ended, call
from tina_bench.containers.bases import pinned
from tina_bench.containers.engine import as_local, image_tag, local_image
from tina_bench.errors import BlockedError, DiskFullError, JobFailedError, UsageError
from tina_bench.files.hashing import sha256_file
from tina_bench.lock.lockfile import read_lock

TAG = image_tag("tiny")


@pytest.fixture(autouse=True)
def _nothing_of_ours_before_or_after(at_engine: Engine) -> Iterator[None]:
    yield
    for container in at_engine.client.containers.list(all=True):
        container.remove(force=True)
    for image in at_engine.client.images.list(filters={"label": "org.tina-bench.image"}):
        at_engine.client.images.remove(image.id, force=True)


def build(*options: object, code: int = 0) -> Ended:
    ended = call("containers", "build", "tiny", *options)
    assert ended.code == code, ended.err
    return ended


def content(engine: Engine, path: str) -> str:
    said: bytes = engine.client.containers.run(TAG, ["cat", path], remove=True, network_mode="none")
    return said.decode()


def test_it_says_what_it_is_made_of(at_engine: Engine, tiny_lock: Path) -> None:
    made = build("--json").json()
    base = read_lock(tiny_lock).images["python"]
    labels = made["labels"]
    assert labels["org.tina-bench.image"] == "tiny"
    assert labels["org.opencontainers.image.base.digest"] == base.digest
    assert labels["org.opencontainers.image.base.name"] == base.reference
    assert labels["org.tina-bench.lock-sha256"] == sha256_file(tiny_lock)
    assert len(labels["org.opencontainers.image.revision"]) >= len("unknown")
    assert made["id"] == local_image("tiny", at_engine.client).id
    assert Path(made["record"]).read_text().count(made["id"]) == 1
    assert content(at_engine, "/etc/content") == "base-of-tests:1\n"
    assert content(at_engine, "/opt/words.txt") == "some words\n"


def test_every_step_is_shown_and_every_line_is_logged(at_engine: Engine, tiny_lock: Path) -> None:
    ended = build("--no-cache")
    assert "COPY containers/tiny/words.txt" in ended.err
    log = Path(at_engine_home()) / "images" / "tiny.log"
    assert "COPY containers/tiny/words.txt" in log.read_text()


def at_engine_home() -> str:
    import os

    return os.environ["TINA_BENCH_HOME"]


def run_layers(engine: Engine) -> list[str]:
    """The layers that RUN has made, oldest first."""
    image = engine.client.images.get(TAG)
    steps = [step["CreatedBy"] for step in reversed(image.history()) if step["Size"]]
    layers = image.attrs["RootFS"]["Layers"]
    assert len(steps) == len(layers)
    return [layer for layer, step in zip(layers, steps, strict=True) if "touch" in step]


def test_the_same_inputs_make_the_same_layers(at_engine: Engine, tiny_lock: Path) -> None:
    # Of what RUN makes: an engine dates the folder that it copies into with the day of the copy.
    build("--no-cache")
    first = run_layers(at_engine)
    at_engine.client.images.remove(TAG)
    build("--no-cache")
    assert len(first) == 2
    assert run_layers(at_engine) == first


def test_what_the_machine_lends_is_there_while_the_image_is_built(
    at_engine: Engine, tiny_lock: Path, tmp_path: Path
) -> None:
    authorities, wheels = tmp_path / "authorities.pem", tmp_path / "wheels"
    authorities.write_text("certificates")
    wheels.mkdir()
    (wheels / "a-1-py3-none-any.whl").write_bytes(b"wheel")
    (wheels / "notes.txt").write_bytes(b"not a wheel")
    build("--certificates", authorities, "--wheels", wheels)
    assert content(at_engine, "/opt/was/ca") == "certificates"
    listed = content(at_engine, "/opt/was/wheels")
    assert "a-1-py3-none-any.whl" in listed
    assert "notes.txt" not in listed
    authorities.write_text("others")
    build("--certificates", authorities, "--wheels", wheels)
    assert content(at_engine, "/opt/was/ca") == "others", "the cache knows what was lent"


def test_an_index_with_a_password_is_refused_for_it_would_stay_in_the_image(
    at_engine: Engine, tiny_lock: Path
) -> None:
    ended = build("--index", "https://me:secret@example.org/simple", code=UsageError.exit_code)
    assert "secret" not in ended.err


@pytest.mark.parametrize("option", ["--wheels", "--certificates"])
def test_something_to_lend_that_is_not_there_is_said(
    at_engine: Engine, tiny_lock: Path, tmp_path: Path, option: str
) -> None:
    ended = build(option, tmp_path / "nowhere", code=UsageError.exit_code)
    assert str(tmp_path / "nowhere") in ended.sentence


def test_a_failing_step_is_named_with_what_it_said_and_the_old_image_stays(
    at_engine: Engine, tiny_lock: Path, checkout: Checkout
) -> None:
    build()
    before = local_image("tiny", at_engine.client)
    checkout.replace(
        "containers/tiny/Dockerfile", "RUN echo", "RUN echo this is why && false && echo"
    )
    ended = build(code=JobFailedError.exit_code)
    assert "this is why" in ended.err
    assert "RUN echo this is why" in ended.err
    assert "Traceback" not in ended.err
    assert local_image("tiny", at_engine.client).id == before.id


def test_a_new_image_replaces_the_old_one(
    at_engine: Engine, tiny_lock: Path, checkout: Checkout
) -> None:
    build()
    before = local_image("tiny", at_engine.client)
    checkout.write("containers/tiny/words.txt", "other words\n")
    build()
    assert content(at_engine, "/opt/words.txt") == "other words\n"
    assert as_local(at_engine.client, before.id) is None


def test_too_little_disk_is_said_before_anything_is_done(
    at_engine: Engine, tiny_lock: Path, checkout: Checkout
) -> None:
    checkout.replace("containers/images.toml", "disk_gib = 0.01", "disk_gib = 1e9")
    base = read_lock(tiny_lock).images["python"]
    held = {image.id for image in at_engine.client.images.list(all=True)}
    ended = build(code=DiskFullError.exit_code)
    assert "1e+09 GiB" in ended.sentence
    assert str(at_engine.root) in ended.sentence
    assert {image.id for image in at_engine.client.images.list(all=True)} == held
    with pytest.raises(docker.errors.ImageNotFound):  # the base was not even asked for
        at_engine.client.images.get(pinned(base))


def test_what_differs_from_what_would_be_built_now_is_shown(
    at_engine: Engine, tiny_lock: Path, checkout: Checkout
) -> None:
    build()
    assert call("containers", "inspect", "tiny", "--json").json()["drift"] == []
    tiny_lock.write_text(tiny_lock.read_text() + "# another comment\n")
    (harmless,) = call("containers", "inspect", "tiny", "--json").json()["drift"]
    assert (harmless["what"], harmless["blocks"]) == ("lock", False)
    checkout.write("containers/tiny/words.txt", "other words\n")
    found = {d["what"]: d["blocks"] for d in inspected()["drift"]}
    assert found == {"lock": False, "recipe": True}
    (row,) = call("containers", "list", "--json").json()["images"]
    assert row["built"] is True
    assert any("other requirements" in line for line in row["drift"])


def inspected() -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = call(
        "containers", "inspect", "tiny", "--json"
    ).json()
    return found


def test_another_base_in_the_lock_is_a_drift_that_blocks(
    at_engine: Engine, tiny_lock: Path
) -> None:
    from tina_bench.lock.lockfile import write_lock

    build()
    lock = read_lock(tiny_lock)
    other = lock.images["python"].model_copy(update={"digest": "sha256:" + "1" * 64})
    write_lock(lock.model_copy(update={"images": {"python": other}}), tiny_lock)
    found = {d["what"]: d["blocks"] for d in inspected()["drift"]}
    assert found == {"base": True, "lock": False}


def test_an_image_under_our_name_that_we_did_not_build_is_refused(
    at_engine: Engine, checkout: Checkout, small: str
) -> None:
    at_engine.client.images.get(small).tag(TAG)
    try:
        with pytest.raises(UsageError, match="without label"):
            local_image("tiny", at_engine.client)
        assert call("containers", "inspect", "tiny").code == UsageError.exit_code
    finally:
        at_engine.client.images.remove(TAG)


def test_an_image_that_is_not_there_names_the_command_that_builds_it(
    at_engine: Engine, checkout: Checkout
) -> None:
    with pytest.raises(BlockedError, match="`tina-bench containers build tiny`"):
        local_image("tiny", at_engine.client)


def test_an_image_that_does_not_exist_is_a_sentence(at_engine: Engine, checkout: Checkout) -> None:
    ended = call("containers", "build", "huge")
    assert ended.code == UsageError.exit_code
    assert "tiny" in ended.sentence
