"""Documents say what is there: links, names of verbs, of rooms, of modules and of layers."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.docs.markdown import anchors, code_blocks, documents, links, rows
from tests.support.program import ROOT
from tina_bench.cli.app import app

PACKAGE = ROOT / "tina_bench"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
DECISIONS = ROOT / "docs" / "decisions"
PROSE = [path for path in documents() if path.name != "CHANGELOG.md"]  # which names what was
SITE_ONLY = {"docs/reference/commands.md"}
"""Made by `make docs` from the command line itself."""
MODULE = re.compile(r"(?:`|^::: )tina_bench\.([\w.]*\w)", re.MULTILINE)
PLACE = re.compile(r"`((?:tina_bench|tests|docs|containers|leaderboard)/[\w/.*-]+)(?=`)")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(document: Path) -> None:
    for link in links(document):
        target, _, anchor = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        if path.is_dir():
            path /= "README.md"  # what GitHub shows under a folder, and the site as well
        assert path.is_file(), f"{link} leads to no file"
        if anchor:
            assert path.suffix == ".md", f"{link}: only documents have headings"
            assert anchor in anchors(path), f"{link} leads to no heading"


def test_what_documents_link_to_goes_along_to_their_site() -> None:
    makefile = (ROOT / "Makefile").read_text()
    listed = re.search(r"^DOCS_SOURCES := ((?:.*\\\n)*.*)$", makefile, re.MULTILINE)
    assert listed is not None
    words = listed[1].replace("\\\n", " ").replace("$(wildcard *.md)", "*.md").split()
    copied = [path for word in [*words, ".github/workflows"] for path in ROOT.glob(word)]
    assert len(copied) > len(words)
    for document in documents():
        for link in links(document):
            path = (document.parent / link.partition("#")[0]).resolve()
            path = path / "README.md" if path.is_dir() else path
            gone_along = any(path == one or one in path.parents for one in copied)
            assert gone_along, f"{name(document)} links to {link}, which DOCS_SOURCES leaves out"


def test_every_document_is_in_the_sites_navigation_and_nothing_else_is() -> None:
    def leaves(part: Any) -> list[str]:
        if isinstance(part, str):
            return [part]
        inner = part.values() if isinstance(part, dict) else part
        return [leaf for one in inner for leaf in leaves(one)]

    listed = leaves(tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"])
    assert sorted(listed) == sorted({*map(name, documents()), *SITE_ONLY})


def test_every_verb_is_named() -> None:
    text = "".join(path.read_text() for path in documents())
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert len(verbs) > 10
    missing = [verb for verb in verbs if not re.search(rf"(tina-bench |`){verb}\b", text)]
    assert missing == []


def test_every_verb_that_is_shown_exists() -> None:
    verbs = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for document in PROSE:
        for line in "".join(code_blocks(document)).splitlines():
            for shown in re.findall(r"(?:^|&& |/)tina-bench ([a-z][a-z-]*)", line):
                assert shown in verbs, f"{name(document)}: {line}"


def test_every_room_has_its_line_in_the_architecture_and_names_its_own_rooms() -> None:
    told = {cells[0].strip("`"): " ".join(cells[1:]) for cells in rows(ARCHITECTURE)}
    rooms = {path.parent.name: path.parent for path in PACKAGE.glob("*/__init__.py")}
    assert rooms.keys() <= told.keys()
    for room, folder in rooms.items():
        for inner in folder.glob("*/__init__.py"):
            part = f"`{inner.parent.name}`"
            assert part in told[room], f"{room} does not tell of {part}"


def test_the_layers_are_those_that_are_checked() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    [layers] = [one["layers"] for one in contracts if one["type"] == "layers"]
    drawn = re.sub(r"\n +\|", " |", re.sub(r"(?<=\w)   .*", "", code_blocks(ARCHITECTURE)[0]))
    checked = [layer.replace("tina_bench.", "") for layer in layers]
    assert [line.strip() for line in drawn.strip().splitlines()] == checked


@pytest.mark.parametrize("document", PROSE, ids=name)
def test_modules_and_files_of_the_package_that_are_named_exist(document: Path) -> None:
    text = document.read_text()
    for dotted in MODULE.findall(text):
        path = PACKAGE.joinpath(*dotted.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), f"no tina_bench.{dotted}"
    for place in PLACE.findall(text):
        assert any(ROOT.glob(place.rstrip("/"))), f"{place} does not exist"


def test_every_decision_is_in_the_list_with_its_own_title() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [path.name[:4] for path in pages] == [f"{n:04}" for n in range(1, len(pages) + 1)]
    listed = {cells[0]: cells[1] for cells in rows(DECISIONS / "README.md")}
    for path in pages:
        number, _, title = path.read_text().splitlines()[0].removeprefix("# ").partition(": ")
        assert listed[f"[{number}]({path.name})"] == title
    assert len(listed) == len(pages)
