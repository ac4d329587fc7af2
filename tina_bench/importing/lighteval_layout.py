"""What LightEval writes into a result file, as types.

Read in its source at commit ed084813e0bd12d82a06d9f913291fdbee774905 (the paper's pin, 0.6.0.dev0)
and in releases 0.6.0 to 0.13.0, `logging/evaluation_tracker.py` and `logging/info_loggers.py`:
`results_<stamp>.json` with `config_general`, `results`, `versions`, `config_tasks`,
`summary_tasks`. Up to 0.10 the model's commit and precision stand in `config_general`; since 0.11
there is a `model_config`, and the number of problems is no longer filled in (`effective_num_docs`
is -1). Times are `time.perf_counter()`: no dates.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict

from tina_bench.store.imported import ImportedOutcome, SourceFile

Number = Annotated[float, Strict()]
Details = dict[str, tuple[SourceFile, tuple[ImportedOutcome, ...]]]
"""What the details files say, by LightEval's task name."""


class Foreign(BaseModel):
    """A part of a file that others wrote: unknown keys are theirs to add."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class EngineConfig(Foreign):
    """`model_config`, since 0.11."""

    revision: str | None = None
    dtype: str | None = None
    seed: int | None = None
    generation_parameters: dict[str, Any] | None = None


class General(Foreign):
    """`config_general`: the model, and how long it took."""

    model_name: str = Field(min_length=1, max_length=500)
    lighteval_sha: str | None = None
    model_sha: str | None = None
    model_dtype: str | None = None
    max_samples: int | None = None
    start_time: Number | None = None
    end_time: Number | None = None
    total_evaluation_time_secondes: float | None = None
    engine: EngineConfig | None = Field(None, alias="model_config")


class TaskSummary(Foreign):
    """One entry of `summary_tasks`."""

    hashes: dict[str, str] = {}


class ResultFile(Foreign):
    """The whole file."""

    config_general: General
    results: dict[str, dict[str, Number | None]]
    versions: dict[str, int | str | None] = {}
    config_tasks: dict[str, dict[str, Any]] = {}
    summary_tasks: dict[str, TaskSummary] = {}
