"""The answers that graders differ on, with the texts that show why."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tina_bench.files.atomic import write_text
from tina_bench.running.regrade.gradable_records import GradableRecord, cell_of
from tina_bench.stats.graders.audit import CellAudit, Flip, GraderAudit
from tina_bench.store.answer_logs import counted_samples, recorded_sample_log
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord

END_CHARACTERS = 600
"""Of an answer, shown with a flip."""


def flip_texts(
    home: Home, records: Sequence[ResultRecord], audit: GraderAudit
) -> Iterator[tuple[CellAudit, Flip, str]]:
    """Every flip with its whole answer, in the order of the sample logs, one text at a time."""
    flips = {
        (cell.model, cell.task, flip.problem, flip.seed): (cell, flip)
        for cell in audit.cells
        for flip in cell.flips
    }
    by_log: dict[tuple[Path, str], list[ResultRecord]] = {}
    for record in sorted(records, key=lambda one: (one.model, one.task)):
        log = recorded_sample_log(home.root, record)
        by_log.setdefault((log, record.provenance.protocol), []).append(record)
    for (log, _), sharing in by_log.items():
        for cell, sample in counted_samples(log, [cell_of(record) for record in sharing]):
            found = flips.get((cell.model, cell.task, sample.problem, sample.seed))
            if found is not None:
                yield *found, sample.text


def with_texts(
    home: Home, graded: Sequence[GradableRecord], audits: Sequence[CellAudit]
) -> Iterator[CellAudit]:
    """The audits with question, right answer and the end of the answer at every flip."""
    problems = {(one.cell.model, one.cell.task): one.problems for one in graded}
    texts: dict[tuple[str, str, str, int], Flip] = {}
    records = [one.record for one in graded]
    for audit, flip, text in flip_texts(home, records, GraderAudit(cells=tuple(audits))):
        problem = problems[audit.model, audit.task][flip.problem]
        texts[audit.model, audit.task, flip.problem, flip.seed] = flip.model_copy(
            update={
                "gold": problem.golds[0],
                "question": problem.query,
                "answer_end": text[-END_CHARACTERS:],
                "answer_characters": len(text),
            }
        )
    for audit in audits:
        flips = tuple(
            texts.get((audit.model, audit.task, flip.problem, flip.seed), flip)
            for flip in audit.flips
        )
        yield audit.model_copy(update={"flips": flips})


def write_flips(
    path: Path, home: Home, records: Sequence[ResultRecord], audit: GraderAudit
) -> None:
    """One JSON object per flip, with the whole answer; the file is replaced whole or not at all."""
    lines = [
        json.dumps({"model": cell.model, "task": cell.task, **flip.model_dump(mode="json"),
                    "answer": text})
        for cell, flip, text in flip_texts(home, records, audit)
    ]  # fmt: skip
    write_text(path.absolute(), "".join(f"{line}\n" for line in lines))
