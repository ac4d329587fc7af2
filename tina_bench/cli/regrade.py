"""`tina-bench regrade`: the same answers under several graders, and every one they differ on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.common import (
    CatalogOption,
    ChosenProfileOption,
    HomeOption,
    JsonOption,
    ModelsOption,
    TasksOption,
    console,
    open_home,
    print_json,
    table,
)

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.grader_audit import CellAudit, Flip, GraderAudit, GraderScore
    from tina_bench.store.home import Home
    from tina_bench.store.records import ResultRecord

MOST_FLIPS = 50
"""Flips that are printed; --json and --flips have all."""
QUESTION_CHARACTERS = 600


def regrade(
    model: ModelsOption = None,
    task: TasksOption = None,
    grader: Annotated[
        list[str] | None,
        typer.Option(
            "--grader",
            "-g",
            metavar="NAME",
            help="Only this grader: task (the task's own metric, run again), math-verify, "
            "boxed-exact or letter; may be given several times.",
        ),
    ] = None,
    grader_python: Annotated[
        list[Path] | None,
        typer.Option(
            "--grader-python",
            metavar="PATH",
            help="A Python of another environment, with other versions of the graders' packages "
            "(and pydantic and pebble): it grades everything too. May be given several times.",
        ),
    ] = None,
    profile: ChosenProfileOption = None,
    home: HomeOption = None,
    catalog: CatalogOption = None,
    flips: Annotated[
        Path | None,
        typer.Option(
            "--flips",
            metavar="FILE",
            help="Write every answer that graders differ on, whole, into this file: JSON Lines.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    r"""Grade stored answers again with several graders, and show every answer they differ on.

    Nothing is generated, and no record or grade that a record counts is changed: new grades go into
    logs of their own, so asking again costs nothing. Graders:

    - task: the task's own metric again. A difference is chance (a time limit inside the metric) or
      another version of its packages; there should be none.
    - math-verify: Math-Verify by itself, a \boxed answer first.
    - boxed-exact: the last \boxed answer as text, normalised as by the MATH benchmark; no algebra.
    - letter: for multiple choice, the letter after the last "Answer:".

    A process can load one version of a package. For another version give the Python of another
    environment, or import others' results with their details: their grades of the very same answers
    are compared as well.

    "Lowest" is the score if every answer that graders differ on is wrong, "highest" if each is
    right: what the choice of grader can move the score by, at most. Kappa is Cohen's. p tells
    whether two graders differ more often one way than the other (McNemar's exact test; with several
    runs the sign-flip test over problems). An answer that hangs or breaks a grader is undecided:
    told apart from wrong, and counted as not correct.

    Exit codes: 0 graded, whatever was found; 11 no such model, task, grader or Python; 14-15
    samples or grades are not those of the record; 20 a grading process failed; 22 nothing here can
    be graded again; 23 another process grades the same; 24 a grader's package is not installed.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.running.regrade import regrade_home

    store = open_home(home)
    records = _chosen(store, profile, model, task)
    with _bar() as progress:
        found = regrade_home(
            store, load_catalog(catalog or []), records, grader, progress,
            pythons=[_interpreter(path) for path in grader_python or ()],
        )  # fmt: skip
    if flips is not None:
        _write_flips(flips, store, records, found)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out = console()
    _print_scores(found, out)
    _print_pairs(found, out)
    _print_flips(found, out, flips)
    for cell in found.left_out:
        out.print(f"Left out: {cell.model} on {cell.task}: {cell.reason}.", markup=False)


def _chosen(
    store: "Home", profile: str | None, models: list[str] | None, tasks: list[str] | None
) -> "list[ResultRecord]":
    """The records that were asked for."""
    from tina_bench.errors import BlockedError, UsageError

    records = store.measurements(profile)
    if not records:
        raise BlockedError(
            f"{store.root}: holds no results to grade again; run `tina-bench reproduce` first, or "
            "name another home with --home."
        )
    for option, wanted, there in (
        ("--model", models, {record.model for record in records}),
        ("--task", tasks, {record.task for record in records}),
    ):
        for name in wanted or ():
            if name not in there:
                raise UsageError(
                    f"{option} {name}: there is no result of it in {store.root}; there are "
                    f"{', '.join(sorted(there))}."
                )
    return [
        record
        for record in records
        if (models is None or record.model in models) and (tasks is None or record.task in tasks)
    ]


def _interpreter(path: Path) -> Path:
    """The interpreter as given; a link to it is what makes an environment's Python its own."""
    from tina_bench.errors import UsageError

    if not path.is_file():
        raise UsageError(f"--grader-python {path}: found no file, expected a Python to run.")
    return path.absolute()


@contextmanager
def _bar() -> "Iterator[Callable[[int, int], None]]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=screen, transient=True, disable=not screen.is_terminal,
    ) as bar:  # fmt: skip
        line = bar.add_task("grading again", total=None)
        yield lambda done, total: bar.update(line, completed=done, total=total)


def _write_flips(
    path: Path, store: "Home", records: "list[ResultRecord]", found: "GraderAudit"
) -> None:
    """One JSON object a flip, with the whole answer; replaced whole or not at all."""
    import json

    from tina_bench.files.atomic import write_text
    from tina_bench.running.regrade import flip_texts

    lines = [
        json.dumps({"model": cell.model, "task": cell.task, **flip.model_dump(mode="json"),
                    "answer": text})
        for cell, flip, text in flip_texts(store, records, found)
    ]  # fmt: skip
    write_text(path.absolute(), "".join(f"{line}\n" for line in lines))


def _shift(score: "GraderScore") -> str:
    if score.shift_points is None:
        return ""
    return f"{score.shift_points:+.2f}" + (" !" if score.exceeds_margin else "")


def _print_scores(found: "GraderAudit", out: "Console") -> None:
    from tina_bench.catalog.graders import RECORDED

    rows = table(
        "model", "task", "grader", "score", "shift", "undecided", "nothing read", "of",
        "lowest – highest", title="Score by grader",
        right=("score", "shift", "undecided", "nothing read", "of"),
    )  # fmt: skip
    moved = False
    for cell in found.cells:
        for score in cell.scores:
            first = score.grader == RECORDED
            span = f"{cell.lowest_percent:.2f} – {cell.highest_percent:.2f} %"
            moved |= bool(score.exceeds_margin)
            rows.add_row(
                cell.model if first else "", cell.task if first else "", score.grader,
                "" if score.percent is None else f"{score.percent:.2f} %", _shift(score),
                str(score.undecided), str(score.unread), str(score.answers), span if first else "",
            )  # fmt: skip
    out.print(rows)
    out.print(
        "Shift: points from the recorded score. Lowest – highest: every answer that graders differ "
        "on, or none decided, counted as wrong, and as right.",
        markup=False,
    )
    if moved:
        out.print(
            "! at least the task's equivalence margin: a verdict may hang on the grader.",
            markup=False,
        )


def _print_pairs(found: "GraderAudit", out: "Console") -> None:
    """The pairs that differ; the others in a sentence."""
    rows = table(
        "model", "task", "graders", "agree", "kappa", "right by first only", "by second only",
        "else", "p", title="Graders that differ",
        right=("agree", "kappa", "right by first only", "by second only", "else", "p"),
    )  # fmt: skip
    same = 0
    for cell in found.cells:
        for pair in cell.pairs:
            if pair.agreement_percent == 100:
                same += 1
                continue
            rows.add_row(
                cell.model, cell.task, f"{pair.first} / {pair.second}",
                f"{pair.agreement_percent:.2f} %",
                "" if pair.kappa is None else f"{pair.kappa:.3f}", str(pair.right_by_first_only),
                str(pair.right_by_second_only), str(pair.other_differences), f"{pair.p_value:.4f}",
            )  # fmt: skip
    if rows.row_count:
        out.print(rows)
    out.print(f"{same} pairs of graders say the same of every answer.", markup=False)


def _print_flips(found: "GraderAudit", out: "Console", file: Path | None) -> None:
    flips = [(cell, flip) for cell in found.cells for flip in cell.flips]
    for cell, flip in flips[:MOST_FLIPS]:
        _print_flip(cell, flip, out)
    if len(flips) > MOST_FLIPS:
        where = str(file) if file else "--flips FILE"
        out.print(f"{len(flips) - MOST_FLIPS} more flips: see --json or {where}.", markup=False)


def _print_flip(cell: "CellAudit", flip: "Flip", out: "Console") -> None:
    from tina_bench.formatting.escape import visible

    def say(text: str) -> None:
        out.print(visible(text), markup=False, emoji=False)

    say(f"── {cell.model} on {cell.task}, row {flip.index}, seed {flip.seed}")
    question = (flip.question or "").strip()
    cut = " …" if len(question) > QUESTION_CHARACTERS else ""
    say(f"problem: {question[:QUESTION_CHARACTERS]}{cut}")
    say(f"right answer: {flip.gold}")
    for name, ruling in flip.rulings.items():
        read = flip.read.get(name)
        say(f"  {name}: {ruling}, " + ("read nothing" if read is None else f"read {read}"))
    end = flip.answer_end or ""
    before = (flip.answer_characters or 0) - len(end)
    say(f"answer{f', after {before} characters' if before else ''}: {end}")
    say("")
