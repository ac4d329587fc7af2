"""A real Chromium, for the files that import this fixture into their conftest.

Without Chromium the tests are skipped and say why, unless TINA_BENCH_ENGINE_TESTS=required, which
makes that a failure. CHROMIUM names another one than those on the PATH.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 120_000
"""Milliseconds that a page may take for anything; only one that hangs takes as long."""
expect.set_options(timeout=PATIENCE)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A context of its own, patient on a slow or busy machine."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context


def _missing(reason: str) -> None:
    if os.environ.get("TINA_BENCH_ENGINE_TESTS") == "required":
        pytest.fail(f"TINA_BENCH_ENGINE_TESTS=required, and {reason}")
    pytest.skip(reason)


# For a file of tests and not for the session: a process can have one Playwright at a time, and
# while it has one, no other event loop.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None or not Path(found).exists():
        _missing(
            f"there is no Chromium: found {named or 'none of ' + ', '.join(NAMES)}; install the "
            "package `chromium`, or let CHROMIUM name the program."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()
