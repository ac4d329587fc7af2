"""A record that was accepted before is read without some of the checks, and is the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.made import make_result
from tina_bench.errors import IntegrityError
from tina_bench.files.atomic import write_model
from tina_bench.store.home import cached_reader, read_record
from tina_bench.store.records import ResultRecord, UntilDecided

TOKENS = st.integers(1, 4).flatmap(
    lambda k: st.lists(st.tuples(*[st.integers(0, 40_000)] * k), min_size=1, max_size=5)
)


@settings(deadline=None)
@given(tokens=TOKENS, looked=st.booleans(), caveats=st.lists(st.text(), max_size=2))
def test_it_equals_what_the_strict_reader_gives(
    tokens: list[tuple[int, ...]],
    looked: bool,
    caveats: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    k = len(tokens[0])
    more: dict[str, Any] = {"caveats": tuple(caveats)}
    if looked:
        looks = UntilDecided(family=3, looks=(k,))
        more |= {"stopping": "until-decided", "until_decided": looks}
    path = tmp_path_factory.mktemp("record") / "t.json"
    write_model(path, make_result(tuple(tokens), **more))
    strict = read_record(path, ResultRecord)
    kept = CountingCache()
    for _ in range(2):
        found = cached_reader(kept)(path)
        assert found == strict
        assert found.model_dump_json(indent=2) == strict.model_dump_json(indent=2)
    assert kept.made == 1


class CountingCache:
    """A memory that counts how often something had to be made."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.made = 0

    def get(self, kind: str, key: Any, make: Callable[[], bytes]) -> bytes:
        name = f"{kind} {key}"
        if name not in self.values:
            self.values[name] = make()
            self.made += 1
        return self.values[name]


def test_only_the_first_reading_is_strict(tmp_path: Path) -> None:
    path, kept = tmp_path / "t.json", CountingCache()
    write_model(path, make_result())
    assert cached_reader(kept)(path) == cached_reader(kept)(path)
    assert kept.made == 1


def test_what_was_refused_is_refused_again(tmp_path: Path) -> None:
    path, kept = tmp_path / "t.json", CountingCache()
    write_model(path, make_result())
    path.write_text(
        path.read_text().replace('"tokens_out": [\n        10', '"tokens_out": [\n        -1')
    )
    for _ in range(2):
        with pytest.raises(IntegrityError, match="tokens_out"):
            cached_reader(kept)(path)
    assert kept.made == 0


def test_changed_bytes_are_read_strictly(tmp_path: Path) -> None:
    path, kept = tmp_path / "t.json", CountingCache()
    write_model(path, make_result())
    cached_reader(kept)(path)
    write_model(path, make_result(((11,),)))
    assert cached_reader(kept)(path).problems[0].tokens_out == (11,)
    assert kept.made == 2
