"""Every plot: the same bytes wherever it is drawn, drawn once, light, and proof against titles."""

import gzip
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from plots_home import TASKS, catalog, evidence
from plots_svg import SVG, Drawing

from tina_bench.board import plots
from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.training_curves import Curve
from tina_bench.board.output.cache import Cache
from tina_bench.board.output.elements import Plot
from tina_bench.board.plots import frame, labels

pytestmark = pytest.mark.slow

HOSTILE = {
    "base": '<script>alert(1)</script> & "quotes" \' ]]> <!--',
    "near": "$x^2$ \\frac{1}{2} $unclosed _{",
    "far": "\u202egnp.exe\u202c \u200bzero\x00\x1b[31m \ud800 line\nbreak\ttab",
    "long": "W" * 300,
    "wide": "模型" * 40 + " שלום مرحبا 👩‍🚀",
}
FRONT_BYTES, PAGE_BYTES = 8_000, 12_000


def every(found: SiteContext, tasks: tuple[str, ...], models: tuple[str, ...]) -> list[Plot]:
    """All plots that a site shows of these tasks and models."""
    made = [
        plots.published_against_measured(found), plots.pareto(found), plots.gains(found),
        plots.audit_gains(found),
    ]  # fmt: skip
    for task in tasks:
        made += [
            plots.published_against_measured(found, task=task), plots.pareto(found, task=task),
            plots.seeds(found, task), plots.lengths(found, task), plots.truncation(found, task),
        ]  # fmt: skip
    for model in models:
        made += [
            plots.published_against_measured(found, model=model), plots.forest(found, model),
            plots.audit_gains(found, model=model),
        ]  # fmt: skip
        steps = tuple({"step": n, "reward": 1 / n, "kl": n / 7} for n in range(1, 400))
        made.append(plots.training(Curve(model, "train-x", True, steps), 1, found.cache))
    return [plot for plot in made if plot is not None]


def hostile(root: Path, cache: Cache | None = None) -> SiteContext:
    known = catalog(HOSTILE, ("aime24", "amc23"), 30)
    return evidence(root, known, ("base", "near", "far", "wide"), ("aime24", "amc23"), cache=cache)


def all_of(found: SiteContext) -> list[Plot]:
    return every(found, ("aime24", "amc23"), tuple(HOSTILE))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> list[Plot]:
    return all_of(hostile(tmp_path_factory.mktemp("home")))


def fingerprint(found: list[Plot]) -> str:
    parts = [part for plot in found for part in (plot.name, plot.svg, plot.caption)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def test_names_of_plots_and_their_data_are_told_apart(drawn: list[Plot]) -> None:
    assert len(drawn) == 3 + 2 * 5 + 3 * 5
    assert len({plot.name for plot in drawn}) == len(drawn)
    kinds: dict[str, tuple[str, ...]] = {}
    for plot in drawn:
        if plot.table is None:
            assert plot.data == "data/training.csv"
            continue
        assert plot.table.name == f"plots/{plot.name}"
        assert plot.table.rows
        assert all(tuple(row) == plot.table.columns for row in plot.table.rows)
        # Plots whose tables share a schema share their columns.
        assert kinds.setdefault(plot.table.kind, plot.table.columns) == plot.table.columns
        plot.table.csv()
        plot.table.json()


def test_no_title_becomes_markup_a_formula_or_a_hidden_character(drawn: list[Plot]) -> None:
    for plot in drawn:
        picture = Drawing.of(plot.svg)
        tags = {element.tag.removeprefix(SVG) for element in picture.root.iter()}
        assert tags <= {"svg", "g", "path", "text", "defs", "use"}
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", plot.svg)
        assert "<script" not in plot.svg
        assert not any(name.startswith("on") for e in picture.root.iter() for name in e.attrib)
    words = [word for plot in drawn for word in Drawing.of(plot.svg).words()]
    assert any(word.startswith("<script>alert(1)</script>") for word in words)
    assert any(word.startswith("$x^2$ \\frac{1}{2} $unclosed") for word in words)
    assert any(word.startswith("⟨U+202E⟩gnp.exe⟨U+202C⟩") for word in words)


def test_no_label_is_wider_than_its_column(drawn: list[Plot]) -> None:
    """By a width of letters that is rather too large."""
    for plot in drawn:
        root = Drawing.of(plot.svg).root
        width = float(root.get("viewBox", "").split()[2])
        for group in root.iter():
            for text in group.findall(f"{SVG}text"):
                size = float((text.get("font-size") or group.get("font-size") or "11px")[:-2])
                anchor = text.get("text-anchor") or group.get("text-anchor") or "start"
                length = size * labels.ems("".join(text.itertext()))
                x = float(text.get("x", ""))
                start = x - {"start": 0.0, "middle": length / 2, "end": length}[anchor]
                assert start > -6, (plot.name, text.text)
                assert start + length < width + 12, (plot.name, text.text)


def test_text_alternatives_are_short_and_say_where_the_rest_is(drawn: list[Plot]) -> None:
    for plot in drawn:
        root = Drawing.of(plot.svg).root
        label = root.get("aria-label", "")
        assert root.get("role") == "img"
        assert len(label.split()) > 8
        assert len(label) < 1000
        assert label.endswith("All values: data as CSV.")


def test_a_kept_drawing_is_given_back_without_drawing(
    tmp_path: Path, drawn: list[Plot], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path / "cache")
    first = all_of(hostile(tmp_path / "home", cache))
    assert fingerprint(first) == fingerprint(drawn)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(frame, "inline", refuse)
    again = all_of(hostile(tmp_path / "home", cache))
    assert fingerprint(again) == fingerprint(first)
    # What is kept is kept by the rows: another score is another drawing.
    other = catalog(HOSTILE, ("aime24", "amc23"), 31)
    changed = evidence(
        tmp_path / "home", other, ("base", "near", "far", "wide"), ("aime24", "amc23"), cache=cache
    )
    with pytest.raises(AssertionError, match="drawn again"):
        plots.published_against_measured(changed)


_ELSEWHERE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_plots_kept as t
from tina_bench.board.output.cache import Cache
cache = Cache(Path(sys.argv[3])) if sys.argv[3] else None
found = t.all_of(t.hostile(Path(sys.argv[2]), cache))
print(t.fingerprint(found), "matplotlib" in sys.modules)
"""


def _elsewhere(seed: str, home: Path, cache: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(Path(__file__).parent), str(home), cache],
        env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.nightly
def test_other_processes_draw_the_same_bytes_and_import_matplotlib_only_to_draw(
    tmp_path: Path, drawn: list[Plot]
) -> None:
    cache = str(tmp_path / "cache")
    assert _elsewhere("1", tmp_path / "a", cache) == [fingerprint(drawn), "True"]
    assert _elsewhere("2", tmp_path / "b", "") == [fingerprint(drawn), "True"]
    assert _elsewhere("3", tmp_path / "c", cache) == [fingerprint(drawn), "False"]


def test_the_largest_site_s_plots_stay_light(tmp_path: Path) -> None:
    titles = {f"model-{i}": f"Some-Model-1.5B-number-{i} (LoRA)" for i in range(32)}
    large = evidence(tmp_path, catalog(titles, TASKS, 500), list(titles), TASKS, k=10)
    sizes = {
        plot.name: len(gzip.compress(plot.svg.encode()))
        for plot in every(large, ("aime24", "olympiadbench"), ("model-0", "model-9"))
    }
    front = {"published-and-measured", "pareto", "gains"}
    assert front <= set(sizes)
    assert {n: s for n, s in sizes.items() if s > FRONT_BYTES and n in front} == {}
    assert {n: s for n, s in sizes.items() if s > PAGE_BYTES} == {}
