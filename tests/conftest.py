"""What holds for every test."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Without a home of its own a test has an empty one, never the `runs` of whoever starts it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINA_BENCH_HOME", str(tmp_path_factory.mktemp("nobody") / "home"))
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # nor does it write to its page
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def open_rs_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of LightEval's result files with published numbers; nothing may change it."""
    from tests.importing.made_logs import write_logs

    return write_logs(tmp_path_factory.mktemp("open-rs") / "logs")


def pytest_configure() -> None:
    """Started in the background, tests ignore Ctrl-C, and so would every program they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no processor waits for the other's at the end."""
    items.sort(key=lambda item: ("/e2e/" not in f"{item.path}", "engine" not in item.keywords))
