"""One page per task, and pages of its problems: how hard each is, and every model's answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup, escape

from tina_bench.board import plots
from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.outcome_grid import OutcomeGrid
from tina_bench.board.content.problem_texts import Shown
from tina_bench.board.output.elements import Page, Plot, Row, Table
from tina_bench.catalog.withheld import withheld
from tina_bench.files.hashing import digest
from tina_bench.formatting.escape import visible
from tina_bench.formatting.numbers import fixed
from tina_bench.stats.comparisons.ranks import RankBand
from tina_bench.stats.types import TaskEstimate

PROBLEMS_A_PAGE = 100
STEPS = 9
"""The deepest colour of a cell: every run solved it. 0: none did; those between share the rest."""
_COLUMNS = ("problem", "index", "solved_percent", "models", "solved_runs", "all_runs")


@dataclass(frozen=True, slots=True)
class Score:
    """A model's row."""

    estimate: TaskEstimate
    """Its score."""
    seeds: tuple[int, ...]
    """Its runs."""
    band: RankBand | None
    """Ranks that it may have; `None` where it was compared with no other."""


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """One problem, over all models that were asked."""

    id: str
    """Problem id."""
    index: int
    """Row in the dataset."""
    percent: float
    """Mean over models of the share of runs that solved it, percent."""
    places: tuple[tuple[OutcomeGrid, int] | None, ...]
    """By model: its sheet, and where the problem stands in it; `None` where it was not asked."""

    @property
    def solved(self) -> tuple[tuple[str, int, int], ...]:
        """Model, runs that solved it, and runs, of those that were asked."""
        return tuple(
            (sheet.model, sheet.solved[position], sheet.k)
            for sheet, position in filter(None, self.places)
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """A problem on its page."""

    problem: ShownProblem
    """Who solved it."""
    shown: Shown | None
    """Its text; `None` where it is withheld or not at hand."""
    answers: Markup
    """A link to an answer of each model."""


def problem_path(task: str, place: int, index: int) -> str:
    """Where a problem is shown, `place` being its place among the task's problems by index."""
    return f"problems/{task}/page-{place // PROBLEMS_A_PAGE + 1}.html#problem-{index}"


def step(solved: int, runs: int) -> int:
    """The step of the colour scale, 0 to `STEPS`, both ends for none and all alone."""
    if solved in (0, runs):
        return STEPS if solved else 0
    return min(STEPS - 1, 1 + (STEPS - 1) * solved // runs)


def _sheets(evidence: SiteContext, task: str) -> list[OutcomeGrid]:
    """The task's sheets, the best model first."""
    found = [s for (_, name), s in evidence.sheets.items() if name == task]
    scores = {s.model: evidence.estimates[s.model, task].avg_percent for s in found}
    return sorted(found, key=lambda s: (-scores[s.model], s.model))


def _problems(found: list[OutcomeGrid]) -> list[ShownProblem]:
    """Every problem that some model was asked, by row of the dataset."""
    rows = {
        problem: index
        for sheet in reversed(found)
        for problem, index in zip(sheet.problems, sheet.indices, strict=True)
    }
    made = []
    for problem, index in sorted(rows.items(), key=lambda row: (row[1], row[0])):
        places = tuple(
            None if (position := sheet.position.get(problem)) is None else (sheet, position)
            for sheet in found
        )
        shares = [sheet.solved[position] / sheet.k for sheet, position in filter(None, places)]
        made.append(ShownProblem(problem, index, 100 * sum(shares) / len(shares), places))
    return made


def _heat(task: str, found: list[OutcomeGrid], problems: list[ShownProblem], root: str) -> Markup:
    """The rows of the heat map, the hardest problem first: as lean as a table can be."""
    place = {problem.id: number for number, problem in enumerate(problems)}
    cells = {
        sheet.model: [f'<td class="h{step(s, sheet.k)}">{s}</td>' for s in range(sheet.k + 1)]
        for sheet in found
    }
    lines = []
    for problem in sorted(problems, key=lambda problem: (problem.percent, problem.index)):
        href = escape(root + problem_path(task, place[problem.id], problem.index))
        row = "".join(
            "<td>–</td>" if at is None else cells[at[0].model][at[0].solved[at[1]]]
            for at in problem.places
        )
        lines.append(
            f'<tr><th scope="row"><a href="{href}">{problem.index}</a></th>{row}'
            f"<td>{fixed(problem.percent, 0)}</td></tr>\n"
        )
    return Markup("".join(lines))  # noqa: S704 - numbers, and a path that was escaped


def _answers(titles: dict[str, Markup], problem: ShownProblem, root: str) -> Markup:
    """A link a model: to an answer that is right where it has one."""
    items = [
        f'<li class="h{step(sheet.solved[at], sheet.k)}"><a href="{root}{sheet.right(at)}">'
        f"{titles[sheet.model]}</a> {sheet.solved[at]}/{sheet.k}</li>"
        for sheet, at in filter(None, problem.places)
    ]
    return Markup("".join(items))  # noqa: S704 - numbers, and what was escaped


def _rows(problems: list[ShownProblem]) -> Iterator[Row]:
    for problem in problems:
        solved = problem.solved
        yield {
            "problem": problem.id,
            "index": problem.index,
            "solved_percent": problem.percent,
            "models": tuple(model for model, _, _ in solved),
            "solved_runs": tuple(runs for _, runs, _ in solved),
            "all_runs": tuple(runs for _, _, runs in solved),
        }


def _drawn(evidence: SiteContext, task: str) -> tuple[Plot, ...]:
    made = (plots.seeds(evidence, task), plots.lengths(evidence, task),
            plots.truncation(evidence, task))  # fmt: skip
    return tuple(plot for plot in made if plot)


def _task_page(
    evidence: SiteContext, task: str, found: list[OutcomeGrid], problems: list[ShownProblem]
) -> Page:
    path = f"tasks/{task}.html"
    ranks = evidence.ranks.get(task)
    bands = {band.model: band for band in ranks.bands} if ranks else {}
    drawn = _drawn(evidence, task) if found else ()
    table = Table.of(
        f"problems/{task}",
        "One row a problem: share of runs that solved it, over all models and by model.",
        _rows(problems),
        _COLUMNS,
        kind="problems",
    )
    return Page(
        path,
        "task.html",
        {
            "task": task,
            "entry": evidence.catalog.tasks.get(task),
            "withheld": withheld(evidence.catalog.tasks.get(task)),
            "has_texts": bool(evidence.problems[task]),
            "scores": [
                Score(evidence.estimates[s.model, task], s.seeds, bands.get(s.model)) for s in found
            ],
            "ranks": ranks,
            "problems": problems,
            "steps": tuple(sum(p.percent >= edge and (p.percent < edge + 20 or edge == 80)
                               for p in problems) for edge in range(0, 100, 20)),
            "heat": _heat(task, found, problems, "../"),
            "table": table.name if problems else None,
            "judgements": sorted(
                (j for j in evidence.report.judgements if j.task == task),
                key=lambda j: evidence.all_models.index(j.model),
            ),
            "plots": drawn,
        },
        plots=drawn,
        tables=(table,) if problems else (),
    )  # fmt: skip


def _problem_pages(
    evidence: SiteContext, task: str, found: list[OutcomeGrid], problems: list[ShownProblem]
) -> Iterator[Page]:
    starts = range(0, len(problems), PROBLEMS_A_PAGE)
    parts = [problems[start : start + PROBLEMS_A_PAGE] for start in starts]
    hidden = withheld(evidence.catalog.tasks.get(task))
    texts = [text.model_dump(mode="json") for text in evidence.problems[task].values()]
    titles = {sheet.model: evidence.model_title(sheet.model) for sheet in found}
    depends_on = digest(
        [
            evidence.task_title(task), titles, hidden, texts,
            [evidence.record_sha256[sheet.model, task] for sheet in found],
        ]
    )  # fmt: skip

    def context(number: int) -> dict[str, Any]:
        shown = evidence.problems.shown(task)
        safe = {model: escape(visible(title)) for model, title in titles.items()}
        return {
            "task": task,
            "asked": [
                Asked(problem, shown.get(problem.id), _answers(safe, problem, "../../"))
                for problem in parts[number - 1]
            ],
            "withheld": hidden,
            "number": number,
            "spans": [f"{part[0].index}–{part[-1].index}" for part in parts],
        }

    for number in range(1, len(parts) + 1):
        yield Page(
            f"problems/{task}/page-{number}.html",
            "page-problems.html",
            partial(context, number),
            depends_on=depends_on,
        )


def pages(evidence: SiteContext) -> Iterator[Page]:
    """One per task that was measured or has a published score, and its problems."""
    for task in evidence.all_tasks:
        found = _sheets(evidence, task)
        problems = _problems(found)
        yield _task_page(evidence, task, found, problems)
        yield from _problem_pages(evidence, task, found, problems)
