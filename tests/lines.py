"""What a test run says of itself: a line now and then in a pipe, and at the end what is next."""

import threading
import time

import pytest

LINE_SECONDS = 30.0
NEXT = {
    True: "What next: `make smoke` runs the main job, `make test-all` the slower tests as well, "
    "`make help` lists the rest.",
    False: "What next: `.venv/bin/python -m pytest -n 0 TEST` runs one of the failed again; "
    "`.venv/bin/tina-bench doctor` says what this machine lacks.",
}


class Lines:
    """Counts the tests that have ended, and says so."""

    def __init__(self) -> None:
        self._ended = 0
        self._started = time.monotonic()
        self._over = threading.Event()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ended += report.when == "call"

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None and not reporter.isatty:
            threading.Thread(target=self._speak, args=(reporter,), daemon=True).start()

    def _speak(self, reporter: pytest.TerminalReporter) -> None:
        while not self._over.wait(LINE_SECONDS):
            elapsed = time.monotonic() - self._started
            reporter.ensure_newline()
            reporter.write_line(f"{self._ended} tests have ended after {elapsed:.0f} s")

    def pytest_sessionfinish(self) -> None:
        self._over.set()

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        terminalreporter.write_line(NEXT[exitstatus == 0])
