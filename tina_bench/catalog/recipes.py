"""How adapters are trained: the frozen shape of a recipe and of its parts."""

import math
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tina_bench.catalog.fields import CatalogEntry, Commit, Name, Sha256

RewardName = Literal[
    "accuracy",
    "format",
    "tag_count",
    "length",
    "reasoning_steps",
    "cosine",
    "repetition_penalty",
    "length_l1_exact",
    "length_l1_max",
]


class Lora(CatalogEntry):
    """LoRA settings (Hu et al. 2021, arXiv 2106.09685)."""

    rank: Annotated[int, Field(gt=0)]
    """r."""
    alpha: Annotated[float, Field(gt=0)]
    """Scale numerator: the update is multiplied by alpha / r."""
    dropout: Annotated[float, Field(ge=0, lt=1)]
    """Share of adapter inputs dropped in training."""
    target_modules: tuple[str, ...]
    """Names of the linear layers that get an adapter."""


class Grpo(CatalogEntry):
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
    max_prompt_length: Annotated[int, Field(gt=0)] | None = None
    """Longest prompt, tokens; no limit if absent."""
    max_completion_length: Annotated[int, Field(gt=0)]
    """Longest completion, tokens."""
    vllm_gpu_memory_utilization: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of device memory of the engine that generates beside the trainer; CUDA only."""
    vllm_max_model_len: Annotated[int, Field(gt=0)] | None = None
    """Context of that engine, tokens, prompt included; prompt + completion if absent."""
    mask_truncated_completions: bool = False
    """Leave completions that hit the limit out of the loss."""


class Optimizer(CatalogEntry):
    """Optimizer and schedule, spelled as transformers' `TrainingArguments` does."""

    learning_rate: Annotated[float, Field(gt=0)]
    """Peak learning rate."""
    lr_scheduler_type: str
    """Schedule name."""
    lr_scheduler_kwargs: dict[str, float] = Field(default_factory=dict)
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
    num_gpus: Annotated[int, Field(gt=0)] = 1
    """Devices that the batch is spread over; fewer devices accumulate more micro-steps."""
    num_train_epochs: Annotated[float, Field(gt=0)] | None = None
    """Length of the schedule, passes over the data, where there is no `max_steps`."""
    max_steps: Annotated[int, Field(gt=0)] | None = None
    """Length of the schedule, optimizer steps."""
    stop_step: Annotated[int, Field(gt=0)] | None = None
    """Step after which training stops; its end if absent."""
    save_steps: Annotated[int, Field(gt=0)]
    """Steps between checkpoints."""
    bf16: bool
    """Train in bfloat16 autocast; otherwise float32."""

    @model_validator(mode="after")
    def _stops_within_schedule(self) -> "Optimizer":
        if (self.max_steps is None) == (self.num_train_epochs is None):
            raise ValueError("one of 'max_steps' and 'num_train_epochs'")
        if self.max_steps and self.stop_step and self.stop_step > self.max_steps:
            raise ValueError(
                f"'stop_step' ({self.stop_step}) not beyond 'max_steps' ({self.max_steps})"
            )
        return self


class PublishedText(CatalogEntry):
    """A text that stands in a published source file: named here and fetched, never copied."""

    url: str
    """Raw file at a commit."""
    sha256: Sha256
    """Of the whole file."""
    constant: str
    """Name of the top-level Python string constant that holds the text."""


class Variant(StrEnum):
    """Which of two recipes a name stands for, where published code and paper disagree."""

    AS_PUBLISHED_CODE = "as-published-code"
    AS_DESCRIBED = "as-described"


class Reward(CatalogEntry):
    """One reward function and its weight in the sum."""

    function: RewardName
    """Name in `tina_bench.jobs.rewards`."""
    weight: Annotated[float, Field(gt=0)]
    """Factor in the sum of rewards."""
    parameters: dict[str, float] = Field(default_factory=dict)
    """Bounds and constants that the function takes, by their published names."""


class Recipe(CatalogEntry):
    """How an adapter is trained."""

    title: str
    """Name as people print it."""
    base: Name
    """Model that the adapter stands on."""
    dataset: str
    """Training data: `embedded:NAME` or a hub dataset id."""
    dataset_subset: str = "default"
    """Hub configuration name."""
    dataset_split: str = "train"
    """Split that is trained on."""
    dataset_revision: Commit | None = None
    """Dataset commit to lock; the tip of `main` at the time of locking if absent."""
    problem_field: str = "problem"
    """Column of the question."""
    answer_field: str = "answer"
    """Column of the right answer."""
    dataset_seed: int = 0
    """Seed of the generator, for generated data."""
    dataset_size: Annotated[int, Field(gt=0)] | None = None
    """Number of training problems, the first of the data; all of it if absent."""
    system_prompt: str | None = None
    """System prompt of the training conversations."""
    system_prompt_from: PublishedText | None = None
    """The same, where it is a published text."""
    chat_template_from: PublishedText | None = None
    """Chat template of training, where it is not the base's own."""
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
    unused_settings: dict[str, str | float | bool] = Field(default_factory=dict)
    """What else the published file sets, as it stands there; nothing here reads it."""
    variant: Variant | None = None
    """Where published code and paper disagree: which of them this recipe follows."""
    twin: Name | None = None
    """The recipe that follows the other."""
    deviations: tuple[str, ...] = ()
    """In what this differs from the recipe that it stands for; goes onto every result."""
    note: str = ""
    """Known defects and what they do."""
    reference: str = ""
    """Where these facts come from."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Recipe":
        if self.system_prompt is not None and self.system_prompt_from is not None:
            raise ValueError("one of 'system_prompt' and 'system_prompt_from'")
        if (self.variant is None) != (self.twin is None):
            raise ValueError("'variant' and 'twin' go together")
        return self

    @property
    def prompts_per_step(self) -> float:
        """Distinct prompts of one optimizer step: completions of it over G."""
        optimizer = self.optimizer
        completions = (
            optimizer.per_device_train_batch_size
            * optimizer.gradient_accumulation_steps
            * optimizer.num_gpus
        )
        return completions / self.grpo.num_generations

    @property
    def steps(self) -> int | None:
        """Optimizer steps until it stops; `None` where only the size of the data would tell."""
        optimizer = self.optimizer
        if optimizer.stop_step is not None or optimizer.max_steps is not None:
            return optimizer.stop_step or optimizer.max_steps
        if self.dataset_size is None or optimizer.num_train_epochs is None:
            return None
        return math.ceil(self.dataset_size / self.prompts_per_step * optimizer.num_train_epochs)
