"""Run pages: every answer of every run, with the texts that are shown, and the same as data.

All runs of the records that share a sample log are written in one go, because the log is read once
for them: that is a `RunsJob`, which any process can do.
"""

import functools
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tina_bench.board.output.folder import Folder, Written
from tina_bench.board.output.paths import PROBLEMS_A_PAGE, run_path, text_path
from tina_bench.board.output.templates import Renderer
from tina_bench.board.transcripts import Run, StoredAnswer, TranscriptLogs, runs_of, with_text
from tina_bench.formatting.escape import transcript
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord

if TYPE_CHECKING:
    import pyarrow as pa

PART_CHARACTERS = 60_000
"""A longer text has pages of its own, of so many characters each."""
END_CHARACTERS = 2_000
"""Of a long text, on the run's page: where the answer stands."""


@dataclass(frozen=True)
class RunsJob:
    """Everything that a process needs to write the runs of some records."""

    home: Path
    """Home with the logs."""
    templates: Path
    """Folder of templates."""
    records: tuple[ResultRecord, ...]
    """Of one model, with the same sample and grade log."""
    title: str
    """Of the model."""
    task_titles: Mapping[str, str]
    """By task."""
    questions: Mapping[str, Mapping[str, Markup]] = field(default_factory=dict)
    """By task and problem id, where they are at hand and may be shown."""
    withheld: Mapping[str, str] = field(default_factory=dict)
    """By task: why no text of it may be published. Answers repeat what they were asked."""
    with_samples: bool = True
    """Look into the logs at all."""
    texts_a_task: int = 30
    """Problems of a task whose answers are shown with their text; `ALL_TEXTS` for all."""
    compiled: Path | None = None
    """Folder for compiled templates."""
    logs_digests: Mapping[str, str] = field(default_factory=dict)
    """By task: what an earlier build read in the logs. Where it is the same, nothing is written."""


@dataclass(frozen=True, slots=True)
class RunsDone:
    """What was written."""

    files: dict[str, Written]
    """By path."""
    answers: int
    """Answers listed."""
    transcripts: int
    """Of these, with their text."""
    logs_digest: str
    """Names what the logs hold about the record."""


@dataclass(frozen=True, slots=True)
class _Row:
    """An answer as its page shows it."""

    answer: StoredAnswer
    outcome: Markup
    gold: Markup
    extracted: Markup
    others: str
    """How many other graders agree, in words; empty without any."""
    parts: tuple[str, ...] = ()
    """The text, in pieces of a page each; empty where it is not shown."""
    characters: int = 0
    end: str = ""
    question: Markup | None = None


@functools.lru_cache(maxsize=100_000)
def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(transcript(text))


def _others(answer: StoredAnswer) -> str:
    if not answer.others:
        return ""
    agree = sum(grade.correct == answer.correct for _, grade in answer.others)
    return f"{agree} of {len(answer.others)} other grades agree"


_CORRECT, _INCORRECT, _UNDECIDED = map(Markup, ("correct", "incorrect", "undecided"))
_CUT, _ENDED = Markup("cut"), Markup("ended")
_SMALL, _NO_TEXT = Markup("<small>{}</small>"), Markup("–")
_LINK = Markup('<a href="#text-{}">text</a>')
_NONE_FOUND, _UNKNOWN = Markup("none found"), Markup("unknown")


def _outcome(answer: StoredAnswer) -> Markup:
    if answer.undecided:
        return _UNDECIDED
    return _CORRECT if answer.correct else _INCORRECT


def _extracted(answer: StoredAnswer) -> Markup:
    if answer.grade is not None and answer.grade.extracted is not None:
        return _code(answer.grade.extracted)
    return _UNKNOWN if answer.answered else _NONE_FOUND


def _lines(rows: list[_Row]) -> Markup:
    """The lines of the table of answers.

    A site may have a million of them, and a template takes three times as long. Whatever is not a
    number is `Markup` when it comes here, hence escaped.
    """
    lines = []
    for row in rows:
        a, index = row.answer, row.answer.index
        others = _SMALL.format(row.others) if row.others else ""
        undecided = ""
        if a.undecided:
            undecided = _SMALL.format(a.grade.status if a.grade else "no decision")
        lines.append(
            f'<tr id="problem-{index:d}"><th scope="row"><a href="#problem-{index:d}">{index:d}</a>'
            f'</th><td class="{row.outcome}">{row.outcome}{others}</td>'
            f'<td class="said">{row.gold}</td><td class="said">{row.extracted}</td>'
            f"<td>{_CUT if a.truncated else _ENDED}{undecided}</td>"
            f'<td class="number">{a.tokens_out:,d}</td>'
            f"<td>{_LINK.format(index) if row.parts else _NO_TEXT}</td></tr>"
        )
    return Markup("\n".join(lines))  # noqa: S704 - made of numbers and markup


def _rows(
    job: RunsJob, run: Run, logs: TranscriptLogs | None, shown: frozenset[str]
) -> Iterator[_Row]:
    questions = job.questions.get(run.task, {})
    for answer in run.answers:
        gold = _code(answer.grade.gold) if answer.grade else _UNKNOWN
        plain = (answer, _outcome(answer), gold, _extracted(answer), _others(answer))
        if logs is None or answer.sample is None or answer.problem not in shown:
            yield _Row(*plain)
            continue
        text = logs.text(answer.sample)
        starts = range(0, max(len(text), 1), PART_CHARACTERS)
        parts = tuple(text[start : start + PART_CHARACTERS] for start in starts)
        question = questions.get(answer.problem)
        yield _Row(*plain, parts, len(text), text[-END_CHARACTERS:], question)


def _is_long(row: _Row) -> bool:
    return len(row.parts) > 1


class _Writer:
    """Writes the runs of one job."""

    def __init__(self, job: RunsJob, folder: Path, old: Path | None) -> None:
        self.job = job
        self.folder = Folder(folder, old)
        self.renderer = Renderer.of(job.templates, job.compiled)
        self.answers = self.transcripts = 0

    def page(self, template: str, path: str, **context: Any) -> None:
        shared = {"title": self.job.title, "run_path": run_path, "text_path": text_path}
        self.folder.write(path, self.renderer.page(template, path, {**shared, **context}))

    def run(self, record: ResultRecord, run: Run, rows: list[_Row]) -> None:
        """The pages of one run."""
        task_title = self.job.task_titles[run.task]
        starts = range(0, len(rows), PROBLEMS_A_PAGE)
        pages = [rows[start : start + PROBLEMS_A_PAGE] for start in starts]
        spans = [f"{page[0].answer.index}–{page[-1].answer.index}" for page in pages]
        n_texts = sum(bool(row.parts) for row in rows)
        for number, page in enumerate(pages, start=1):
            path = run_path(run.model, run.task, run.seed, number)
            self.page(
                "run.html", path, run=run, rows=page, lines=_lines(page), number=number,
                n_pages=len(pages),
                spans=spans, seeds=record.seeds, made=record.provenance, task_title=task_title,
                n_texts=n_texts, has_texts=any(row.parts for row in page),
                withheld=self.job.withheld.get(run.task),
            )  # fmt: skip
            for row in filter(_is_long, page):
                for part, text in enumerate(row.parts, start=1):
                    self.page(
                        "text.html", text_path(run, row.answer, part), run=run, answer=row.answer,
                        part=text, number=part, n_parts=len(row.parts), task_title=task_title,
                        back=f"{path}#text-{row.answer.index}",
                    )  # fmt: skip
        self.answers += len(rows)
        self.transcripts += n_texts

    def data(self, record: ResultRecord, made: list[tuple[Run, list[_Row]]]) -> None:
        """All runs of a record as Parquet, and without what models wrote as CSV."""
        import pyarrow.csv
        import pyarrow.parquet

        table = _table(made)
        name = f"data/samples/{record.model}/{record.task}"
        sink = io.BytesIO()
        pyarrow.parquet.write_table(table, sink, compression="zstd")
        self.folder.write(f"{name}.parquet", sink.getvalue())
        sink = io.BytesIO()
        pyarrow.csv.write_csv(table.drop_columns(["extracted", "text"]), sink)
        self.folder.write(f"{name}.csv", sink.getvalue())


def _table(made: list[tuple[Run, list[_Row]]]) -> "pa.Table":
    """One row per answer; a text only where the pages show it, and unknown is null."""
    import pyarrow as pa

    rows = [(run, row, row.answer) for run, page in made for row in page]
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "problem": (pa.string(), [a.problem for _, _, a in rows]),
        "index": (pa.int64(), [a.index for _, _, a in rows]),
        "seed": (pa.int64(), [run.seed for run, _, _ in rows]),
        "correct": (pa.bool_(), [a.correct for _, _, a in rows]),
        "undecided": (pa.bool_(), [a.undecided for _, _, a in rows]),
        "answered": (pa.bool_(), [a.answered for _, _, a in rows]),
        "truncated": (pa.bool_(), [a.truncated for _, _, a in rows]),
        "tokens_out": (pa.int64(), [a.tokens_out for _, _, a in rows]),
        "finish_reason": (pa.string(), [a.sample and a.sample.finish_reason for _, _, a in rows]),
        "sample_key": (pa.string(), [a.sample and a.sample.key for _, _, a in rows]),
        "sample_seed": (pa.int64(), [a.sample and a.sample.sample_seed for _, _, a in rows]),
        "grader": (pa.string(), [a.grade and a.grade.metric for _, _, a in rows]),
        "grade_status": (pa.string(), [a.grade and a.grade.status for _, _, a in rows]),
        "extracted": (pa.string(), [a.grade and _utf8(a.grade.extracted) for _, _, a in rows]),
        "text": (pa.string(), [_utf8("".join(r.parts)) if r.parts else None for _, r, _ in rows]),
    }
    return pa.table(
        [pa.array(values, kind) for kind, values in columns.values()], names=list(columns)
    )


def _utf8(text: str | None) -> str | None:
    """Parquet holds UTF-8: a lone surrogate becomes U+FFFD there, and stays as it is in the log."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def write_runs(job: RunsJob, folder: Path, old: Path | None = None) -> dict[str, RunsDone | None]:
    """Write everything about the runs of a job into a site's `folder`; by task what was written.

    `None` for a task whose files of an earlier build still hold. A file that `old`, an earlier
    site, holds with the same bytes is linked rather than written. Raises `IntegrityError` for a log
    that is not the one a record was made from.
    """
    logs = TranscriptLogs.read(Home(job.home), job.records) if job.with_samples else None
    done: dict[str, RunsDone | None] = {}
    for record in job.records:
        found = logs.digest(record) if logs else ""
        same = job.logs_digests.get(record.task) == found
        done[record.task] = None if same else _write_record(job, record, logs, found, folder, old)
    return done


def _write_record(
    job: RunsJob,
    record: ResultRecord,
    logs: TranscriptLogs | None,
    logs_digest: str,
    folder: Path,
    old: Path | None,
) -> RunsDone:
    writer = _Writer(job, folder, old)
    problems = [problem.problem for problem in record.problems]
    most = 0 if record.task in job.withheld else job.texts_a_task
    shown = with_text(problems, most)
    made = []
    for run in runs_of(record, logs):
        rows = list(_rows(job, run, logs, shown))
        writer.run(record, run, rows)
        made.append((run, rows))
    writer.data(record, made)
    return RunsDone(writer.folder.files, writer.answers, writer.transcripts, logs_digest)
