"""A real Chromium, one site, and a fresh context a test.

Without Chromium the tests are skipped and say why, unless TINA_BENCH_ENGINE_TESTS=required, which
makes that a failure. CHROMIUM names another one than those on the PATH.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.browser.browser_site import build_one, served

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
Open = Callable[..., Page]


def _missing(reason: str) -> None:
    if os.environ.get("TINA_BENCH_ENGINE_TESTS") == "required":
        pytest.fail(f"TINA_BENCH_ENGINE_TESTS=required, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_one(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with served(site) as found:
        yield found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None or not Path(found).exists():
        _missing(
            f"there is no Chromium: found {named or 'none of ' + ', '.join(NAMES)}; install the "
            "package `chromium`, or let CHROMIUM name the program."
        )
    browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[Open]:
    """Opens a page of the site; fails if it complains or asks anybody else for anything."""
    contexts, complaints = [], []

    def open_(path: str = "index.html", *, at: str = address, **options: Any) -> Page:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{path}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{path}: {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"{path}: dialog {dialog.message}"))

        def asked(request: Any) -> None:
            if not request.url.startswith(at):
                complaints.append(f"{path}: asked for {request.url}")

        page.on("request", asked)
        page.goto(at + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
