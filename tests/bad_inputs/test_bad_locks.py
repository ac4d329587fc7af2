"""Locks that are torn, edited by hand, or something else altogether."""

from collections.abc import Callable

import pytest

from tests.bad_inputs.world import Case, World, refused
from tina_bench.errors import LockError

Spoil = Callable[[World], object]
CODE = LockError.exit_code
HASH = "0" * 64
LOCK = (
    f'version = 1\n\n[models.m]\nsource = "embedded"\n'
    f'files."model.safetensors" = {{ bytes = 10, sha256 = "{HASH}" }}\n\n'
    f'[tasks.t]\nproblems_sha256 = "{HASH}"\npackages = {{ lighteval = "0.13.0" }}\n\n'
    f'[images.python]\nreference = "docker.io/library/python:3.11"\ndigest = "sha256:{HASH}"\n'
)
"""A lock that can be read, short enough to be spoilt by eye."""


def to(old: str, new: str) -> Spoil:
    """One text of the lock replaced where it stands first."""
    assert old in LOCK, old
    return lambda world: world.lock.write_text(LOCK.replace(old, new, 1), encoding="utf-8")


def data(make: Callable[[bytes], bytes]) -> Spoil:
    return lambda world: world.lock.write_bytes(make(LOCK.encode()))


def folder(world: World) -> None:
    world.lock.unlink()
    world.lock.mkdir()


def case(spoil: Spoil, key: str, found: str, expected: str) -> Case:
    return Case(spoil, CODE, key, found, expected)


CASES = {
    "another version": case(to("version = 1", "version = 2"), "version", "2", "1"),
    "an unknown table": case(to("[models.m]", "[engines.m]"), "engines", "keys", "no such key"),
    "an unknown key": case(
        to("bytes = 10", "bytes = 10, mode = 7"), "models.m.files.model.safetensors.mode", "7",
        "no such key",
    ),
    "a key twice": case(
        to("version = 1", "version = 1\nversion = 1"), "at line 2", "not valid TOML", "a lock"
    ),
    "an entry twice": case(
        to("[tasks.t]", '[models.m]\nsource = "hub"\n[tasks.t]'), "at line", "twice", "a lock"
    ),
    "a short hash": case(
        to(HASH, HASH[:40]), "models.m.files.model.safetensors.sha256", HASH[:40], "[0-9a-f]{64}"
    ),
    "a hash in capitals": case(
        to(f'problems_sha256 = "{HASH}"', f'problems_sha256 = "{"A" * 64}"'),
        "tasks.t.problems_sha256", "AAAA", "[0-9a-f]{64}",
    ),
    "a digest of another kind": case(
        to("sha256:", "md5:"), "images.python.digest", "md5:", "sha256:"
    ),
    "fewer bytes than none": case(
        to("bytes = 10", "bytes = -1"), "models.m.files.model.safetensors.bytes", "-1",
        "greater than or equal to 0",
    ),
    "bytes in words": case(
        to("bytes = 10", 'bytes = "ten"'), "models.m.files.model.safetensors.bytes", "'ten'",
        "valid integer",
    ),
    "bytes of thirty digits": case(
        to("bytes = 10", f"bytes = {'9' * 30}"), "models.m.files.model.safetensors.bytes",
        "beyond 64 bits", "64 bits",
    ),
    "no size": case(
        to("bytes = 10, ", ""), "models.m.files.model.safetensors.bytes", "nothing", "required"
    ),
    "a name that leads out": case(
        to("model.safetensors", "../../etc/passwd"), "models.m.files.'../../etc/passwd'",
        "a file name that leads out", "a path inside its folder",
    ),
    "a name that hides something": case(
        to("model.safetensors", "model\u202esrotanesfas"), "models.m.files", "hides something",
        "a path inside its folder",
    ),
    "no files": case(
        to('files."model.safetensors"', 'fields."model.safetensors"'), "models.m.files",
        "nothing", "required",
    ),
    "a hub entry without a commit": case(
        to('"embedded"', '"hub"'), "models.m", "keys", "'repo' goes with source 'hub'"
    ),
    "nothing in it but a word": case(data(lambda _: b"lock"), "at end", "not valid", "a lock"),
    "cut short": case(data(lambda good: good[:90]), "at ", "not valid TOML", "a lock"),
    "bytes": case(data(lambda _: bytes(range(200, 255))), "byte 0", "0xc8", "UTF-8"),
    "UTF-16": case(data(lambda good: good.decode().encode("utf-16")), "byte 0", "UTF-16", "UTF-8"),
    "a byte order mark": case(
        data(lambda good: b"\xef\xbb\xbf" + good), "byte 0", "a byte order mark",
        "UTF-8 without one",
    ),
    "10,000 lists in each other": case(
        data(lambda good: good + b"x = " + b"[" * 10_000), "", "nested too deeply", "a lock"
    ),
    "a folder": case(folder, "", "a folder", "a file"),
    "a link in a circle": case(
        lambda world: (world.lock.unlink(), world.lock.symlink_to(world.lock)), "",
        "something that cannot be read", "a file that can be read",
    ),
    "nothing there": case(lambda world: world.lock.unlink(), "", "nothing there", "a lock"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_lock_is_one_sentence_and_exit_code_13(world: World, case: Case) -> None:
    refused(world, case, ("lock", "--check", "--file", "{root}/mine.lock"), world.lock)


VERBS = {
    "plan": ("plan", "--all", "--profile", "smoke"),
    "reproduce": ("reproduce", "--all", "--profile", "smoke"),
    "verify": ("verify",),
    "train": ("train", "smoke-grpo", "--dry-run"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_every_verb_that_reads_a_lock_refuses_a_wrong_one_alike(
    world: World, verb: tuple[str, ...]
) -> None:
    refused(world, CASES["a short hash"], (*verb, "--lock", "{root}/mine.lock"), world.lock)


def test_the_environment_s_lock_is_read_as_strictly(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINA_BENCH_LOCK", str(world.lock))
    refused(world, CASES["cut short"], ("plan", "--all", "--profile", "smoke"), world.lock)
