"""A real engine, and a tiny image with the real guard in it."""

from typing import Any

import pytest

from tests.support import tiny
from tests.support.engine import CACHE, Engine, engine, import_base
from tina_bench.containers.engine import LocalImage

__all__ = ["engine", "tiny_image"]


@pytest.fixture(scope="session")
def tiny_image(engine: Any) -> LocalImage:
    made: Engine = engine
    base = import_base(made, CACHE)
    image = tiny.build(made.client, base)
    made.client.images.get(image.id).tag("tiny", "kept")  # tests remove images that stand on it
    return image
