"""The word for how large a recipe is trained; apart, so that `--help` loads no catalog for it."""

from enum import StrEnum


class Scale(StrEnum):
    """How large a recipe is trained; the rules are in `tina_bench.catalog.scale`."""

    TINY = "tiny"
