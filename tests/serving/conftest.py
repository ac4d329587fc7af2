"""Chromium, as the browser tests have it."""

from tests.support.chromium import chromium

__all__ = ["chromium"]
