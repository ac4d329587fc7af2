"""Exit codes that scripts can trust."""

import pytest

from tests.verifying.cases import Scene, claim, results, write_claims
from tina_bench.errors import UsageError
from tina_bench.verifying.fail_on import DEFAULT, STRICT, FailOn, parse_fail_on, spelled

ALL = {word: frozenset({FailOn(word)}) for word in FailOn if word != "nothing"}


def test_words_come_several_times_or_with_commas() -> None:
    both = frozenset({FailOn.INCONCLUSIVE, FailOn.AUDIT})
    assert parse_fail_on(["inconclusive", "audit"]) == both
    assert parse_fail_on(["inconclusive, audit"]) == both
    assert parse_fail_on(None) == parse_fail_on([]) == DEFAULT
    assert parse_fail_on(None, strict=True) == STRICT
    assert parse_fail_on(["nothing"]) == frozenset()
    assert parse_fail_on(["stale"], strict=True) == STRICT | {FailOn.STALE}


@pytest.mark.parametrize("words", [["never"], [""], ["audit,,stale"], ["NOT_REPRODUCED"], ["\x1b"]])
def test_another_word_is_refused_with_the_words_there_are(words: list[str]) -> None:
    with pytest.raises(UsageError, match="expected any of not-reproduced, inconclusive"):
        parse_fail_on(words)


def test_nothing_goes_with_nothing_else() -> None:
    for given, strict in ((["nothing,audit"], False), (["nothing"], True)):
        with pytest.raises(UsageError, match="say one of both"):
            parse_fail_on(given, strict=strict)


@pytest.mark.parametrize("chosen", [frozenset(), DEFAULT, STRICT, *ALL.values()])
def test_what_is_spelled_is_parsed_again(chosen: frozenset[FailOn]) -> None:
    assert parse_fail_on([",".join(spelled(chosen))]) == chosen


@pytest.mark.parametrize(
    ("word", "fails", "code"),
    [
        ("not-reproduced", {"too-high"}, 1),
        ("inconclusive", {"vague"}, 3),
        ("not-comparable", {"greedy"}, 3),
        ("not-measured", {"nobody-measured"}, 3),
        ("stale", set(), 0),
    ],
)
def test_each_word_fails_its_own_verdict_and_no_other(
    scene: Scene, word: str, fails: set[str], code: int
) -> None:
    made = scene.verify(fail_on=ALL[FailOn(word)])
    assert {name for name, result in results(made).items() if result.fails} == fails
    assert made.exit_code == code


def test_a_contradiction_comes_before_an_open_case(scene: Scene) -> None:
    assert scene.verify(fail_on=STRICT).exit_code == 1
    write_claims(scene.claims, {"vague": claim(value_percent=52.0, decimals=0, runs=1)})
    assert scene.verify(fail_on=STRICT).exit_code == 3
    assert scene.verify().exit_code == 0


def test_changed_records_come_before_everything_and_nothing_allows_them(scene: Scene) -> None:
    (path,) = scene.home.root.glob("samples/*/*.jsonl")
    path.write_bytes(path.read_bytes()[1:])
    for fail_on in (frozenset(), DEFAULT, STRICT):
        assert scene.verify(fail_on=fail_on).exit_code == 14


def test_records_that_no_claim_is_about_are_no_success(scene: Scene) -> None:
    write_claims(scene.claims, {"nobody-measured": claim("smoke-100")})
    assert scene.verify().exit_code == 22
    assert scene.verify(fail_on=frozenset()).exit_code == 0, "records alone, as asked for"
    made = scene.verify(fail_on=ALL[FailOn.NOT_MEASURED])
    assert made.exit_code == 22


def test_an_impossible_printed_value_fails_only_where_audits_may(scene: Scene) -> None:
    impossible = claim("smoke-100", value_percent=33.33, decimals=2, runs=1)
    write_claims(scene.claims, {"impossible": impossible, "holds": claim()})
    made = scene.verify(audits=True, fail_on=frozenset({FailOn.AUDIT}))
    assert "lattice: impossible" in {finding.name for finding in made.findings}
    assert made.exit_code == 3
    assert scene.verify(audits=True).exit_code == 0
    assert scene.verify(fail_on=frozenset({FailOn.AUDIT})).findings == ()
