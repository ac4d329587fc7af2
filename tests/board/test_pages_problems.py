"""Problem texts: kept once, known by their hash, shown where they may be, and never otherwise."""

import json
import shutil
from pathlib import Path

import pytest
from board_catalog import ADAPTER, BASE, catalog
from board_pages import Page, pages

from tina_bench.board.content.problem_texts import Problems
from tina_bench.board.output.mathml import ELEMENTS
from tina_bench.board.site.build import SiteOptions, build_site
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.schema import Catalog
from tina_bench.catalog.withheld import GATED, WITHHELD_DATASETS, withheld
from tina_bench.errors import IntegrityError
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import problem_id
from tina_bench.store.home import Home, read_record
from tina_bench.store.problem_texts import ProblemText, keep_problems, read_problems
from tina_bench.store.records import ResultRecord

SECRET = "Which of these is the secret of"


def text_of(task: str, index: int) -> str:
    return (
        f"{SECRET} {task}, row {index}: $\\frac{{{index}}}{{7}}$?\n\n"
        "<script>alert(1)</script> $\\href{javascript:alert(1)}{x}$ \u202e"
    )


def problems_of(task: str, indices: list[int]) -> list[ProblemText]:
    return [
        ProblemText(
            problem=problem_id(text_of(task, index), 0),
            index=index,
            text=text_of(task, index),
            choices=("$x^2$", "<b>two</b>"),
            golds=(f"\\frac{{{index}}}{{9}}",),
        )
        for index in indices
    ]


def with_texts(home: Home, tasks: tuple[str, ...]) -> None:
    """Name the problems of a home's records by texts, and leave the texts in the home."""
    for model in (BASE, ADAPTER):
        for task in tasks:
            path = home.result_file("paper", model, task)
            record = read_record(path, ResultRecord)
            texts = problems_of(task, [problem.index for problem in record.problems])
            renamed = tuple(
                problem.model_copy(update={"problem": text.problem})
                for problem, text in zip(record.problems, texts, strict=True)
            )
            write_model(path, record.model_copy(update={"problems": renamed}))
            keep_problems(home, task, texts)


def changed(task: str, **changes: str) -> Catalog:
    known = catalog()
    changed = known.tasks[task].model_copy(update=changes)
    return known.model_copy(update={"tasks": {**known.tasks, task: changed}})


@pytest.fixture(scope="module")
def known_home(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy whose problems have texts."""
    root = tmp_path_factory.mktemp("texts") / "home"
    shutil.copytree(home.root, root)
    with_texts(Home(root), ("aime24", "amc23"))
    return Home(root)


@pytest.fixture(scope="module")
def built(known_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AMC is GPQA here, by its dataset."""
    out = tmp_path_factory.mktemp("built") / "site"
    known = changed("amc23", dataset="Idavidrein/gpqa")
    build_site(home=known_home, catalog=known, out=out, options=SiteOptions(with_samples=False))
    return out


def test_texts_are_kept_once_and_read_back_whole(tmp_path: Path) -> None:
    home = Home(tmp_path)
    texts = problems_of("aime24", [3, 1, 2])
    keep_problems(home, "aime24", texts)
    (path,) = home.problems.iterdir()
    before = path.stat().st_mtime_ns
    keep_problems(home, "aime24", reversed(texts))
    assert [p.stat().st_mtime_ns for p in home.problems.iterdir()] == [before]
    assert read_problems(home, "aime24") == {text.problem: text for text in texts}
    assert read_problems(home, "aime") == {}
    assert read_problems(home, "amc23") == {}


def test_the_same_text_twice_is_two_problems(tmp_path: Path) -> None:
    home = Home(tmp_path)
    twice = [
        ProblemText(
            problem=problem_id("What is 1 + 1?", repeat), index=repeat, text="What is 1 + 1?"
        )
        for repeat in (0, 1)
    ]
    keep_problems(home, "sums", twice)
    assert list(read_problems(home, "sums").values()) == twice


@pytest.mark.parametrize("field", ["text", "golds", "problem"])
def test_a_changed_text_or_gold_is_refused(tmp_path: Path, field: str) -> None:
    home = Home(tmp_path)
    keep_problems(home, "aime24", problems_of("aime24", [0]))
    (path,) = home.problems.iterdir()
    held = json.loads(path.read_text())
    held["problems"][0][field] = ["8"] if field == "golds" else "0" * 16
    path.write_text(json.dumps(held))
    with pytest.raises(IntegrityError, match=r"problems/aime24-.*delete the file"):
        read_problems(home, "aime24")


def test_a_text_under_a_foreign_id_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (text,) = problems_of("aime24", [0])
    keep_problems(home, "aime24", [text.model_copy(update={"problem": "0" * 16})])
    with pytest.raises(IntegrityError, match="row 0 an id that is not its text's hash"):
        read_problems(home, "aime24")


def test_the_catalogs_gpqa_is_withheld_and_so_is_every_gated_or_unknown_task() -> None:
    tasks = load_catalog().tasks
    why = withheld(tasks["gpqa"])
    assert why is not None
    assert "2311.12022" in why
    assert withheld(tasks["aime24"]) is None
    assert withheld(tasks["aime24"].model_copy(update={"access": "gated"})) == GATED
    assert withheld(None) is not None
    renamed = tasks["aime24"].model_copy(update={"dataset": "Idavidrein/gpqa"})
    assert withheld(renamed) == WITHHELD_DATASETS["Idavidrein/gpqa"]


def test_withheld_texts_are_not_even_read(known_home: Home) -> None:
    known = changed("amc23", access="gated")
    problems = Problems(known_home, known.tasks)
    assert (len(problems["aime24"]), len(problems["amc23"])) == (30, 0)
    assert list(problems) == ["aime24"]
    assert dict(problems.shown("amc23")) == {}


def test_no_file_of_the_site_holds_a_withheld_text(built: Path, known_home: Home) -> None:
    assert len(read_problems(known_home, "amc23")) == 40
    ours = theirs = 0
    for path in built.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            ours += f"{SECRET} aime24".encode() in data
            theirs += f"{SECRET} amc23".encode() in data
    assert theirs == 0
    assert ours > 0
    text = Page.of(built / "problems" / "amc23" / "page-1.html").text
    assert "authors of GPQA ask" in text
    assert "Problem 0" in text
    assert "authors of GPQA ask" in Page.of(built / "tasks" / "amc23.html").text


def test_shown_texts_are_formulas_and_escaped_text(built: Path) -> None:
    path = built / "problems" / "aime24" / "page-1.html"
    page, source = Page.of(path), path.read_text(encoding="utf-8")
    assert page.text.count(SECRET) == 30
    assert "<mfrac><mrow><mn>3</mn></mrow><mrow><mn>7</mn></mrow></mfrac>" in source
    assert "<mfrac><mrow><mn>3</mn></mrow><mrow><mn>9</mn></mrow></mfrac>" in source
    assert source.count("<code>$\\href{javascript:alert(1)}{x}$</code>") == 30
    assert "⟨U+202E⟩" in source
    assert "&lt;script&gt;" in source
    assert "<b>" not in source
    assert not {"script", "img", "b"} & page.tags
    assert {"math", "mfrac", "msup"} <= page.tags & ELEMENTS
    assert not [name for _, name, _ in page.attributes if name in ("style", "onclick")]


def test_a_home_without_texts_says_so(site: Path) -> None:
    text = Page.of(site / "problems" / "aime24" / "page-1.html").text
    assert "The texts are not at hand" in text
    assert "texts are not at hand" in Page.of(site / "tasks" / "aime24.html").text


def test_every_link_of_a_problem_leads_to_an_answer_of_it(built: Path) -> None:
    parsed = pages(built)
    checked = 0
    for task in ("aime24", "amc23", "math500"):
        page = parsed[f"problems/{task}/page-1.html"]
        for tag, name, value in page.attributes:
            if (tag, name) == ("a", "href") and "/runs/" in value:
                path, _, anchor = value.removeprefix("../../").partition("#")
                assert anchor in parsed[path].ids
                checked += 1
    assert checked == 2 * (30 + 40 + 20)
