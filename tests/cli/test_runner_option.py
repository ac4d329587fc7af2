"""`--runner`: said before anything starts, in words and in JSON."""

import json
from pathlib import Path

import pytest

from tests.support.program import Ended, call

ASK = ("--model", "smoke-base", "--profile", "smoke", "--seeds", "1")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


def first_json(ended: Ended) -> dict[str, object]:
    found: dict[str, object] = json.loads(ended.out)
    return found


def test_a_plan_says_which_runner_would_carry_it_out(home: Path) -> None:
    assert "Runner: local, since the packages of stack cpu" in call("plan", *ASK).out
    runner = call("plan", *ASK, "--json").json()["runner"]
    assert (runner["name"], runner["images"]) == ("local", None)


def test_a_plan_for_docker_without_an_engine_says_what_is_missing_and_blocks_all_but_fetching(
    home: Path,
) -> None:
    ended = call("plan", *ASK, "--runner", "docker")
    assert "docker runner: no container engine answers" in ended.out.replace("\n", " ")
    jobs = call("plan", *ASK, "--runner", "docker", "--json").json()["jobs"]
    assert {job["kind"] for job in jobs if job["blocked"] is None} == {"fetch"}


def test_reproduce_in_docker_without_an_engine_fetches_and_names_the_kind_of_what_is_missing(
    home: Path,
) -> None:
    ended = call("reproduce", *ASK, "--runner", "docker", "--json")
    assert ended.code == 22
    said = first_json(ended)
    assert said["done"] == 1
    assert [failure["kind"] for failure in said["failures"]] == ["missing-engine"]  # type: ignore[attr-defined]
    again = call("reproduce", *ASK, "--runner", "docker", "--json")
    assert again.code == 22
    assert first_json(again)["failures"] == said["failures"]


@pytest.mark.parametrize("option", ["--memory", "--shm-size"])
@pytest.mark.parametrize("text", ["lots", "", "0", "-1g", "12parsecs"])
def test_what_is_no_size_is_refused_with_an_example(home: Path, option: str, text: str) -> None:
    ended = call("reproduce", *ASK, f"{option}={text}")
    assert ended.code == 11
    assert ended.sentence.startswith(f"{option}: found {text!r}, expected a size, as in '24g'")
    assert not home.exists()


def test_limits_without_containers_are_refused(home: Path) -> None:
    ended = call("reproduce", *ASK, "--runner", "local", "--memory", "4g")
    assert ended.code == 11
    assert "--memory and --shm-size are for the docker runner" in ended.err
