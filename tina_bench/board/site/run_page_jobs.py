"""Which runs a build has to write, and the writing of them in parallel."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.cache import program_digest
from tina_bench.board.output.incremental import BuildState, Stamps, WrittenGroup
from tina_bench.board.output.parallel import ParallelTasks, in_parallel
from tina_bench.board.site.run_pages import RunsDone, RunsJob, write_runs
from tina_bench.board.transcripts import grade_files
from tina_bench.catalog.withheld import withheld
from tina_bench.files.hashing import digest
from tina_bench.store.answer_logs import recorded_sample_log
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord

TEXTS_BY_ANSWERS = ((30_000, 100), (300_000, 30))
TEXTS_OF_MORE = 5
"""Problems of a task whose answers are shown with their text, if nothing else is asked for, by the
answers that there are: so a site stays below the gigabyte that GitHub Pages takes
(https://docs.github.com/en/pages/getting-started-with-github-pages/github-pages-limits)."""
OnProgress = Callable[[int, int], None]
"""Called with the answers written so far, and with all that there are."""


def _logs(record: ResultRecord) -> tuple[str, str, str]:
    return record.model, record.provenance.sample_log, record.provenance.grade_log


def _name(record: ResultRecord) -> str:
    return f"runs/{record.model}/{record.task}"


def _answers(*records: ResultRecord) -> int:
    return sum(record.n * record.k for record in records)


def _texts_a_task(evidence: SiteContext) -> int:
    answers = _answers(*evidence.records.values())
    return next((texts for most, texts in TEXTS_BY_ANSWERS if answers <= most), TEXTS_OF_MORE)


def _jobs(
    evidence: SiteContext, templates: Path, *, with_samples: bool, texts: int | None
) -> Iterator[RunsJob]:
    """One per pair of logs, the one with the most answers first."""
    texts = _texts_a_task(evidence) if texts is None else texts
    ordered = sorted(evidence.records.values(), key=lambda record: (*_logs(record), record.task))
    groups = [tuple(group) for _, group in groupby(ordered, key=_logs)]
    for records in sorted(groups, key=lambda group: -_answers(*group)):
        tasks = sorted({record.task for record in records})
        yield RunsJob(
            home=evidence.home.root,
            templates=templates,
            records=records,
            title=evidence.model_title(records[0].model),
            task_titles={task: evidence.task_title(task) for task in tasks},
            questions={
                task: {name: one.question for name, one in evidence.problems.shown(task).items()}
                for task in tasks
            },
            withheld={
                task: reason
                for task in tasks
                if (reason := withheld(evidence.catalog.tasks.get(task)))
            },
            with_samples=with_samples,
            texts_a_task=texts,
            compiled=evidence.cache.folder_of("templates"),
        )


def _stamp(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return path.name, found.st_size, found.st_mtime_ns


def _stamps(job: RunsJob) -> Stamps:
    if not job.with_samples:
        return []
    home = Home(job.home)
    own, others = grade_files(home, job.records)
    logs = [recorded_sample_log(home.root, job.records[0]), own, *others]
    return [_stamp(path) for path in logs]


def _key(job: RunsJob, record: ResultRecord, evidence: SiteContext, templates: str) -> str:
    """Names everything that the files of a record's runs depend on, except the logs."""
    task = record.task
    return digest(
        [
            program_digest(), templates, job.title, job.task_titles[task], job.with_samples,
            job.texts_a_task, job.withheld.get(task), dict(job.questions[task]),
            evidence.record_sha256[record.model, task],
        ]
    )  # fmt: skip


@dataclass
class Runs:
    """The runs of all records: those that an earlier build wrote, and those to write."""

    earlier: BuildState
    folder: Path
    on_progress: OnProgress
    made: dict[str, WrittenGroup] = field(default_factory=dict)
    """By name, once they are in the folder."""
    taken_over: int = 0
    """Answers of them that an earlier build had written."""
    _waiting: list[tuple[RunsJob, Stamps]] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)
    _same: list[tuple[RunsJob, ResultRecord, Stamps]] = field(default_factory=list)

    def plan(
        self,
        evidence: SiteContext,
        templates: Path,
        templates_digest: str,
        *,
        with_samples: bool,
        texts: int | None,
    ) -> None:
        """Find what can be taken over, and what must be read or written."""
        for job in _jobs(evidence, templates, with_samples=with_samples, texts=texts):
            stamps, waiting, logs_digests = _stamps(job), [], {}
            for record in job.records:
                key = _key(job, record, evidence, templates_digest)
                group = self.earlier.find(_name(record), key)
                self._keys[_name(record)] = key
                if group is not None and group.logs == stamps:
                    self._same.append((job, record, stamps))
                    continue
                waiting.append(record)
                if group is not None:
                    logs_digests[record.task] = group.logs_digest
            if waiting:
                changed = replace(job, records=tuple(waiting), logs_digests=logs_digests)
                self._waiting.append((changed, stamps))

    def start(self) -> "AbstractContextManager[ParallelTasks[dict[str, RunsDone | None]]]":
        """Write them in parallel to what the block does."""
        return in_parallel(
            [partial(write_runs, job, self.folder, self.earlier.site) for job, _ in self._waiting]
        )

    def take_over(self) -> None:
        """Take over the runs whose inputs are the same."""
        for job, record, stamps in self._same:
            self._settle(job, record, None, stamps)

    def finish(self, started: "ParallelTasks[dict[str, RunsDone | None]]") -> None:
        """Wait for them."""
        done, total = 0, sum(_answers(*job.records) for job, _ in self._waiting)
        for number, found in started.done():
            job, stamps = self._waiting[number]
            for record in job.records:
                self._settle(job, record, found[record.task], stamps)
            done += _answers(*job.records)
            self.on_progress(done, total)

    def _settle(
        self, job: RunsJob, record: ResultRecord, found: RunsDone | None, stamps: Stamps
    ) -> None:
        name, written = _name(record), found
        if found is None and not self._linked(record, stamps):
            # Their inputs are the same, but the files have changed.
            once = replace(job, records=(record,), logs_digests={})
            written = write_runs(once, self.folder, self.earlier.site)[record.task]
        if written is not None:
            self.made[name] = WrittenGroup(
                key=self._keys[name], files=written.files, logs=stamps,
                logs_digest=written.logs_digest, answers=written.answers,
                transcripts=written.transcripts,
            )  # fmt: skip

    def _linked(self, record: ResultRecord, stamps: Stamps) -> bool:
        name = _name(record)
        found = self.earlier.take_over(self.earlier.groups[name], self.folder)
        if found is None:
            return False
        self.made[name] = replace(found, logs=stamps)
        self.taken_over += found.answers
        return True
