"""What holds for every test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import tiers
from tests.lines import Lines

TERMINAL = ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PY_COLORS", "TERMINAL_WIDTH",
            "TTY_COMPATIBLE", "TTY_INTERACTIVE")  # fmt: skip
"""What rich and typer take for a terminal, and for its size."""
GITHUB = ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY")
"""What makes the program write to the page of a workflow."""

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile(
    "any-machine", parent=hypothesis.settings.default, deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def _empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Without a home of its own a test has an empty one, never `runs` in the current folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINA_BENCH_HOME", str(tmp_path_factory.mktemp("empty") / "home"))
        yield


@pytest.fixture(scope="session")
def open_rs_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of LightEval's result files with published numbers; nothing may change it."""
    from tests.importing.made_logs import write_logs

    return write_logs(tmp_path_factory.mktemp("open-rs") / "logs")


def pytest_configure(config: pytest.Config) -> None:
    """One kind of surroundings for all tests, before anything is imported that looks at them."""
    for name in (*TERMINAL, *GITHUB):
        os.environ.pop(name, None)
    os.environ["COLUMNS"] = "120"
    # Started in the background, tests ignore Ctrl-C, and so would every program they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(Lines())
    for line in tiers.MARKERS:
        config.addinivalue_line("markers", line)


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tiers; long files first, so that no processor waits for the other's at the end."""
    for item in items:
        tiers.mark(item)
    items[:] = tiers.ordered(items)
