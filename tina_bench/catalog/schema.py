"""What exists and what was claimed: the frozen shapes of every catalog entry.

A catalog file is TOML with any of the tables `models`, `tasks`, `recipes`, `claims`, `stacks`,
`profiles`, `prices`, each entry under its name. Unknown keys are errors: a key that nobody reads is
how the published Dr.GRPO recipe came to train plain GRPO.
"""

import datetime
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
ImportPath = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]


class Entry(BaseModel):
    """Common behaviour: frozen, no unknown keys, field docstrings become descriptions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class ModelKind(StrEnum):
    """What a set of weights is in this comparison."""

    BASE = "base"
    BASELINE = "baseline"
    ADAPTER = "adapter"


class Source(StrEnum):
    """Where bytes come from."""

    EMBEDDED = "embedded"
    HUB = "hub"
    RECIPE = "recipe"


class Model(Entry):
    """A set of weights under test."""

    title: str
    """Name as people print it."""
    kind: ModelKind
    """`base`, `baseline` (full weights) or `adapter` (LoRA on a base)."""
    family: str
    """Heading that the board groups it under."""
    source: Source
    """`embedded` in this package, `hub` download, or trained here from a `recipe`."""
    repo: str | None = None
    """Hub repository id; only with source `hub`."""
    subfolder: str | None = None
    """Folder inside the repository, as for one checkpoint of many; only with source `hub`."""
    base: Name | None = None
    """The model an adapter stands on."""
    recipe: Name | None = None
    """How it is trained: required for source `recipe`, informative otherwise."""
    max_model_tokens: Annotated[int, Field(gt=0)] | None = None
    """Context length in tokens, prompt included, when it is shorter than the protocol's."""
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
        if self.source is Source.RECIPE and self.recipe is None:
            raise ValueError("source 'recipe' needs 'recipe'")
        return self


class Task(Entry):
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
    n_problems: Annotated[int, Field(gt=0)]
    """Number of problems; a dataset of another size is refused."""
    prompt: ImportPath
    """LightEval prompt function, `module:function`, dataset row to `Doc`."""
    metric: ImportPath
    """LightEval sample-level metric, `module:attribute.path`, that grades one answer as 0 or 1."""
    max_new_tokens: Annotated[int, Field(gt=0)]
    """Generation limit, tokens; a longer answer is cut and counted as truncated."""
    expected_output_tokens: Annotated[float, Field(gt=0)] | None = None
    """Mean answer length, tokens, for estimates before there is a measurement."""
    margin_points: Annotated[float, Field(gt=0)]
    """Equivalence margin, percentage points: a difference this small is of no practical weight."""
    access: Literal["open", "gated"] = "open"
    """`gated`: the hub wants an accepted licence and a token."""
    note: str = ""
    """Known quirks."""
    reference: str = ""
    """Where these facts come from."""


class Lora(Entry):
    """LoRA settings (Hu et al. 2021, arXiv 2106.09685)."""

    rank: Annotated[int, Field(gt=0)]
    """r."""
    alpha: Annotated[float, Field(gt=0)]
    """Scale numerator: the update is multiplied by alpha / r."""
    dropout: Annotated[float, Field(ge=0, lt=1)]
    """Share of adapter inputs dropped in training."""
    target_modules: tuple[str, ...]
    """Names of the linear layers that get an adapter."""


class Grpo(Entry):
    """GRPO settings (Shao et al. 2024, arXiv 2402.03300), spelled as TRL's `GRPOConfig` does."""

    loss_type: Literal["grpo", "dr_grpo", "bnpo", "dapo"]
    """How token losses are averaged."""
    scale_rewards: Literal["group", "batch", "none"]
    """What advantages are divided by; `none` is Dr.GRPO (arXiv 2503.20783)."""
    beta: Annotated[float, Field(ge=0)]
    """KL coefficient against the base."""
    num_generations: Annotated[int, Field(gt=1)]
    """G: completions a prompt."""
    num_iterations: Annotated[int, Field(gt=0)] = 1
    """mu: optimizer passes over one batch of completions."""
    epsilon: Annotated[float, Field(gt=0)] = 0.2
    """Clip range of the probability ratio."""
    temperature: Annotated[float, Field(gt=0)]
    """Sampling temperature during training."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus mass during training."""
    max_completion_length: Annotated[int, Field(gt=0)]
    """Longest completion, tokens."""
    mask_truncated_completions: bool = False
    """Leave completions that hit the limit out of the loss."""


class Optimizer(Entry):
    """Optimizer and schedule, spelled as transformers' `TrainingArguments` does."""

    learning_rate: Annotated[float, Field(gt=0)]
    """Peak learning rate."""
    lr_scheduler_type: str
    """Schedule name."""
    lr_scheduler_kwargs: dict[str, float] = {}
    """Schedule parameters, such as `min_lr_rate`."""
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)]
    """Share of `max_steps` spent warming up."""
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    """Gradient clip."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Decoupled weight decay."""
    per_device_train_batch_size: Annotated[int, Field(gt=0)]
    """Completions a device and micro-step."""
    gradient_accumulation_steps: Annotated[int, Field(gt=0)]
    """Micro-steps an optimizer step."""
    max_steps: Annotated[int, Field(gt=0)]
    """Length of the schedule, optimizer steps."""
    stop_step: Annotated[int, Field(gt=0)]
    """Step after which training stops and the adapter is taken."""
    save_steps: Annotated[int, Field(gt=0)]
    """Steps between checkpoints."""
    bf16: bool
    """Train in bfloat16 autocast; otherwise float32."""

    @model_validator(mode="after")
    def _stops_within_schedule(self) -> "Optimizer":
        if self.stop_step > self.max_steps:
            raise ValueError(
                f"'stop_step' ({self.stop_step}) not beyond 'max_steps' ({self.max_steps})"
            )
        return self


class Reward(Entry):
    """One reward function and its weight in the sum."""

    function: Literal["accuracy", "format"]
    """Name in `tina_bench.jobs.rewards`."""
    weight: Annotated[float, Field(gt=0)]
    """Factor in the sum of rewards."""


class Recipe(Entry):
    """How an adapter is trained."""

    title: str
    """Name as people print it."""
    base: Name
    """Model that the adapter stands on."""
    dataset: str
    """Training data: `embedded:NAME` or a hub dataset id."""
    dataset_seed: int = 0
    """Seed of the generator, for generated data."""
    dataset_size: Annotated[int, Field(gt=0)]
    """Number of training problems."""
    system_prompt: str | None = None
    """System prompt of the training conversations."""
    seed: int
    """Seed of TRL's trainer: data order, sampling, adapter initialisation."""
    rewards: tuple[Reward, ...] = Field(min_length=1)
    """Reward functions, summed with their weights."""
    lora: Lora
    """Adapter shape."""
    grpo: Grpo
    """Policy-gradient settings."""
    optimizer: Optimizer
    """Optimizer and schedule."""
    reference: str = ""
    """Where these facts come from."""


class Sampling(Entry):
    """How answers are drawn."""

    temperature: Annotated[float, Field(ge=0)]
    """0 is greedy."""
    top_p: Annotated[float, Field(gt=0, le=1)]
    """Nucleus mass."""
    top_k: int = -1
    """-1: off."""


class Stack(Entry):
    """A pinned software environment and what is known of its speed."""

    title: str
    """Name as people print it."""
    device: Literal["cpu", "cuda"]
    """Where the engine computes."""
    packages: dict[str, str]
    """Distribution name to version; another installed version is refused."""
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
    train_threads: Annotated[int, Field(gt=0)] | None = None
    """CPU threads of torch in training; its own choice if absent."""
    price: Name
    """Default price entry."""
    output_tokens_per_second: Annotated[float, Field(gt=0)] | None = None
    """Generation speed for estimates before there is a measurement; unknown if absent."""
    load_seconds: Annotated[float, Field(ge=0)] | None = None
    """Engine start for estimates."""
    train_seconds_per_step: Annotated[float, Field(gt=0)] | None = None
    """Optimizer step for estimates."""
    grade_seconds_per_sample: Annotated[float, Field(gt=0)] | None = None
    """Grading for estimates."""
    figures_reference: str = ""
    """Where the speed figures come from."""

    def package_gap(self, found: Mapping[str, str | None]) -> str | None:
        """How the installed versions differ from the pins and what to do; `None` if they do not."""
        wrong = [
            f"{name} {found.get(name) or 'not installed'} (wants {version})"
            for name, version in self.packages.items()
            if found.get(name) != version
        ]
        extra = "cuda" if self.device == "cuda" else "cpu"
        advice = f"install them with `pip install 'tina-bench[{extra}]'` or `make venv`."
        return f"pins packages that differ here: {', '.join(wrong)}; {advice}" if wrong else None


class Profile(Entry):
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
    remove_reasoning_tags: bool = True
    """Strip `<think>…</think>` before grading, as LightEval's pipeline does by default."""
    reference: str = ""
    """Where the protocol comes from."""

    @model_validator(mode="after")
    def _has_no_repeats(self) -> "Profile":
        for key in ("models", "tasks", "seeds"):
            values = getattr(self, key)
            if len(set(values)) != len(values):
                raise ValueError(f"every entry of '{key}' once")
        return self


class Confidence(StrEnum):
    """How sure we are that the figure was published as it stands here."""

    MEASURED = "measured"
    READ = "read"
    THREAD = "thread"
    PAGE = "page"
    SECONDARY = "secondary"
    DERIVED = "derived"


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
    who: str
    """Who says so."""
    source: str
    """Paper, version and table; or file and commit."""
    confidence: Confidence
    """How sure we are that this is what was published."""
    stack: Name | None = None
    """Stack it was measured with, when it is one of the catalog's."""
    sampling: Sampling | None = None
    """Protocol it was measured with, where known."""
    note: str = ""
    """What a reader must know, mismatches in the source included."""

    @model_validator(mode="after")
    def _training_spread_is_whole(self) -> "Claim":
        if (self.trainings is None) != (self.training_sd_points is None):
            raise ValueError("'trainings' and 'training_sd_points' go together")
        return self


class Price(Entry):
    """What an hour of a device costs."""

    device: str
    """Device as people print it, such as `NVIDIA L40S`."""
    billed_per: Literal["gpu", "machine"]
    """`gpu`: the price is per GPU-hour; `machine`: per hour of the whole machine."""
    price_usd_per_hour: Annotated[float, Field(ge=0)]
    """US dollars."""
    provider: str
    """Who sells it."""
    date: datetime.date | None = None
    """When the price was seen."""
    source: str
    """Where the price was seen."""
    note: str = ""
    """Conditions."""


class Catalog(Entry):
    """Every entry by kind and name; made by `tina_bench.catalog.load`."""

    models: dict[Name, Model] = {}
    tasks: dict[Name, Task] = {}
    recipes: dict[Name, Recipe] = {}
    claims: dict[Name, Claim] = {}
    stacks: dict[Name, Stack] = {}
    profiles: dict[Name, Profile] = {}
    prices: dict[Name, Price] = {}
