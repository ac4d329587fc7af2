"""What was published: the frozen shapes of scores, averages and costs as printed."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tina_bench.catalog.fields import CatalogEntry, Confidence, ImportPath, Name, Sampling, Sha256
from tina_bench.files.strict import contradiction

Percent = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]
"""Of runs, trainings or checkpoints: no table has a million, but a typing error may."""
SLACK = 1e-9
"""Percent: what a decimal fraction is off by as a float64."""
TELL = "unless 'note' tells that the source contradicts itself"


def as_printed(value: float, decimals: int) -> bool:
    """Whether a value has no more digits after the point than it was printed with."""
    return abs(round(value, decimals) - value) < SLACK


def printed_decimals(values: tuple[float, ...]) -> int:
    """Digits after the point of the most precise of them, 6 at most."""
    return next(
        (digits for digits in range(6) if all(as_printed(value, digits) for value in values)), 6
    )


def check_printed(entry: "Claim | AverageClaim") -> None:
    """Refuse what cannot all be true of one printed number.

    An entry says what was printed. Where the source contradicts itself the entry may, too, as long
    as its `note` tells so; without a note it is taken for a slip in copying.
    """
    value, decimals, runs = entry.value_percent, entry.decimals, entry.runs
    if not as_printed(value, decimals):
        expected = f"what can be printed with 'decimals', which is {decimals}"
        raise contradiction("value_percent", value, expected)
    if runs == 1 and entry.spread_points is not None:
        raise contradiction(
            "spread_points", entry.spread_points, "none where 'runs' is 1: one run has no spread"
        )
    printed = entry.per_run_percent
    if not printed:
        return
    if runs not in (None, len(printed)):
        raise contradiction("per_run_percent", f"{len(printed)} runs", f"{runs}, as 'runs' says")
    mean = sum(printed) / len(printed)
    # Each run is rounded, and so is their mean.
    off = 0.5 * 10.0**-decimals + 0.5 * 10.0 ** -printed_decimals(printed) + SLACK
    if abs(mean - value) > off and not entry.note:
        raise contradiction(
            "value_percent", value, f"{mean:.{decimals}f}, the mean of 'per_run_percent', {TELL}"
        )


class Claim(CatalogEntry):
    """A published number: model × task × metric, as printed."""

    model: Name
    """Model the number is about."""
    task: Name
    """Task it was measured on."""
    metric: Literal["avg@k"] = "avg@k"
    """Mean share of correct answers over all runs, in percent; one run is Pass@1."""
    value_percent: Percent
    """As printed, percent."""
    decimals: Annotated[int, Field(ge=0, le=6)]
    """Digits printed after the point: the value stands for an interval of one unit of the last."""
    runs: Count | None = None
    """k₀: independent runs behind it; unknown if absent, and then taken as 1."""
    trainings: Count | None = None
    """Separate trainings averaged, for a claim about a recipe rather than about fixed weights."""
    training_sd_points: Percent | None = None
    """SD between trainings, points, net of sampling; goes with `trainings`."""
    spread_points: Percent | None = None
    """The ± as printed, points: SD over runs, a dispersion and not an interval."""
    range_percent: tuple[Percent, Percent] | None = None
    """Lowest and highest single run as printed, percent."""
    per_run_percent: tuple[Percent, ...] = ()
    """The score of each run, where printed, percent."""
    correct_by_run: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Right answers of each run out of the task's problems, where the source has them."""
    correct_by_problem: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Right answers to each problem out of `runs`, in the order of the task's dataset."""
    best_of: Annotated[int, Field(gt=1, le=1_000_000)] | None = None
    """Number of checkpoints out of which this one was picked by such scores, where known."""
    protocol: str = ""
    """How it was measured, as far as the source says and `sampling` cannot."""
    who: str
    """Who says so."""
    source: str
    """Paper, version and table; or file and commit."""
    confidence: Confidence
    """How sure we are that this is what was published."""
    also_in: tuple[str, ...] = ()
    """Where the same measurement is printed again; it is one claim, and is judged once."""
    stack: Name | None = None
    """Stack it was measured with, when it is one of the catalog's."""
    sampling: Sampling | None = None
    """Protocol it was measured with, where known."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    """Where the source states it and no top_p, which `sampling` needs."""
    harness: str = ""
    """Software that asked and graded, where known."""
    max_new_tokens: Annotated[int, Field(gt=0)] | None = None
    """Longest answer, tokens, where the source states it."""
    grader: ImportPath | None = None
    """Import path of the metric that decided, where it is one that runs here."""
    prompts_sha256: Sha256 | None = None
    """Hash over problem ids and prompt tokens, as results record it: task version and prompt."""
    note: str = ""
    """What a reader must know, mismatches in the source included."""

    @model_validator(mode="after")
    def _training_spread_is_whole(self) -> "Claim":
        if (self.trainings is None) != (self.training_sd_points is None):
            has, lacks = ("trainings", "training_sd_points") if self.trainings else (
                "training_sd_points", "trainings"
            )  # fmt: skip
            raise contradiction(has, f"'{has}' without '{lacks}'", "both or neither")
        return self

    @model_validator(mode="after")
    def _settings_stand_once(self) -> "Claim":
        if self.sampling is not None and self.temperature is not None:
            raise contradiction("temperature", self.temperature, "none beside 'sampling'")
        return self

    @model_validator(mode="after")
    def _counts_are_of_its_runs(self) -> "Claim":
        by_run, by_problem, runs = self.correct_by_run, self.correct_by_problem, self.runs
        if by_run and len(by_run) != runs:
            raise contradiction("correct_by_run", f"{len(by_run)} runs", f"{runs}, as 'runs' says")
        if by_problem and (runs is None or max(by_problem) > runs):
            most = "known where problems are counted" if runs is None else f"at most {runs}, 'runs'"
            raise contradiction("correct_by_problem", max(by_problem), most)
        if by_run and by_problem and sum(by_run) != sum(by_problem):
            raise contradiction(
                "correct_by_problem", f"{sum(by_problem)} right answers",
                f"{sum(by_run)}, as 'correct_by_run' has",
            )  # fmt: skip
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        check_printed(self)
        if self.range_percent is None:
            return self
        low, high = self.range_percent
        if low > high:
            raise contradiction("range_percent", f"{low} to {high}", "the lowest run first")
        half = 0.5 * 10.0**-self.decimals + SLACK
        if not low - half <= self.value_percent <= high + half and not self.note:
            raise contradiction(
                "range_percent", f"{low} to {high}", f"one around {self.value_percent}, {TELL}"
            )
        for run in self.per_run_percent:
            if not low - half <= run <= high + half and not self.note:
                raise contradiction("per_run_percent", run, f"a run from {low} to {high}, {TELL}")
        return self


class AverageClaim(CatalogEntry):
    """A published average over tasks, as printed; its cells are claims of their own."""

    model: Name
    """Model the number is about."""
    tasks: tuple[Name, ...] | None = None
    """Tasks averaged, each with the same weight; `None` where the source does not say which."""
    value_percent: Percent
    """As printed, percent."""
    decimals: Annotated[int, Field(ge=0, le=6)]
    """Digits printed after the point."""
    runs: Count | None = None
    """k₀: independent runs of every task behind it; unknown if absent."""
    spread_points: Percent | None = None
    """The ± as printed, points: SD over runs."""
    per_run_percent: tuple[Percent, ...] = ()
    """The average of each run, where printed."""
    who: str
    """Who says so."""
    source: str
    """Paper, version and table; or file and commit."""
    confidence: Confidence
    """How sure we are that this is what was published."""
    also_in: tuple[str, ...] = ()
    """Where the same average is printed again."""
    note: str = ""
    """What a reader must know, a mismatch with the cells included."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        check_printed(self)
        if self.tasks is not None:
            if not self.tasks:
                raise contradiction("tasks", "none", "at least one, or no such key where unknown")
            twice, times = Counter(self.tasks).most_common(1)[0]
            if times > 1:
                raise contradiction("tasks", f"{twice!r} twice", "each task once")
        return self


class OtherScore(CatalogEntry):
    """A published score on a benchmark that is no task here: shown, never judged."""

    model: Name
    """Model the number is about."""
    benchmark: str
    """Benchmark as printed."""
    value_percent: Percent
    """As printed, percent."""
    decimals: Annotated[int, Field(ge=0, le=6)]
    """Digits printed after the point."""
    runs: Count | None = None
    """k₀: independent runs behind it; unknown if absent."""
    who: str
    """Who says so."""
    source: str
    """Paper, version and table; or file and commit."""
    confidence: Confidence
    """How sure we are that this is what was published."""
    note: str = ""
    """What a reader must know."""


class CostClaim(CatalogEntry):
    """A published cost, as printed."""

    title: str
    """Row as printed."""
    model: Name | None = None
    """Model the row is about, where it is about one."""
    kind: Literal["row", "total", "summary", "method"]
    """A row of a table, a sum over its rows, a headline figure, or how costs were counted."""
    train_usd: Annotated[float, Field(ge=0)] | None = None
    """Training, US dollars."""
    eval_usd: Annotated[float, Field(ge=0)] | None = None
    """Evaluation, US dollars."""
    total_usd: Annotated[float, Field(ge=0)] | None = None
    """All of it, US dollars."""
    hours: Annotated[float, Field(ge=0)] | None = None
    """Hours as printed; whether of wall clock or of GPUs the source may leave open."""
    gpu_count: Annotated[int, Field(gt=0)] | None = None
    """GPUs used."""
    hardware: str | None = None
    """Hardware as printed."""
    data: str | None = None
    """Training data as printed."""
    price_usd_per_gpu_hour: Annotated[float, Field(ge=0)] | None = None
    """Price behind it, printed or derived (the note says which)."""
    who: str
    """Who says so."""
    source: str
    """Paper, version and table; or file and commit."""
    confidence: Confidence
    """How sure we are that this is what was published."""
    note: str = ""
    """What a reader must know."""
