"""Only the bytes of the locked digest are ever built on: the engine and the registry are real."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engine import Engine
from tests.support.program import call
from tina_bench.containers.bases import fetch_base, pinned, resolve
from tina_bench.errors import BlockedError, IntegrityError, LockError
from tina_bench.lock.lockfile import LockedImage, read_lock

Publish = Callable[..., LockedImage]


def _nothing(_: object) -> None:
    return None


def _blob(engine: Engine, digest: str) -> Path:
    digits = digest.removeprefix("sha256:")
    folder = engine.registry_files / "docker/registry/v2/blobs/sha256" / digits[:2] / digits
    return folder / "data"


def _layers(engine: Engine, base: LockedImage) -> list[str]:
    manifest = json.loads(_blob(engine, base.digest).read_text())
    return [layer["digest"] for layer in manifest["layers"]]


def test_a_base_is_pulled_by_its_digest_and_is_what_was_pushed(
    engine: Engine, publish: Publish
) -> None:
    base = publish("honest:1")
    fetch_base(engine.client, base, _nothing)
    said = engine.client.containers.run(pinned(base), ["cat", "/etc/content"], remove=True)
    assert said == b"honest:1\n"


def test_what_the_engine_holds_is_not_pulled_again(engine: Engine, publish: Publish) -> None:
    base = publish("held:1")
    events: list[object] = []
    fetch_base(engine.client, base, events.append)
    assert events
    events.clear()
    fetch_base(engine.client, base, events.append)
    assert events == []


def test_a_tampered_layer_is_refused(engine: Engine, publish: Publish) -> None:
    base = publish("layer:1")
    path = _blob(engine, _layers(engine, base)[-1])
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[content.index(b"layer:1")] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    engine.client.images.prune(filters={"dangling": True})  # also forgets the layer
    with pytest.raises(IntegrityError, match="sent other bytes") as found:
        fetch_base(engine.client, base, _nothing)
    assert base.digest in str(found.value)
    assert not _holds(engine, base)


def test_a_tampered_manifest_is_refused(engine: Engine, publish: Publish) -> None:
    base, other = publish("manifest:1"), publish("manifest-other:1")
    _blob(engine, base.digest).write_bytes(_blob(engine, other.digest).read_bytes())
    with pytest.raises(IntegrityError, match="sent other bytes"):
        fetch_base(engine.client, base, _nothing)
    assert not _holds(engine, base)


def _holds(engine: Engine, base: LockedImage) -> bool:
    return any(
        pinned(base) in (image.attrs.get("RepoDigests") or [])
        for image in engine.client.images.list(all=True)
    )


def test_an_unknown_digest_is_refused(engine: Engine, publish: Publish) -> None:
    base = publish("unknown:1")
    wrong = base.model_copy(update={"digest": "sha256:" + "0" * 64})
    with pytest.raises(LockError, match="no such image"):
        fetch_base(engine.client, wrong, _nothing)


def test_a_tag_that_nobody_pushed_is_refused(engine: Engine) -> None:
    with pytest.raises(LockError, match="no such image"):
        resolve(engine.client, f"{engine.registry}/nobody:1")


def test_a_registry_that_does_not_answer_blocks(engine: Engine) -> None:
    with pytest.raises(BlockedError, match="does not hand it out"):
        resolve(engine.client, "127.0.0.1:1/nobody:1")


def test_a_moved_tag_is_refused_by_the_check_and_never_built_on(
    at_engine: Engine, publish: Publish, lock_of: Callable[[LockedImage], Path]
) -> None:
    first = publish("moving:1", "first")
    path = lock_of(first)
    assert call("containers", "lock", "python", "--check", "--file", path).code == 0
    second = publish("moving:1", "second")
    assert second.digest != first.digest
    before = path.read_bytes()
    ended = call("containers", "lock", "python", "--check", "--file", path)
    assert ended.code == LockError.exit_code
    assert first.digest in ended.err
    assert second.digest in ended.err
    assert path.read_bytes() == before
    fetch_base(at_engine.client, read_lock(path).images["python"], _nothing)
    said = at_engine.client.containers.run(pinned(first), ["cat", "/etc/content"], remove=True)
    assert said == b"moving:1first\n"


def test_locking_writes_the_digest_of_the_tag_and_keeps_the_rest(
    at_engine: Engine, publish: Publish, tmp_path: Path
) -> None:
    from tina_bench.lock.lockfile import packaged_lock

    path = tmp_path / "checkpoints.lock"
    path.write_bytes(packaged_lock().read_bytes())
    old = read_lock(path)
    base = publish("locked:1")
    ended = call(
        "containers", "lock", "python", "--reference", base.reference, "--file", path, "--json"
    )
    assert ended.code == 0, ended.err
    new = read_lock(path)
    assert new.images["python"] == base
    assert new.model_copy(update={"images": old.images}) == old
    assert ended.json()["bases"]["python"]["digest"] == base.digest


def test_an_unresolved_base_is_not_built_and_the_command_that_resolves_it_is_named(
    at_engine: Engine, tmp_path: Path
) -> None:
    from tina_bench.lock.lockfile import Lock, write_lock

    path = tmp_path / "checkpoints.lock"
    write_lock(Lock(), path)
    ended = call("containers", "build", "cpu", "--file", path)
    assert ended.code == LockError.exit_code
    assert "`tina-bench containers lock python`" in ended.sentence
