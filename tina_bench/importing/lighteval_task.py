"""One task of a LightEval result file: problems, scores, and what contradicts them."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import ForeignFileError
from tina_bench.files.strict import MalformedError
from tina_bench.importing.counts import MAX_PROBLEMS, TOLERANCE, problems_behind, whole
from tina_bench.importing.lighteval_layout import Details, ResultFile
from tina_bench.importing.names import USER_SAID, Match, match_task, split_name
from tina_bench.importing.reading import refuse
from tina_bench.store.imported import (
    CorrectKnown,
    ImportedOutcome,
    ImportedScore,
    ImportedTask,
    NKnown,
    SourceFile,
)

STDERR = "_stderr"
SHARE = re.compile(r"(extractive_match$|(pass|avg|maj)@)")
"""Metrics that are means of zeros and ones, whatever else a file has."""
STDERR_TOLERANCE = 5e-4
"""LightEval prints every digit; a file may have been rounded to three."""


class TaskReader:
    """One task of a file on its way into a record."""

    def __init__(
        self,
        path: Path,
        catalog: Catalog,
        file: ResultFile,
        document: dict[str, Any],
        name: str,
        details: Details,
        names: Mapping[str, str],
    ) -> None:
        self._path, self._name, self._file = path, name, file
        # Up to 0.10, configurations are named without the number of few-shot examples.
        configs = file.config_tasks
        self._config = configs.get(name) or configs.get(name.rpartition("|")[0]) or {}
        self._summary = document.get("summary_tasks", {}).get(name) or {}
        self._details: SourceFile | None = None
        self._outcomes: tuple[ImportedOutcome, ...] = ()
        if name in details:
            self._details, self._outcomes = details[name]
        mapped = names.get(name, names.get(split_name(name)[0]))
        self._match = (
            Match(mapped, USER_SAID)
            if mapped in catalog.tasks
            else match_task(catalog, name, self._config)
        )
        self._scores = self._read_scores()
        ours = catalog.tasks[self._match.name].n_problems if self._match.name else None
        self._n, self._n_known_by = self._count(ours)
        self._check_errors()
        if ours is not None and self._n not in (None, ours):
            if mapped in catalog.tasks:
                expected = f"{ours}, which is what {mapped} of the catalog has"
                raise self._wrong(f"results.{name}", f"{self._n} problems", expected)
            self._match = Match(
                None, f"{self._n} problems; {self._match.name} of the catalog has {ours}"
            )

    def record(self) -> ImportedTask:
        """The task as a record; what contradicts itself was refused before."""
        summary = self._file.summary_tasks.get(self._name)
        return ImportedTask(
            task_as_printed=self._name,
            task=self._match.name,
            task_reason=self._match.reason,
            n=self._n,
            n_known_by=self._n_known_by,
            scores=tuple(self._score(*score) for score in self._scores),
            hashes=summary.hashes if summary else {},
            version=self._file.versions.get(self._name),
            config=self._config,
            summary={key: value for key, value in self._summary.items() if key != "hashes"},
            outcomes=self._outcomes,
            details=self._details,
        )

    def _wrong(self, key: str, found: object, expected: str) -> ForeignFileError:
        return refuse(f"{self._path}", MalformedError(key, f"{found}", expected))

    def _read_scores(self) -> list[tuple[str, float, float | None]]:
        values = self._file.results[self._name]
        scores = []
        for metric in sorted(values):
            if metric.endswith(STDERR) and metric.removesuffix(STDERR) in values:
                continue
            value, error = values[metric], values.get(metric + STDERR)
            key = f"results.{self._name}.{metric}"
            if value is None:
                raise self._wrong(key, "nothing", "a number")
            if SHARE.match(metric) and not 0 <= value <= 1:
                raise self._wrong(key, value, "a share of correct answers, from 0 to 1")
            if error is not None and error < 0:
                raise self._wrong(key + STDERR, error, "a standard error, which is not negative")
            scores.append((metric, value, error))
        if not scores:
            raise self._wrong(f"results.{self._name}", "no metric", "at least one")
        return scores

    def _count(self, ours: int | None) -> tuple[int | None, NKnown | None]:
        """Number of problems, and where it is from; sources that disagree are refused."""
        told: list[tuple[int, NKnown]] = []
        if self._outcomes:
            told.append((len(self._outcomes), "details"))
        key = f"config_tasks.{self._name}.effective_num_docs"
        printed = self._config.get("effective_num_docs")
        if printed is not None and printed != -1:
            if not isinstance(printed, int) or not 0 < printed <= MAX_PROBLEMS:
                raise self._wrong(key, ascii(printed)[:40], "a number of problems")
            told.append((printed, "task configuration"))
        if self._single_answers():
            told += [
                (n, "standard error")
                for _, value, error in self._scores
                if (n := problems_behind(value, error)) is not None
            ]
        if told and (other := next((pair for pair in told if pair[0] != told[0][0]), None)):
            raise self._wrong(
                f"config_tasks.{self._name}" if told[0][1] == "task configuration" else
                f"results.{self._name}",
                f"{told[0][0]} problems by the {told[0][1]}",
                f"{other[0]} as the {other[1]} tells",
            )  # fmt: skip
        if told:
            return told[0]
        if ours is not None and all(whole(value, ours) is not None for _, value, _ in self._scores):
            return ours, "catalog"
        return None, None

    def _check_errors(self) -> None:
        """Refuse a standard error that no such score of so many problems has.

        One that implies another number of problems was refused before; this one implies none.
        """
        if self._n is None or self._n < 2 or not self._single_answers():
            return
        for metric, value, error in self._scores:
            expected = math.sqrt(value * (1 - value) / (self._n - 1))
            if error is not None and abs(error - expected) > STDERR_TOLERANCE:
                raise self._wrong(
                    f"results.{self._name}.{metric}{STDERR}",
                    error,
                    f"{expected:.4g} as {value} of {self._n} problems has",
                )

    def _single_answers(self) -> bool:
        """Whether each problem was answered once and so counts as 0 or 1, as far as is known."""
        drawn = self._config.get("num_samples")
        several = drawn not in (None, [], 1, [1])
        return not several and all(
            metric == "extractive_match" and 0 <= value <= 1 for metric, value, _ in self._scores
        )

    def _score(self, metric: str, value: float, error: float | None) -> ImportedScore:
        key = f"results.{self._name}.{metric}"
        correct, known_by = self._correct(key, metric, value)
        return ImportedScore(
            metric=metric,
            value=value,
            stderr=error,
            n_correct=correct,
            n_correct_known_by=known_by,
        )

    def _correct(
        self, key: str, metric: str, value: float
    ) -> tuple[int | None, CorrectKnown | None]:
        if self._outcomes:
            marks = [outcome.values.get(metric) for outcome in self._outcomes]
            if None in marks:
                return None, None
            known = [mark for mark in marks if mark is not None]
            mean = math.fsum(known) / len(known)
            if self._is_mean(metric) and abs(mean - value) > TOLERANCE:
                raise self._wrong(key, value, f"{mean}, the mean over the details file")
            if set(known) <= {0.0, 1.0}:
                return int(sum(known)), "details"
            return None, None
        if self._n is None or not self._single_answers():
            return None, None
        correct = whole(value, self._n)
        if correct is None:
            raise self._wrong(key, value, f"a whole number of {self._n} problems")
        return correct, "score × n"

    def _is_mean(self, metric: str) -> bool:
        listed = self._config.get("metrics", self._config.get("metric"))
        return any(
            isinstance(one, dict)
            and one.get("metric_name") == metric
            and one.get("corpus_level_fn") == "mean"
            for one in (listed if isinstance(listed, list) else [])
        )
