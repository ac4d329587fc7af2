"""Accepted cases: what is written is read again, what has changed does not hold, and it is said."""

import datetime
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifying.cases import Scene, claim, measure, of, write_claims
from tina_bench.errors import UsageError
from tina_bench.stats.types import Verdict
from tina_bench.verifying.baseline import (
    Baseline,
    BaselineEntry,
    baseline_text,
    read_baseline,
    write_baseline,
)
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.verify import VerifyOptions, accept_cases, judge

DAY = datetime.date(2026, 2, 3)
ENTRY: dict[str, Any] = {
    "verdict": "NOT_REPRODUCED",
    "direction": "lower",
    "claimed_percent": "80.0",
    "measured_percent": 39.17,
    "evidence_sha256": "a" * 64,
    "reason": "the claim was made on another set of problems",
    "date": "2026-02-03",
}

texts = st.text(min_size=1, max_size=80).filter(lambda t: t.strip() and t.isprintable())
reasons = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
names = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=80).filter(
    lambda name: name[0].isalnum()
)
entries = st.builds(
    BaselineEntry,
    verdict=st.sampled_from([v for v in Verdict if v is not Verdict.REPRODUCED]),
    direction=st.sampled_from(["lower", "higher", "equal", None]),
    claimed_percent=st.decimals(0, 100, places=2).map(lambda value: f"{value:.2f}"),
    measured_percent=st.none() | st.floats(0, 100),
    evidence_sha256=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    reason=reasons,
    date=st.dates(),
    by=st.none() | texts,
)


def accept(scene: Scene, *claims: str, baseline: Baseline | None = None, **given: Any) -> Baseline:
    judged = judge(scene.home, scene.catalog, scene.lock, VerifyOptions(audits=False))
    values = {"reason": "known", "by": None, "date": DAY, **given}
    return accept_cases(judged, baseline or Baseline(), claims, **values)


@given(st.dictionaries(names, entries, max_size=5))
def test_every_baseline_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, accepted: dict[str, BaselineEntry]
) -> None:
    path = tmp_path_factory.mktemp("baseline") / "b.toml"
    made = Baseline(accepted=accepted)
    write_baseline(path, made)
    assert read_baseline(path) == made
    turned = Baseline(accepted=dict(reversed(accepted.items())))
    assert baseline_text(turned) == path.read_text(encoding="utf-8"), "order does not count"


def test_an_accepted_contradiction_fails_no_more_and_keeps_its_verdict(scene: Scene) -> None:
    assert scene.verify().exit_code == 1
    made = scene.verify(baseline=accept(scene, "too-high", reason="other problems", by="me"))
    found = of(made, "too-high")
    assert made.exit_code == 0
    assert (found.verdict, found.fails) == ("NOT_REPRODUCED", False)
    assert found.accepted is not None
    assert (found.accepted.reason, found.accepted.by) == ("other problems", "me")
    assert not found.accepted.evidence_changed
    assert made.accepted == 1
    assert made.counts["NOT_REPRODUCED"] == 1, "counted as what it is"


@pytest.mark.parametrize("name", ["vague", "greedy", "nobody-measured"])
def test_whatever_can_fail_can_be_accepted(scene: Scene, name: str) -> None:
    everything = frozenset(set(FailOn) - {FailOn.NOTHING, FailOn.AUDIT})
    baseline = accept(scene, name)
    assert of(scene.verify(fail_on=everything), name).fails
    assert not of(scene.verify(fail_on=everything, baseline=baseline), name).fails


def test_what_is_reproduced_needs_no_acceptance(scene: Scene) -> None:
    with pytest.raises(UsageError, match="REPRODUCED, so there is nothing to accept"):
        accept(scene, "holds")


def test_a_claim_that_does_not_exist_is_refused(scene: Scene) -> None:
    with pytest.raises(UsageError, match="there is no such claim"):
        accept(scene, "nothing-like-it")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 3000])
def test_a_reason_says_something_and_not_too_much(scene: Scene, reason: str) -> None:
    with pytest.raises(UsageError, match="--accept too-high: reason"):
        accept(scene, "too-high", reason=reason)


def test_more_answers_of_the_same_kind_leave_it_standing_and_are_told(
    scene: Scene, tmp_path: Path
) -> None:
    baseline = accept(scene, "too-high")
    scene.home = measure(tmp_path / "more", right=101)
    found = of(scene.verify(baseline=baseline), "too-high")
    assert found.accepted is not None
    assert found.accepted.evidence_changed
    assert not found.fails


CHANGES: dict[str, tuple[dict[str, Any], int, str]] = {
    "the printed value": (claim(value_percent=81.0, decimals=1), 94, "was 80.0 and is 81.0"),
    "its digits": (claim(value_percent=80.0, decimals=0), 94, "was 80.0 and is 80"),
    "the direction": (claim(value_percent=80.0, decimals=1), 239, "was lower and is higher"),
    "the verdict": (claim(value_percent=80.0, decimals=1, runs=1), 175, "is INCONCLUSIVE"),
}


@pytest.mark.parametrize(("claimed", "right", "says"), CHANGES.values(), ids=CHANGES.keys())
def test_another_case_than_the_accepted_one_fails_again_and_says_why(
    scene: Scene, tmp_path: Path, claimed: dict[str, Any], right: int, says: str
) -> None:
    baseline = accept(scene, "too-high")
    write_claims(scene.claims, {"too-high": claimed})
    scene.home = measure(tmp_path / "other", right=right)
    strict = frozenset({FailOn.NOT_REPRODUCED, FailOn.INCONCLUSIVE})
    found = of(scene.verify(baseline=baseline, fail_on=strict), "too-high")
    assert found.fails
    assert found.accepted is None
    assert found.acceptance_void is not None
    assert says in found.acceptance_void


def test_entries_that_nothing_needs_are_named_and_fail_if_asked(
    scene: Scene, tmp_path: Path
) -> None:
    baseline = accept(scene, "too-high", "vague")
    gone = {"gone": baseline.accepted["vague"]}
    baseline = Baseline(accepted={**baseline.accepted, **gone})
    write_claims(scene.claims, {"too-high": claim(), "vague": claim(value_percent=80.0)})
    made = scene.verify(baseline=baseline, fail_on=frozenset({FailOn.NOT_REPRODUCED}))
    assert {entry.claim: entry.reason for entry in made.stale} == {
        "gone": "the catalog has no such claim",
        "too-high": "the claim is REPRODUCED",
    }
    assert scene.verify(baseline=baseline, fail_on=frozenset({FailOn.STALE})).exit_code == 3
    assert scene.verify(baseline=baseline, fail_on=frozenset()).exit_code == 0


def test_a_broken_record_is_accepted_by_nobody(scene: Scene) -> None:
    baseline = accept(scene, "too-high")
    (path,) = scene.home.root.glob("samples/*/*.jsonl")
    path.write_bytes(path.read_bytes()[1:])
    made = scene.verify(baseline=baseline)
    assert made.exit_code == 14
    assert of(made, "too-high").accepted is None
    assert made.stale == (), "nobody can tell whether it is still needed"
    with pytest.raises(UsageError, match="its record is not what it says"):
        accept(scene, "too-high")


def text(**entry: Any) -> str:
    import tomli_w

    return tomli_w.dumps({"schema_version": 1, "accepted": {"c": {**ENTRY, **entry}}})


BAD: dict[str, tuple[bytes, str]] = {
    "no TOML": (b"[accepted", "text that is not valid TOML"),
    "no UTF-8": (b"# \xff", "UTF-8"),
    "a list": (b"accepted = []", "accepted"),
    "another version": (b"schema_version = 2", "schema_version"),
    "a key nobody reads": (b"[acepted.c]", "acepted"),
    "nothing in an entry": (b"[accepted.c]", "accepted.c.verdict"),
    "a name that is none": (b'[accepted."a b"]', "accepted"),
    "REPRODUCED": (text(verdict="REPRODUCED").encode(), "a verdict that can fail"),
    "a verdict that is none": (text(verdict="FINE").encode(), "accepted.c.verdict"),
    "a direction that is none": (text(direction="sideways").encode(), "accepted.c.direction"),
    "a value that is no number": (text(claimed_percent="many").encode(), "claimed_percent"),
    "a value above 100": (text(measured_percent=100.5).encode(), "measured_percent"),
    "not a number": (text(measured_percent=float("nan")).encode(), "measured_percent"),
    "no reason": (text(reason="").encode(), "accepted.c.reason"),
    "a blank reason": (text(reason="  ").encode(), "a reason that says something"),
    "a number beyond all": (b"schema_version = " + b"9" * 30, "beyond 64 bits"),
    "a nest": (b"a = " + b"[" * 5000, "a baseline"),
    "a reason that is a list": (text(reason=["a"]).encode(), "accepted.c.reason"),
    "a date that is none": (text(date="yesterday").encode(), "accepted.c.date"),
    "a short hash": (text(evidence_sha256="ab").encode(), "accepted.c.evidence_sha256"),
    "a hostile name": (b'[accepted."\\u001b[31m\\n"]', "accepted"),
    "the same claim twice": (b"[accepted.c]\n[accepted.c]", "not valid TOML"),
}


@pytest.mark.parametrize(("content", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_baseline_is_one_clear_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "b.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_baseline(path)
    sentence = str(refused.value)
    assert sentence.startswith(f"{path}: ")
    assert says in sentence
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert not sentence.endswith("..")


def test_a_baseline_that_is_not_there_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist; `tina-bench verify --accept"):
        read_baseline(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="found a folder, expected a file"):
        read_baseline(tmp_path)
