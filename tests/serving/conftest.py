"""Chromium, as the browser tests have it."""

from tests.browser.conftest import chromium, playwright

__all__ = ["chromium", "playwright"]
