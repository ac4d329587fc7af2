"""The program, in this process where that is enough, else as a process of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tina_bench.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How it ended and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line of an explained error; there may be nothing beside it."""
        (line,) = self.err.splitlines()
        assert line.startswith("error: ")
        assert line.endswith(".")
        return line.removeprefix("error: ")


def call(*arguments: object) -> Ended:
    """Call the console script's own `main`, in this process: the same code, sooner."""
    argv = ["tina-bench", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        mock.patch.object(sys, "argv", argv),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return Ended(code, out.getvalue(), err.getvalue())


def processor_seconds(*arguments: object) -> tuple[Ended, float]:
    """Start it as a user does, and count what it takes of the processors, not of the clock."""
    before = os.times()
    ended = run(*arguments)
    after = os.times()
    return ended, sum(after[2:4]) - sum(before[2:4])


def run(*arguments: object, python: tuple[str, ...] = (), **environment: str) -> Ended:
    """Start it as a user does."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "tina_bench", *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
