"""Bytes lost or changed anywhere in a file: it is refused in a sentence, or it is still a file."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad_inputs.world import CATALOG, World
from tests.importing.made_files import CATALOG as LOADED
from tests.importing.made_files import STAMP
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import TinaBenchError
from tina_bench.files.strict import MalformedError, parse_json, parse_toml
from tina_bench.importing.lighteval import parse_run
from tina_bench.lock.lockfile import read_lock
from tina_bench.store.home import read_record, read_records
from tina_bench.store.records import Grade, LedgerEntry, ResultRecord

Read = Callable[[Path], Any]
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _import(path: Path) -> Any:
    return parse_run(path, path.read_bytes(), f"logs/results_{STAMP}.json", LOADED)


def _log(shape: type[Any]) -> Read:
    return lambda path: list(read_records(path, shape))


KINDS: dict[str, tuple[Callable[[World], Path], Read]] = {
    "record": (lambda world: world.record, lambda path: read_record(path, ResultRecord)),
    "lock": (lambda world: world.lock, read_lock),
    "import": (lambda world: world.results, _import),
    "ledger": (lambda world: world.ledger, _log(LedgerEntry)),
    "grades": (lambda world: world.grades, _log(Grade)),
}


def sentence(error: TinaBenchError, path: Path) -> None:
    said = str(error)
    assert said.startswith(str(path)), said
    assert "\n" not in said
    assert said.endswith(".")
    assert "found " in said
    assert ", expected " in said


def _is_part(part: Any, whole: Any) -> bool:
    """Whether nothing stands in the part that does not stand in the whole."""
    if isinstance(part, dict):
        return all(name in whole and _is_part(value, whole[name]) for name, value in part.items())
    return bool(part == whole)


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused_or_means_the_same(
    whole_world: World, tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    pick, read = KINDS[kind]
    good = pick(whole_world).read_bytes()
    path = tmp_path / pick(whole_world).name
    path.write_bytes(good)
    whole = read(path)
    end = data.draw(st.integers(0, len(good) - 1))
    path.write_bytes(good[:end])
    try:
        cut = read(path)
    except TinaBenchError as error:
        sentence(error, path)
        return
    if isinstance(whole, list):
        assert cut == whole[: len(cut)], "a torn last line costs no more than itself"
    elif kind == "lock":  # a TOML file may end after any of its tables
        assert _is_part(tomllib.loads(good[:end].decode()), tomllib.loads(good.decode()))
    else:
        assert good[end:].strip() == b""
        assert cut.model_copy(update=CONTENT.get(kind, {})) == whole.model_copy(
            update=CONTENT.get(kind, {})
        )


CONTENT = {"import": {"file": None, "id": ""}}
"""What names the bytes themselves, and so differs with them."""


@pytest.mark.parametrize("kind", KINDS)
@QUICK
@given(data=st.data())
def test_bytes_changed_anywhere_are_refused_or_make_another_whole_file(
    whole_world: World, tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    pick, read = KINDS[kind]
    good = pick(whole_world).read_bytes()
    path = tmp_path / pick(whole_world).name
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed)
    try:
        found = read(path)
    except TinaBenchError as error:
        sentence(error, path)
        return
    if kind == "record":
        assert found.contradiction() is None
    if isinstance(found, list):  # logs are sealed: only the last newline can go unnoticed
        path.write_bytes(good)
        assert found == read(path)[: len(found)]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_catalog_cut_and_changed_anywhere_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    changed = bytearray(CATALOG.encode())
    for _ in range(data.draw(st.integers(0, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed[: data.draw(st.integers(0, len(changed)))])
    try:
        load_catalog([path])
    except TinaBenchError as error:
        sentence(error, path)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_a_document_or_are_refused_with_found_and_expected(data: bytes) -> None:
    for parse in (parse_json, parse_toml):
        try:
            parse(data, "a document")
        except MalformedError as error:
            said = str(error)
            assert "found " in said
            assert ", expected " in said
            assert said.isprintable() or not said.isascii()
