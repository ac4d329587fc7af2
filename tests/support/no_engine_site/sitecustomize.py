"""Engines cannot be imported in a Python that loads this: here, and by every one started from here.

Standard library only: it is loaded before anything else.
"""

import sys

ENGINES = ("torch", "vllm", "trl", "lighteval")
asked_for: list[str] = []


class Refuse:
    """A finder that comes before all others, and refuses engines."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in ENGINES:
            asked_for.append(name)
            raise ImportError(
                f"{name}: a test of the fast tier imports an engine, or starts a program that "
                "does; mark the test `engine`."
            )


sys.meta_path.insert(0, Refuse())  # type: ignore[arg-type]
