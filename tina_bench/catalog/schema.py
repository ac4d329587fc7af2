"""What exists and what was claimed: the frozen shapes of every catalog entry.

A catalog file is TOML with any of the tables that `Catalog` has, such as `models`, `tasks`,
`recipes` or `claims`, each entry under its name. Unknown keys are errors: a key that is never read
is how the published Dr.GRPO recipe came to train plain GRPO.
"""

import datetime
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tina_bench.catalog.calibration import Calibration
from tina_bench.catalog.fields import (
    CatalogEntry,
    Commit,
    Confidence,
    ImportPath,
    ModelKind,
    Name,
    Sampling,
    Sha256,
    Source,
)
from tina_bench.catalog.published import AverageClaim, Claim, CostClaim, OtherScore
from tina_bench.catalog.recipes import (
    Grpo,
    Lora,
    Optimizer,
    PublishedText,
    Recipe,
    Reward,
    RewardName,
    Variant,
)
from tina_bench.files.strict import contradiction

__all__ = [
    "AverageClaim",
    "Calibration",
    "Catalog",
    "CatalogEntry",
    "Claim",
    "Commit",
    "Confidence",
    "CostClaim",
    "Grpo",
    "ImportPath",
    "Lora",
    "Model",
    "ModelKind",
    "Name",
    "Optimizer",
    "OtherScore",
    "Price",
    "Profile",
    "PublishedText",
    "Recipe",
    "Reward",
    "RewardName",
    "Sampling",
    "Sha256",
    "Source",
    "Stack",
    "Task",
    "Variant",
]


class Model(CatalogEntry):
    """A set of weights under test."""

    title: str
    """Name as people print it."""
    kind: ModelKind
    """`base`, `baseline` (full weights) or `adapter` (LoRA on a base)."""
    family: str
    """Heading that the board groups it under."""
    source: Source
    """`embedded` in this package, `hub` download, trained here from a `recipe`, or `unpublished`:
    others have measured it, and it cannot be fetched."""
    repo: str | None = None
    """Hub repository id; only with source `hub`."""
    revision: Commit | None = None
    """Commit to lock; the tip of `main` at the time of locking if absent."""
    subfolder: str | None = None
    """Folder inside the repository, as for one checkpoint of many; only with source `hub`."""
    base: Name | None = None
    """The model an adapter stands on."""
    recipe: Name | None = None
    """How it is trained: required for source `recipe`, informative otherwise."""
    checkpoint_step: Annotated[int, Field(gt=0)] | None = None
    """Optimizer step of the checkpoint that the published row stands on."""
    checkpoint_confidence: Confidence | None = None
    """How sure that step is; the note says what it rests on."""
    checkpoint_epoch_percent: Annotated[float, Field(gt=0)] | None = None
    """Share of an epoch trained by then, percent, as printed beside the row."""
    training: Name | None = None
    """Training that this checkpoint came out of; checkpoints of one training share the name."""
    published_as: Name | None = None
    """The model as which this very checkpoint was published under its own name."""
    retraining_of: Name | None = None
    """The model whose recipe others trained anew: its scores speak of the recipe, not of those
    weights."""
    retraining_differs: str = ""
    """In what that training differs from the recipe, where known; its step stands by itself."""
    max_model_tokens: Annotated[int, Field(gt=0)] | None = None
    """Context length in tokens, prompt included, when it is shorter than the protocol's."""
    aliases: tuple[str, ...] = ()
    """Names that harnesses print for these weights, letter for letter; imports know them by it."""
    note: str = ""
    """Anything a reader of a result must know."""
    reference: str = ""
    """Where these facts come from."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Model":
        if (self.kind is ModelKind.ADAPTER) != (self.base is not None):
            raise ValueError("'base' goes with kind 'adapter', and only with it")
        if (self.source is Source.HUB) != (self.repo is not None):
            raise ValueError("'repo' goes with source 'hub', and only with it")
        for key in ("revision", "subfolder"):
            if self.source is not Source.HUB and getattr(self, key) is not None:
                raise ValueError(f"'{key}' goes with source 'hub', and only with it")
        if (self.checkpoint_step is None) != (self.checkpoint_confidence is None):
            raise ValueError("'checkpoint_step' and 'checkpoint_confidence' go together")
        if self.source is Source.RECIPE and self.recipe is None:
            raise ValueError("source 'recipe' needs 'recipe'")
        return self


class Task(CatalogEntry):
    """A benchmark: dataset, prompt, grader and size."""

    title: str
    """Name as people print it."""
    source: Source
    """`embedded` in this package, or `hub` download."""
    dataset: str
    """Hub dataset id, or the embedded file's stem."""
    subset: str = "default"
    """Hub configuration name."""
    split: str
    """Split that is evaluated."""
    revision: Commit | None = None
    """Dataset commit to lock; the tip of `main` at the time of locking if absent."""
    gold_field: str | None = None
    """Column of the right answer, for people; the prompt function is what reads it."""
    n_problems: Annotated[int, Field(gt=0, le=10_000_000)]
    """Number of problems; a dataset of another size is refused."""
    prompt: ImportPath
    """LightEval prompt function, `module:function`, dataset row to `Doc`."""
    prompt_seed: int | None = None
    """Seed of Python's `random` right before the prompts are made, for prompt functions that draw
    from it (GPQA's order of choices); the published protocol leaves it unseeded."""
    metric: ImportPath
    """LightEval sample-level metric, `module:attribute.path`, that grades one answer as 0 or 1."""
    max_new_tokens: Annotated[int, Field(gt=0)]
    """Generation limit, tokens; a longer answer is cut and counted as truncated."""
    expected_output_tokens: Annotated[float, Field(gt=0)] | None = None
    """Mean answer length, tokens, for estimates before there is a measurement."""
    margin_points: Annotated[float, Field(gt=0, le=100)]
    """Equivalence margin, percentage points: a difference this small is of no practical weight."""
    hub_benchmark: str | None = None
    """Id of its task in the `eval.yaml` of its dataset, where the hub lists that as a benchmark."""
    access: Literal["open", "gated"] = "open"
    """`gated`: the hub wants an accepted licence and a token."""
    caveats: tuple[str, ...] = ()
    """In what this differs from the published protocol without being another benchmark; stands on
    every result and beside every verdict, and decides none."""
    aliases: tuple[str, ...] = ()
    """Names that harnesses print for this benchmark, apart from its name and title."""
    note: str = ""
    """Known quirks."""
    reference: str = ""
    """Where these facts come from."""


class Stack(CatalogEntry):
    """A pinned software environment and what is known of its speed."""

    title: str
    """Name as people print it."""
    device: Literal["cpu", "cuda"]
    """Where the engine computes."""
    image: Name | None = None
    """Folder under `containers/` that builds it; no container if absent."""
    train_image: Name | None = None
    """The same for training, where it differs."""
    packages: dict[str, str]
    """Distribution name to version; another installed version is refused."""
    other_builds: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Distribution name to versions that are the same release, built otherwise, and computes the
    same here: they are taken too, and stand in the results."""
    dtype: Literal["float32", "bfloat16", "float16"]
    """Precision of weights and activations in the engine."""
    enforce_eager: bool
    """No graph compilation: slower, starts sooner."""
    max_num_seqs: Annotated[int, Field(gt=0)]
    """Sequences that the engine decodes at once."""
    kv_cache_gib: Annotated[float, Field(gt=0)] | None = None
    """Key-value cache, GiB; CPU engines need it stated."""
    gpu_memory_utilization: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of device memory the engine may take; CUDA only."""
    engine_threads: Annotated[int, Field(gt=0)] | None = None
    """CPU threads of an engine on the processor, where the user's environment does not say; the
    engine's own choice if absent."""
    train_threads: Annotated[int, Field(gt=0)] | None = None
    """CPU threads of torch in training; its own choice if absent."""
    price: Name
    """Default price entry."""
    output_tokens_per_second: Annotated[float, Field(gt=0)] | None = None
    """Generation speed for estimates before there is a measurement; unknown if absent."""
    load_seconds: Annotated[float, Field(ge=0)] | None = None
    """Engine start for estimates."""
    train_start_seconds: Annotated[float, Field(ge=0)] | None = None
    """What a training takes before its first step, for estimates; as an engine if absent."""
    train_seconds_per_step: Annotated[float, Field(gt=0)] | None = None
    """Optimizer step for estimates."""
    grade_start_seconds: Annotated[float, Field(ge=0)] | None = None
    """What grading takes before its first answer, for estimates; nothing if absent."""
    grade_seconds_per_sample: Annotated[float, Field(gt=0)] | None = None
    """Grading for estimates."""
    merge_seconds: Annotated[float, Field(ge=0)] | None = None
    """The merging of an embedded adapter, for estimates."""
    probe_seconds: Annotated[float, Field(gt=0)] | None = None
    """What the speed probe took on the machine of these figures: they are scaled by what it takes
    on the machine at hand (`planning.probe`). Figures count as they are if absent."""
    figures_reference: str = ""
    """Where the speed figures come from."""

    def takes(self, package: str, version: str | None) -> bool:
        """Whether this installed version of a package is one that results may be made with."""
        return version in (self.packages[package], *self.other_builds.get(package, ()))

    @model_validator(mode="after")
    def _names_no_build_of_another_package(self) -> "Stack":
        for name in self.other_builds:
            if name not in self.packages:
                raise contradiction("other_builds", f"{name!r}", "only names that 'packages' has")
        return self

    def package_gap(self, found: Mapping[str, str | None]) -> str | None:
        """How the installed versions differ from the pins and what to do; `None` if they do not."""
        wrong = [
            f"{name} {found.get(name) or 'not installed'} (wants {version})"
            for name, version in self.packages.items()
            if not self.takes(name, found.get(name))
        ]
        extra = "cuda" if self.device == "cuda" else "cpu"
        advice = f"install them with `pip install 'tina-bench[{extra}]'` or `make venv`."
        return f"pins packages that differ here: {', '.join(wrong)}; {advice}" if wrong else None


class Profile(CatalogEntry):
    """What `reproduce` means: which models, tasks, seeds and protocol."""

    title: str
    """Name as people print it."""
    models: tuple[Name, ...] = Field(min_length=1)
    """Models, in order."""
    tasks: tuple[Name, ...] = Field(min_length=1)
    """Tasks, in order."""
    seeds: tuple[int, ...] = Field(min_length=1)
    """Sample seeds; each makes one run of every task."""
    stack: Name
    """Software environment."""
    sampling: Sampling
    """How answers are drawn."""
    max_model_tokens: Annotated[int, Field(gt=0)]
    """Context length of the engine, prompt included, tokens."""
    answers_fill_context: bool = False
    """An answer may be as long as the context leaves room for, when that is less than its task's
    limit, as in the published protocol; otherwise such a prompt is refused."""
    remove_reasoning_tags: bool = True
    """Strip `<think>…</think>` before grading, as LightEval's pipeline does by default."""
    reference: str = ""
    """Where the protocol comes from."""

    @model_validator(mode="after")
    def _has_no_repeats(self) -> "Profile":
        for key in ("models", "tasks", "seeds"):
            values = getattr(self, key)
            if len(set(values)) != len(values):
                twice, _ = Counter(values).most_common(1)[0]
                raise contradiction(key, f"{twice!r} twice", f"every entry of '{key}' once")
        return self


class Price(CatalogEntry):
    """What an hour of a device costs."""

    device: str
    """Device as people print it, such as `NVIDIA L40S`."""
    gpu: Name | None = None
    """Short name that `--gpu` takes, such as `l40s`; absent for machines without one."""
    kind: Literal["on-demand", "spot"] = "on-demand"
    """Terms of rental."""
    confidence: Confidence | None = None
    """How sure the figure is."""
    billed_per: Literal["gpu", "machine"]
    """`gpu`: the price is per GPU-hour; `machine`: per hour of the whole machine."""
    price_usd_per_hour: Annotated[float, Field(ge=0)]
    """US dollars."""
    provider: str
    """The seller."""
    date: datetime.date | None = None
    """Day the price was seen, the first of the month where only that is known; `None`: undated."""
    source: str
    """Where the price was seen."""
    note: str = ""
    """Conditions."""


class Catalog(CatalogEntry):
    """Every entry by kind and name; made by `tina_bench.catalog.load`."""

    models: dict[Name, Model] = Field(default_factory=dict)
    tasks: dict[Name, Task] = Field(default_factory=dict)
    recipes: dict[Name, Recipe] = Field(default_factory=dict)
    claims: dict[Name, Claim] = Field(default_factory=dict)
    averages: dict[Name, AverageClaim] = Field(default_factory=dict)
    other_scores: dict[Name, OtherScore] = Field(default_factory=dict)
    costs: dict[Name, CostClaim] = Field(default_factory=dict)
    stacks: dict[Name, Stack] = Field(default_factory=dict)
    profiles: dict[Name, Profile] = Field(default_factory=dict)
    prices: dict[Name, Price] = Field(default_factory=dict)
    calibrations: dict[Name, Calibration] = Field(default_factory=dict)
