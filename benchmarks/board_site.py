"""Build the site of a generated home as large as a site can become, and build it again.

    python benchmarks/board_site.py [--samples 1000000] [--mean-characters 16000] [--keep FOLDER]

Prints one JSON object: seconds and the greatest memory of the whole process tree for the first
build, for a second one with nothing new, and for one after one more run (a new seed of one model on
one task, with its answers, grades and ledger). Needs room for the logs (16 GB at the defaults) and
the site (1 GB).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from board_home import make_home, one_more_run

from tina_bench.store.home import Home

POLL_SECONDS = 1.0
"""Between two looks at the memory, each of which takes some of the time that is measured."""


def tree_bytes(process: psutil.Process) -> int:
    """Memory that the process and its children hold for themselves, added up."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().uss
        except psutil.Error:
            continue
    return total


def measured(home: Path, out: Path, cache: Path) -> dict[str, Any]:
    """One build as a user starts it."""
    command = [
        sys.executable, "-m", "tina_bench", "leaderboard", "build", "--json",
        "--home", str(home), "--out", str(out),
    ]  # fmt: skip
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        process = psutil.Popen(command, stdout=said, env=environment)
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, tree_bytes(process))
                process.wait(POLL_SECONDS)
            except psutil.NoSuchProcess:
                break
            except psutil.TimeoutExpired:
                continue
        if process.wait():
            raise SystemExit(f"{command} ended with {process.returncode}")
        seconds = time.monotonic() - begun
        said.seek(0)
        built = json.load(said)
    return {
        "seconds": round(seconds, 2),
        "peak_mib": round(peak / 2**20),
        **{name: built[name] for name in ("pages", "files", "bytes", "answers", "transcripts")},
        "answers_taken_over": built["taken_over"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--mean-characters", type=int, default=16_000)
    parser.add_argument("--keep", type=Path, help="Make the home here, or take the one that is.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        home, out, cache = folder / "home", folder / "site", Path(temporary) / "cache"
        if not home.exists():
            make_home(home, asked.samples, asked.mean_characters)
        logs = sum(path.stat().st_size for path in home.rglob("*.jsonl"))
        found = {"log_bytes": logs, "processors": os.cpu_count()}
        found["first"] = measured(home, out, cache)
        found["nothing new"] = measured(home, out, cache)
        one_more_run(Home(home), "tina-open-rs2", "aime24", asked.mean_characters)
        found["after one more run"] = measured(home, out, cache)
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
