"""Which tests run when: three tiers, one place that says so.

`make test-fast`  neither an engine, nor containers, nor a browser, nor what is slow without
`make test`       adds engines and a browser: the whole program, once
`make test-all`   adds containers and whatever takes too long for every run

A test is told by what it asks for: the fixtures of a container engine or of a browser mark it by
themselves, `engine` is written where torch, vLLM, TRL or LightEval are imported (this process or
one that it starts; `tests.no_engine` fails a test of the fast tier that does), `slow` where whole
sites are built and programs started again and again, and `nightly` here by folder, there by test.
"""

from pathlib import Path

import pytest

CONTAINER_FIXTURES = {"engine", "tiny_image", "cpu_image", "harness_image"}
BROWSER_FIXTURES = {"chromium"}
NIGHTLY_FOLDERS = ("validation", "hostile")
TESTS = Path(__file__).parent
MARKERS = (
    "engine: imports a real engine (torch, vLLM, TRL, LightEval) here or in a process it starts",
    "container: starts a container engine",
    "browser: starts Chromium",
    "slow: neither engine nor browser, and yet too long for `make test-fast`",
    "nightly: only in `make test-all`, as it takes minutes",
)


def mark(item: pytest.Item) -> None:
    """Add the markers that follow from what a test asks for and from where it stands."""
    if not item.path.is_relative_to(TESTS):
        return  # a benchmark
    fixtures = set(getattr(item, "fixturenames", ()))
    if fixtures & CONTAINER_FIXTURES:
        item.add_marker(pytest.mark.container)
    if fixtures & BROWSER_FIXTURES:
        item.add_marker(pytest.mark.browser)
    if item.path.relative_to(TESTS).parts[0] in NIGHTLY_FOLDERS:
        item.add_marker(pytest.mark.nightly)


def ordered(items: list[pytest.Item]) -> list[pytest.Item]:
    """File by file: long ones first, and not two at once that wait for the smoke home.

    A file stays together, or what it makes once would be made again.
    """
    asked: dict[Path, set[str]] = {}
    for item in items:
        of_file = asked.setdefault(item.path, set())
        of_file |= {*getattr(item, "fixturenames", ()), *item.keywords}
    return sorted(items, key=lambda item: _turn(item.path, asked[item.path]))


def _turn(path: Path, asked: set[str]) -> int:
    if path.name == "test_smoke.py":
        return 0  # makes it
    if "smoke_home" in asked:
        return 3
    return 1 if path.parent.name == "e2e" else 2 if "engine" in asked else 4
