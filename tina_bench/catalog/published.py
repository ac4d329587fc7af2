"""What was published: the frozen shapes of scores, averages and costs as printed."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tina_bench.catalog.terms import Confidence, Entry, ImportPath, Name, Sampling, Sha256


class Claim(Entry):
    """A published number: model × task × metric, as printed."""

    model: Name
    """Model the number is about."""
    task: Name
    """Task it was measured on."""
    metric: Literal["avg@k"] = "avg@k"
    """Mean share of correct answers over all runs, in percent; one run is Pass@1."""
    value_percent: Annotated[float, Field(ge=0, le=100)]
    """As printed, percent."""
    decimals: Annotated[int, Field(ge=0, le=6)]
    """Digits printed after the point: the value stands for an interval of one unit of the last."""
    runs: Annotated[int, Field(gt=0)] | None = None
    """k₀: independent runs behind it; unknown if absent, and then taken as 1."""
    trainings: Annotated[int, Field(gt=0)] | None = None
    """Separate trainings averaged, for a claim about a recipe rather than about fixed weights."""
    training_sd_points: Annotated[float, Field(ge=0)] | None = None
    """SD between trainings, points, net of sampling; goes with `trainings`."""
    spread_points: Annotated[float, Field(ge=0)] | None = None
    """The ± as printed, points: SD over runs, a dispersion and not an interval."""
    range_percent: tuple[float, float] | None = None
    """Lowest and highest single run as printed, percent."""
    per_run_percent: tuple[float, ...] = ()
    """The score of each run, where printed, percent."""
    best_of: Annotated[int, Field(gt=1)] | None = None
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
            raise ValueError("'trainings' and 'training_sd_points' go together")
        return self


class AverageClaim(Entry):
    """A published average over tasks, as printed; its cells are claims of their own."""

    model: Name
    """Model the number is about."""
    tasks: tuple[Name, ...] | None = None
    """Tasks averaged, each with the same weight; `None` where the source does not say which."""
    value_percent: Annotated[float, Field(ge=0, le=100)]
    """As printed, percent."""
    decimals: Annotated[int, Field(ge=0, le=6)]
    """Digits printed after the point."""
    runs: Annotated[int, Field(gt=0)] | None = None
    """k₀: independent runs of every task behind it; unknown if absent."""
    spread_points: Annotated[float, Field(ge=0)] | None = None
    """The ± as printed, points: SD over runs."""
    per_run_percent: tuple[float, ...] = ()
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


class OtherScore(Entry):
    """A published score on a benchmark that is no task here: shown, never judged."""

    model: Name
    """Model the number is about."""
    benchmark: str
    """Benchmark as printed."""
    value_percent: Annotated[float, Field(ge=0, le=100)]
    """As printed, percent."""
    decimals: Annotated[int, Field(ge=0, le=6)]
    """Digits printed after the point."""
    runs: Annotated[int, Field(gt=0)] | None = None
    """k₀: independent runs behind it; unknown if absent."""
    who: str
    """Who says so."""
    source: str
    """Paper, version and table; or file and commit."""
    confidence: Confidence
    """How sure we are that this is what was published."""
    note: str = ""
    """What a reader must know."""


class CostClaim(Entry):
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
