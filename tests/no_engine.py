"""`-p tests.no_engine`: a test that imports an engine fails, here and in every process it starts.

The fast tier stays fast because nothing in it waits ten seconds for torch. An import is refused
with an `ImportError`; a test whose code swallows that fails all the same, by the list of what was
asked for.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.no_engine_site import sitecustomize

CHILDREN = Path(sitecustomize.__file__).parent


def pytest_configure() -> None:
    # Its import has switched engines off here; Python loads it in every process started from here.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(CHILDREN), *([before] if before else [])])


@pytest.fixture(autouse=True)
def _imports_no_engine() -> Iterator[None]:
    before = len(sitecustomize.asked_for)
    yield
    assert sitecustomize.asked_for[before:] == [], "a test of the fast tier imports an engine"
