"""Search over models and problems: a page of links, and a script file with what can be found.

The script file assigns plain JSON to one name, since a page that was opened from a disk may load
scripts but fetch nothing. It is loaded by the page of search alone.
"""

from collections.abc import Iterator
from typing import Any

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.model_rows import embedded_task
from tina_bench.board.output.elements import Page
from tina_bench.board.pages.tasks import problem_path
from tina_bench.formatting.escape import visible
from tina_bench.formatting.numbers import plural

DATA = "data/search.js"
"""Where it lies, from the site's root."""
MOST_CHARACTERS = 300
"""Of a problem's text that can be searched and are shown."""


def _models(evidence: SiteContext) -> list[dict[str, str]]:
    measured = {model for model, _ in evidence.records}
    found = []
    for name in evidence.all_models:
        entry = evidence.model(name)
        about = list(dict.fromkeys([entry.family, entry.kind.value])) if entry else []
        about.append("measured here" if name in measured else "not measured by us")
        found.append(
            {
                "name": name,
                "title": evidence.model_title(name),
                "about": ", ".join(about),
                "href": f"models/{name}.html",
            }
        )
    return found


def _tasks(evidence: SiteContext) -> list[dict[str, str]]:
    found = []
    for name in evidence.all_tasks:
        entry = evidence.catalog.tasks.get(name)
        if embedded_task(evidence, name) and name not in evidence.tasks:
            continue
        about = [plural(entry.n_problems, "problem")] if entry else []
        about.append("measured here" if name in evidence.tasks else "not measured by us")
        found.append(
            {
                "name": name,
                "title": evidence.task_title(name),
                "about": ", ".join(about),
                "href": f"tasks/{name}.html",
            }
        )
    return found


def _problems(evidence: SiteContext) -> dict[str, list[tuple[str, int, str, str]]]:
    """By task: where it is shown, row of the dataset, id and text of every problem asked.

    The text is empty where the home has none or it may not be published; a long one is cut.
    """
    found: dict[str, list[tuple[str, int, str, str]]] = {}
    for task in evidence.tasks:
        sheets = sorted(
            (sheet for (_, its), sheet in evidence.sheets.items() if its == task),
            key=lambda sheet: (-evidence.estimates[sheet.model, task].avg_percent, sheet.model),
        )
        # As the pages of problems have it: where two models differ in the row, the better's.
        rows = {
            name: index
            for sheet in reversed(sheets)
            for name, index in zip(sheet.problems, sheet.indices, strict=True)
        }
        texts = evidence.problems[task]
        ordered = sorted(rows.items(), key=lambda row: (row[1], row[0]))
        found[task] = [
            (
                problem_path(task, place, index),
                index,
                name,
                texts[name].text[:MOST_CHARACTERS] if name in texts else "",
            )
            for place, (name, index) in enumerate(ordered)
        ]
    return found


def _clean(value: Any) -> Any:
    """With hidden characters spelled out, as on every page."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key): _clean(held) for key, held in value.items()}
    return [_clean(held) for held in value] if isinstance(value, list | tuple) else value


def pages(evidence: SiteContext) -> Iterator[Page]:
    """The page, and its data."""
    models, tasks = _models(evidence), _tasks(evidence)
    yield Page("search.html", "search.html", {"models": models, "tasks": tasks, "data": DATA})
    found = {"models": models, "tasks": tasks, "problems": _problems(evidence)}
    yield Page(DATA, "search-data.js", {"found": _clean(found)})
