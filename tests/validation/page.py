"""Puts what `make validate` found into docs/statistics.md: `python tests/validation/page.py`.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; NAME is a file in docs/validation,
or the common beginning of several, whose rows then follow each other.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "statistics.md"
FOUND = ROOT / "docs" / "validation"
BLOCK = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
SHARES = ("coverage", "rate", "false_", "_false_", "power", "reproduced", "p_below", "share_")


def rows(name: str) -> pd.DataFrame:
    """All rows of a topic, in the order of its files."""
    alone = FOUND / f"{name}.json"
    files = [alone] if alone.is_file() else sorted(FOUND.glob(f"{name}-*.json"), key=_numbers)
    if not files:
        raise SystemExit(f"{FOUND}: no findings of {name!r}; run `make validate` first")
    return pd.DataFrame([row for file in files for row in json.loads(file.read_text())])


def _numbers(file: Path) -> list[tuple[int, str]]:
    """Sorts 4 before 10."""
    return [(int(part) if part.isdigit() else -1, part) for part in file.stem.split("-")]


def markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *body]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def plain(found: pd.DataFrame) -> str:
    """A row a row; shares in percent."""

    def cell(column: str, value: object) -> str:
        if value is None or pd.isna(value):
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float) and any(word in column for word in SHARES):
            return f"{100 * value:.1f} %"
        return f"{value:.3g}" if isinstance(value, float) else str(value)

    body = [
        [cell(column, value) for column, value in row.items()]
        for row in found.to_dict(orient="records")
    ]
    return markdown([column.replace("_", " ") for column in found.columns], body)


def coverage(question: str) -> str:
    """Populations and problems down, runs across; what is not claimed stands in brackets."""
    found = rows("intervals").query("question == @question")
    runs = sorted(found["k"].unique())
    body = []
    for (population, n), part in found.groupby(["population", "n"], sort=False):
        by_runs = part.set_index("k")
        cells = [
            ("{:.1f}" if by_runs.loc[k, "claimed"] else "({:.1f})").format(
                100 * by_runs.loc[k, "coverage"]
            )
            for k in runs
        ]
        body.append([str(population), str(n), *cells])
    return markdown(["problems", "n", *(f"k = {k}" for k in runs)], body)


def table(name: str) -> str:
    if name == "coverage-same":
        return coverage("same problems")
    if name == "coverage-similar":
        return coverage("similar")
    return plain(rows(name))


def rendered(page: str) -> str:
    return BLOCK.sub(lambda found: found[1] + table(found[2]) + found[3], page)


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text()))
    sys.stdout.write(f"wrote {PAGE}\n")
