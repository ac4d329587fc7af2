"""`checkpoints.lock`: the same bytes for the same lock, and no byte that it does not know."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.program import call, run
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import IntegrityError, LockError
from tina_bench.files.hashing import sha256_file
from tina_bench.lock.lockfile import (
    Lock,
    LockedFile,
    LockedFiles,
    LockedImage,
    LockedTask,
    is_safe_name,
    locked,
    packaged_lock,
    read_lock,
    verify_sha256,
    write_lock,
)
from tina_bench.lock.required_files import hub_entries

NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
PATH = NAME.filter(is_safe_name)
HEX = "0123456789abcdef"
FILE = st.builds(
    LockedFile,
    bytes=st.integers(0, 2**63 - 1),
    sha256=st.text(HEX, min_size=64, max_size=64),
)
FILES = st.builds(
    LockedFiles,
    source=st.just("embedded"),
    files=st.dictionaries(PATH, FILE, min_size=1, max_size=3),
) | st.builds(
    LockedFiles,
    source=st.just("hub"),
    repo=NAME,
    revision=st.text(HEX, min_size=40, max_size=40),
    subfolder=st.none() | PATH,
    files=st.dictionaries(PATH, FILE, min_size=1, max_size=3),
)
SETS = st.dictionaries(NAME, FILES, max_size=3)
TASK = st.builds(
    LockedTask,
    problems_sha256=st.text(HEX, min_size=64, max_size=64),
    packages=st.dictionaries(NAME, NAME, max_size=3),
)
IMAGE = st.builds(
    LockedImage,
    reference=NAME,
    digest=st.text(HEX, min_size=64, max_size=64).map("sha256:{}".format),
)
LOCKS = st.builds(
    Lock,
    models=SETS,
    datasets=SETS,
    tasks=st.dictionaries(NAME, TASK, max_size=3),
    images=st.dictionaries(NAME, IMAGE, max_size=3),
    unresolved=st.dictionaries(
        st.sampled_from(["models", "datasets"]),
        st.lists(NAME, min_size=1, max_size=3, unique=True).map(lambda names: tuple(sorted(names))),
    ),
)


def backwards(lock: Lock) -> Lock:
    """The same lock with every table built in the opposite order."""

    def turn(sets: dict[str, LockedFiles]) -> dict[str, LockedFiles]:
        return {
            name: entry.model_copy(update={"files": dict(reversed(entry.files.items()))})
            for name, entry in reversed(sets.items())
        }

    return Lock(
        models=turn(lock.models),
        datasets=turn(lock.datasets),
        tasks=dict(reversed(lock.tasks.items())),
        images=dict(reversed(lock.images.items())),
        unresolved={
            section: tuple(reversed(names)) for section, names in reversed(lock.unresolved.items())
        },
    )


@settings(max_examples=20, deadline=None)
@given(lock=LOCKS)
def test_a_lock_is_read_as_written_and_has_one_spelling(
    tmp_path_factory: pytest.TempPathFactory, lock: Lock
) -> None:
    path = tmp_path_factory.getbasetemp() / "a.lock"
    write_lock(lock, path)
    first = path.read_bytes()
    assert read_lock(path) == lock
    write_lock(backwards(lock), path)
    assert path.read_bytes() == first


@settings(max_examples=20, deadline=None)
@given(lock=LOCKS)
def test_every_table_of_a_written_lock_is_sorted(
    tmp_path_factory: pytest.TempPathFactory, lock: Lock
) -> None:
    path = tmp_path_factory.getbasetemp() / "b.lock"
    write_lock(lock, path)
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    for kind in ("models", "datasets"):
        names = list(values.get(kind, {}))
        assert names == sorted(names)
        assert values.get("unresolved", {}).get(kind, []) == sorted(lock.unresolved.get(kind, ()))
        for entry in values.get(kind, {}).values():
            assert list(entry["files"]) == sorted(entry["files"])


@settings(max_examples=20, deadline=None)
@given(entry=FILES, data=st.data())
def test_the_digest_of_a_set_moves_with_every_name_size_and_hash(
    entry: LockedFiles, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(entry.files)))
    file = entry.files[name]
    other = "0" if file.sha256[0] != "0" else "1"
    for files in (
        {**entry.files, name: LockedFile(bytes=file.bytes + 1, sha256=file.sha256)},
        {**entry.files, name: LockedFile(bytes=file.bytes, sha256=other + file.sha256[1:])},
        {**entry.files, name + "x" * 9: file},
    ):
        assert LockedFiles(source="embedded", files=files).digest != entry.digest


def test_the_digest_of_a_set_is_of_its_bytes_wherever_they_come_from() -> None:
    files = {"f": LockedFile(bytes=1, sha256="0" * 64)}
    from_hub = LockedFiles(source="hub", repo="a/b", revision="0" * 40, files=files)
    assert from_hub.digest == LockedFiles(source="embedded", files=files).digest


@given(name=st.text(max_size=12))
def test_a_safe_name_stays_in_its_folder(name: str) -> None:
    if is_safe_name(name):
        path = Path("/home/folder") / name
        assert path.resolve() == path
        assert path.is_relative_to("/home/folder")
        assert path != Path("/home/folder")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "a/./b",
        "a\\b",
        "a\nb",
        "a\x00",
        "\u202ea",
    ],
)
def test_a_name_that_leads_out_or_hides_something_is_not_safe(name: str) -> None:
    assert not is_safe_name(name)


@pytest.mark.nightly
@pytest.mark.engine
def test_the_committed_lock_agrees_with_every_file_it_locks() -> None:
    ended = call("lock", "--check")
    assert ended.code == 0, ended.err
    assert str(packaged_lock()) in ended.out.replace("\n", "")


@pytest.mark.nightly
@pytest.mark.engine
def test_writing_the_lock_gives_the_committed_bytes(tmp_path: Path) -> None:
    target = tmp_path / "checkpoints.lock"
    assert run("lock", "--file", target, HF_HUB_OFFLINE="1").code == 0
    assert target.read_bytes() == packaged_lock().read_bytes()


def test_every_entry_of_the_hub_is_resolved_or_listed_as_not() -> None:
    lock, wanted = read_lock(), hub_entries(load_catalog())
    assert wanted
    for section, name in wanted:
        resolved = name in getattr(lock, section)
        assert resolved != (name in lock.unresolved.get(section, ())), name


def edited(target: Path, old: str, new: str) -> None:
    text = packaged_lock().read_text(encoding="utf-8")
    assert text.count(old) == 1
    target.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            '    "r1-distill-qwen-1.5b",\n',
            "",
            "r1-distill-qwen-1.5b is not resolved and not listed",
        ),
        (
            "[unresolved]\n",
            '[unresolved]\nimages = ["x"]\n',
            "unresolved.images: x is no open entry",
        ),
        ("version = 1\n", "version   =   1\n", "differs from how the same lock is written"),
        ("[tasks.smoke-30]\n", "[tasks.smoke-29]\n", "tasks.smoke-29"),
    ],
    ids=["forgotten", "invented", "spaces", "task"],
)
def test_a_lock_that_the_catalog_does_not_have_so_fails_the_check_by_name(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    target = tmp_path / "checkpoints.lock"
    edited(target, old, new)
    if old.startswith("[tasks"):
        text = target.read_text(encoding="utf-8")
        target.write_text(text.replace("[tasks.smoke-30.", "[tasks.smoke-29."), encoding="utf-8")
        write_lock(read_lock(target), target)
    ended = call("lock", "--check", "--file", target)
    assert ended.code == 13
    assert says in ended.sentence
    assert "`tina-bench lock` renews it" in ended.sentence


@pytest.mark.nightly
@pytest.mark.engine
def test_other_problems_than_those_locked_fail_the_check(tmp_path: Path) -> None:
    lock, target = read_lock(), tmp_path / "checkpoints.lock"
    wrong = lock.tasks["smoke-40"].model_copy(update={"problems_sha256": "0" * 64})
    write_lock(lock.model_copy(update={"tasks": {**lock.tasks, "smoke-40": wrong}}), target)
    ended = call("lock", "--check", "--file", target)
    assert ended.code == 13
    assert "tasks.smoke-40: differs from the problems" in ended.sentence


def test_the_lock_that_an_option_or_the_environment_names_is_the_one_that_is_read(
    tmp_path: Path,
) -> None:
    target = tmp_path / "mine.lock"
    write_lock(Lock(models={}, datasets=read_lock().datasets), target)
    arguments = ("plan", "--all", "--profile", "smoke", "--home", tmp_path / "home", "--json")
    assert not any("smoke-base" in gap for gap in call(*arguments).json()["missing"])
    for ended in (call(*arguments, "--lock", target), run(*arguments, TINA_BENCH_LOCK=str(target))):
        (gap,) = [gap for gap in ended.json()["missing"] if "smoke-base" in gap]
        assert "`tina-bench lock --update smoke-base`" in gap


def test_the_lock_has_everything_that_the_smoke_profile_reads() -> None:
    lock, catalog = read_lock(), load_catalog()
    profile = catalog.profiles["smoke"]
    assert "smoke-base" in lock.models
    assert {catalog.tasks[name].dataset for name in profile.tasks} <= set(lock.datasets)
    assert catalog.recipes["smoke-grpo"].dataset in lock.datasets


@pytest.mark.parametrize("part", ["sha256", "bytes", "a whole entry"])
def test_a_tampered_lock_fails_the_check_with_code_13_and_stays_as_it_is(
    tmp_path: Path, part: str
) -> None:
    lock = read_lock()
    name = "smoke-30.jsonl"
    file = lock.datasets["smoke-30"].files[name]
    changed = {
        "sha256": {name: LockedFile(bytes=file.bytes, sha256="0" * 64)},
        "bytes": {name: LockedFile(bytes=file.bytes + 1, sha256=file.sha256)},
    }.get(part)
    datasets = dict(lock.datasets)
    if changed is None:
        del datasets["smoke-30"]
    else:
        datasets["smoke-30"] = LockedFiles(source="embedded", files=changed)
    target = tmp_path / "checkpoints.lock"
    write_lock(lock.model_copy(update={"datasets": datasets}), target)
    before = target.read_bytes()

    ended = call("lock", "--check", "--file", target)
    assert ended.code == 13
    assert ended.sentence.startswith(f"{target}: differs from the files it locks; ")
    assert target.read_bytes() == before


HASH = "0" * 64
GOOD = (
    f'version = 1\n[models.m]\nsource = "embedded"\nfiles.f = {{ bytes = 1, sha256 = "{HASH}" }}\n'
)
MALFORMED = {
    "no toml": ("version = ", "version", "at line 1, column 9: found text that is not valid TOML"),
    "another version": ("version = 1", "version = 2", "version: found 2, expected 1"),
    "an unknown table": (
        "[models.m]",
        "[engines.m]",
        "engines: found keys ['m'], expected no such key here",
    ),
    "an unknown key": (
        "bytes = 1",
        "bytes = 1, mode = 7",
        "models.m.files.f.mode: found 7, expected no such key",
    ),
    "a short hash": (
        HASH,
        HASH[1:],
        f"models.m.files.f.sha256: found '{HASH[1:]}', expected text of the pattern",
    ),
    "a loud hash": (HASH, "A" * 64, "models.m.files.f.sha256: found 'AAAA"),
    "a negative size": (
        "bytes = 1",
        "bytes = -1",
        "models.m.files.f.bytes: found -1, expected a value greater",
    ),
    "no size": ("bytes = 1, ", "", "models.m.files.f.bytes: found nothing"),
    "a name that leads out": (
        "files.f",
        'files."../f"',
        "models.m.files.'../f': found a file name that leads out",
    ),
    "a hub entry without a commit": ('"embedded"', '"hub"', "models.m: found keys"),
    "a commit without a hub": (
        "files.f",
        f'revision = "{HASH[:40]}"\nfiles.f',
        "models.m: found keys",
    ),
    "no files": ("files.f", "fields.f", "models.m.files: found nothing"),
    "an unknown source": (
        '"embedded"',
        '"heaven"',
        "models.m.source: found 'heaven', expected 'embedded'",
    ),
}


@pytest.mark.parametrize(("old", "new", "says"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_lock_is_refused_naming_file_and_key(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    path = tmp_path / "checkpoints.lock"
    path.write_text(GOOD, encoding="utf-8")
    assert read_lock(path).models["m"].files["f"].bytes == 1
    assert GOOD.count(old) == 1
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    ended = call("lock", "--check", "--file", path)
    assert ended.code == 13
    assert ended.sentence.startswith(f"{path}: {says}"), ended.sentence


def test_a_lock_without_any_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.lock"
    path.write_text('version = 1\n[models.m]\nsource = "embedded"\nfiles = {}\n', encoding="utf-8")
    with pytest.raises(LockError, match=r"models\.m\.files: "):
        read_lock(path)


@pytest.mark.parametrize("make", ["absent", "folder", "not text"])
def test_a_lock_that_cannot_be_read_is_refused_by_name(tmp_path: Path, make: str) -> None:
    path = tmp_path / "checkpoints.lock"
    if make == "folder":
        path.mkdir()
    if make == "not text":
        path.write_bytes(b"\xff\xfe")
    ended = call("lock", "--check", "--file", path)
    assert ended.code == 13
    assert ended.sentence.startswith(f"{path}: ")


def test_an_embedded_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    catalog = tmp_path / "mine.toml"
    catalog.write_text(
        '[tasks.mine]\ntitle = "t"\nsource = "embedded"\ndataset = "no-such"\nsplit = "test"\n'
        'n_problems = 1\nprompt = "a:b"\nmetric = "a:b"\nmax_new_tokens = 1\nmargin_points = 1\n',
        encoding="utf-8",
    )
    target = tmp_path / "checkpoints.lock"
    ended = call("lock", "--catalog", catalog, "--file", target)
    assert ended.code == 13
    assert "no-such.jsonl: found no file" in ended.sentence
    assert not target.exists()


def test_what_was_never_resolved_is_refused_by_name() -> None:
    lock = read_lock()
    with pytest.raises(
        LockError, match=r"no resolved model 'deepscaler-1\.5b'.*lock --update deep"
    ):
        locked(lock.models, "deepscaler-1.5b", "model")
    assert locked(lock.models, "smoke-base", "model") is lock.models["smoke-base"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.bin").write_bytes(b"aaa")
    (tmp_path / "b.bin").write_bytes(b"bbb")
    return tmp_path


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256_file(path) for path in sorted(folder.iterdir())}


def test_files_that_are_as_locked_pass_and_strangers_beside_them_do_not_matter(
    folder: Path,
) -> None:
    expected = hashes(folder)
    (folder / "stranger").touch()
    verify_sha256(folder, expected, "model m")


@pytest.mark.parametrize("place", range(3))
def test_a_changed_byte_is_refused_naming_the_file_and_both_hashes(
    folder: Path, place: int
) -> None:
    expected = hashes(folder)
    data = bytearray(b"bbb")
    data[place] ^= 1
    (folder / "b.bin").write_bytes(data)
    with pytest.raises(IntegrityError) as refusal:
        verify_sha256(folder, expected, "model m")
    sentence = str(refusal.value)
    assert sentence.startswith(f"{folder / 'b.bin'}: found sha256 {hashes(folder)['b.bin']}, ")
    assert f"expected sha256 {expected['b.bin']} for model m" in sentence
    assert "a.bin" not in sentence


@pytest.mark.parametrize("make", ["absent", "folder"])
def test_a_missing_file_is_refused_by_name(folder: Path, make: str) -> None:
    expected = hashes(folder)
    (folder / "a.bin").unlink()
    if make == "folder":
        (folder / "a.bin").mkdir()
    with pytest.raises(IntegrityError, match=r"a\.bin: found no file, expected sha256 "):
        verify_sha256(folder, expected, "model m")
