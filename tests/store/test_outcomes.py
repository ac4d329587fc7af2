"""From grades to outcomes, and from outcomes back to the bytes they were made from."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.made import make_grade, make_result
from tina_bench.errors import IntegrityError
from tina_bench.files.hashing import canonical_json, digest, sha256_file
from tina_bench.store.answer_logs import check_sample_logs
from tina_bench.store.outcomes import as_recorded, collect
from tina_bench.store.records import Grade, GradeStatus, ProblemOutcome, ResultRecord

PROBLEMS = [("a", 0), ("b", 7), ("c", 9)]


def run_of(seed: int, correct: str = "") -> list[Grade]:
    return [make_grade(name, seed, correct=name in correct) for name, _ in PROBLEMS]


def test_an_incomplete_run_is_left_out_whole() -> None:
    grades = run_of(0, "abc") + run_of(1, "abc")[:2] + run_of(2, "a")
    seeds, outcomes = collect(PROBLEMS, grades)
    assert seeds == (0, 2)
    assert [outcome.correct for outcome in outcomes] == [(True, True), (True, False), (True, False)]


def test_no_complete_run_gives_every_problem_and_no_outcome() -> None:
    seeds, outcomes = collect(PROBLEMS, run_of(0)[1:])
    assert seeds == ()
    assert [(o.problem, o.index, o.correct) for o in outcomes] == [
        ("a", 0, ()),
        ("b", 7, ()),
        ("c", 9, ()),
    ]


def test_of_two_grades_of_one_sample_the_later_wins() -> None:
    _, outcomes = collect(PROBLEMS, [*run_of(0, "abc"), make_grade("b", 0, correct=False)])
    assert [outcome.correct for outcome in outcomes] == [(True,), (False,), (True,)]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_seeds_ascend_and_columns_follow_them_whatever_the_order_of_grades(
    data: st.DataObject,
) -> None:
    rights = data.draw(
        st.dictionaries(st.integers(0, 20), st.text("abc", max_size=3), min_size=1, max_size=5)
    )
    grades = [grade for seed, right in rights.items() for grade in run_of(seed, right)]
    seeds, outcomes = collect(PROBLEMS, data.draw(st.permutations(grades)))
    assert seeds == tuple(sorted(rights))
    for outcome in outcomes:
        assert outcome.correct == tuple(outcome.problem in rights[seed] for seed in seeds)


def test_a_grade_of_a_problem_that_the_task_does_not_have_changes_nothing() -> None:
    assert collect(PROBLEMS, [*run_of(0), make_grade("stranger", 0)]) == collect(
        PROBLEMS, run_of(0)
    )


def test_undecided_unanswered_and_truncated_are_kept_apart() -> None:
    grades = [
        make_grade("a", 0, status=GradeStatus.TIMEOUT),
        make_grade("b", 0, extracted=None),
        make_grade("c", 0, truncated=True, tokens_out=99),
    ]
    _, outcomes = collect(PROBLEMS, grades)
    assert [o.undecided for o in outcomes] == [(True,), (False,), (False,)]
    assert [o.answered for o in outcomes] == [(True,), (False,), (True,)]
    assert [o.truncated for o in outcomes] == [(False,), (False,), (True,)]
    assert outcomes[2].tokens_out == (99,)


def group(*row: Grade) -> tuple[int, ...]:
    _, outcomes = collect([("a", 0)], row)
    return outcomes[0].answer_group


def test_answers_are_grouped_by_what_was_read_and_all_right_ones_are_one_group() -> None:
    assert group(
        make_grade("a", 0, extracted="7"),
        make_grade("a", 1, correct=True, extracted="1/2"),
        make_grade("a", 2, extracted="9"),
        make_grade("a", 3, correct=True, extracted="0.5"),
        make_grade("a", 4, extracted="7"),
    ) == (1, 0, 2, 0, 1)


def test_unanswered_and_undecided_answers_are_in_no_group() -> None:
    assert group(
        make_grade("a", 0, status=GradeStatus.TIMEOUT),
        make_grade("a", 1, extracted=None),
        make_grade("a", 2, status=GradeStatus.KILLED, extracted=None),
        make_grade("a", 3),
    ) == (-1, -1, -1, 1)


def test_an_answer_that_is_right_though_its_reading_was_lost_is_with_the_right_ones() -> None:
    assert group(
        make_grade("a", 0, correct=True, extracted=None), make_grade("a", 1, extracted="3")
    ) == (0, 1)


def test_a_metric_that_never_says_what_it_read_leaves_the_groups_unknown() -> None:
    silent = [make_grade("a", seed, correct=seed > 0, extracted=None) for seed in range(3)]
    assert group(*silent) == ()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(GradeStatus)),
            st.booleans(),
            st.one_of(st.none(), st.sampled_from(["1", "2", "3"])),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_groups_that_are_collected_never_contradict_their_columns(
    rows: list[tuple[GradeStatus, bool, str | None]],
) -> None:
    grades = [
        make_grade("a", seed, status=status, extracted=read,
                   correct=right and status is GradeStatus.GRADED)
        for seed, (status, right, read) in enumerate(rows)
    ]  # fmt: skip
    _, (outcome,) = collect([("a", 0)], grades)
    assert outcome.contradiction_over(len(rows)) is None


@pytest.mark.parametrize(
    ("groups", "key"),
    [((0,), "answer_group"), ((1, 1), "answer_group.0"), ((0, 0), "answer_group.1"),
     ((0, -2), "answer_group.1")],
)  # fmt: skip
def test_groups_that_contradict_the_decisions_are_refused(
    groups: tuple[int, ...], key: str
) -> None:
    _, (outcome,) = collect([("a", 0)], [make_grade("a", 0, correct=True), make_grade("a", 1)])
    wrong = outcome.model_copy(update={"answer_group": groups}).contradiction_over(2)
    assert wrong is not None
    assert wrong[0] == key


def test_a_record_from_before_there_were_groups_still_reads_and_still_fits_its_grades() -> None:
    _, outcomes = collect(PROBLEMS, run_of(0, "a"))
    old = [outcome.model_dump(mode="json", exclude={"answer_group"}) for outcome in outcomes]
    read = tuple(ProblemOutcome.model_validate(one) for one in old)
    assert [one.answer_group for one in read] == [(), (), ()]
    assert as_recorded(outcomes, read) == read
    assert as_recorded(outcomes, outcomes) == outcomes


LOG = b"line one\nline two\n"


@pytest.fixture
def record(tmp_path: Path) -> ResultRecord:
    path = tmp_path / "samples" / "m" / "i.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(LOG)
    return make_result(
        sample_log="samples/m/i.jsonl",
        sample_log_bytes=len(LOG),
        sample_log_sha256=hashlib.sha256(LOG).hexdigest(),
    )


def test_a_sample_log_that_has_grown_since_is_fine(tmp_path: Path, record: ResultRecord) -> None:
    check_sample_logs(tmp_path, [record])
    (tmp_path / "samples/m/i.jsonl").write_bytes(LOG + b"line three\n")
    check_sample_logs(tmp_path, [record])


@pytest.mark.parametrize("place", range(len(LOG)))
def test_any_changed_byte_of_a_sample_log_is_refused_by_name(
    tmp_path: Path, record: ResultRecord, place: int
) -> None:
    changed = bytearray(LOG)
    changed[place] ^= 1
    (tmp_path / "samples/m/i.jsonl").write_bytes(changed)
    with pytest.raises(IntegrityError, match=r"samples/m/i\.jsonl: found other bytes .* m on t"):
        check_sample_logs(tmp_path, [record])


def test_a_shortened_sample_log_is_refused(tmp_path: Path, record: ResultRecord) -> None:
    (tmp_path / "samples/m/i.jsonl").write_bytes(LOG[:-1])
    with pytest.raises(IntegrityError, match="other bytes"):
        check_sample_logs(tmp_path, [record])


def test_a_missing_sample_log_is_refused_by_name(tmp_path: Path, record: ResultRecord) -> None:
    (tmp_path / "samples/m/i.jsonl").unlink()
    with pytest.raises(IntegrityError, match=r"samples/m/i\.jsonl: found no file"):
        check_sample_logs(tmp_path, [record])


TEXT = st.text(st.characters(codec=None, categories=None), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(value=st.dictionaries(TEXT, JSON, max_size=5), data=st.data())
def test_a_digest_does_not_depend_on_the_order_of_keys(
    value: dict[str, object], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(value.items()))))
    assert digest(shuffled) == digest(value)
    assert canonical_json(shuffled).isascii()


@settings(max_examples=50, deadline=None)
@given(one=JSON, other=JSON)
def test_values_that_differ_as_json_have_different_digests(one: object, other: object) -> None:
    assert (digest(one) == digest(other)) == (canonical_json(one) == canonical_json(other))


def test_the_hash_of_a_file_is_the_hash_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    # The first test vector of FIPS 180-2.
    assert sha256_file(tmp_path / "f") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
