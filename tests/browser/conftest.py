"""One site in a real Chromium, and a fresh context a test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.browser_site import build_one, served
from tests.support.chromium import chromium, new_context

__all__ = ["chromium"]
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_one(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with served(site) as found:
        yield found


@pytest.fixture
def open_page(chromium: Browser, address: str) -> Iterator[Open]:
    """Opens a page of the site; fails if it complains or asks anybody else for anything."""
    contexts, complaints = [], []

    def open_(path: str = "index.html", *, at: str = address, **options: Any) -> Page:
        context = new_context(chromium, **options)
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
