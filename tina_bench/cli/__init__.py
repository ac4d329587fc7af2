"""The command line: one file per verb; parse, call, print. No logic, no engine, quick to start."""

from tina_bench.cli.app import main

__all__ = ["main"]
