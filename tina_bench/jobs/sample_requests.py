"""Which samples a set of runs consists of: prompts, seeds, keys, and the order of requests.

A sample is known by the hash of what makes it (prompt token ids, sampling parameters, sample seed,
weights and engine), never by its place in a list: adding a task or a seed changes no key.
"""

import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.errors import IntegrityError, UsageError
from tina_bench.files.hashing import digest
from tina_bench.jobs.context import Context
from tina_bench.jobs.engine import SampleRequest
from tina_bench.jobs.lighteval_tasks import TaskProblem, load_problems
from tina_bench.store.home import read_records
from tina_bench.store.job_folder import EvaluateInputs, Protocol
from tina_bench.store.records import Sample

PROTOCOL_DIGITS = 16
TOKENIZER_FILE = "tokenizer.json"
Lengths = dict[tuple[str, str], list[int]]
"""Answer lengths in tokens, by task and problem; the empty problem stands for the whole task."""


def protocol_digest(protocol: Protocol) -> str:
    """Hash of what is the same for all samples of a profile: sampling and context length."""
    parts = [protocol.sampling.model_dump(mode="json"), protocol.max_model_tokens]
    return digest([*parts, protocol.answers_fill_context])[:PROTOCOL_DIGITS]


def derive_seed(seed: int, task: str, problem: str) -> int:
    """The engine seed of one sample, 0 to 2⁶³−1.

    Derived, because one seed for all problems of a run would feed them the same random numbers and
    so make their outcomes dependent. Source of the construction: none; any hash would do.
    """
    data = f"{seed}\x1f{task}\x1f{problem}".encode()
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big") >> 1


@dataclass(frozen=True)
class WantedSample:
    """One sample that a run needs."""

    request: SampleRequest
    task: str
    problem: TaskProblem
    seed: int
    expected_tokens: float


def render_prompts(
    tokenizer: Any,
    problems: Iterable[TaskProblem],
    task: str,
    *,
    context_tokens: int,
    max_new_tokens: int,
    fill: bool = False,
) -> Iterator[tuple[TaskProblem, tuple[int, ...], int]]:
    """Each problem's prompt token ids and answer limit.

    The prompt is what LightEval's `PromptManager` renders with the chat template. No special tokens
    are added: the template has them (the published protocol adds a second BOS). Raises `UsageError`
    when a prompt and a full answer do not fit the context, unless answers may `fill` what is left:
    cutting the prompt would be another benchmark.
    """
    from lighteval.tasks.prompt_manager import PromptManager

    manager = PromptManager(use_chat_template=True, tokenizer=tokenizer)
    for problem in problems:
        text = manager.prepare_prompt(problem.doc)
        ids = prompt_ids(tokenizer, text)
        room = context_tokens - len(ids)
        if room < (1 if fill else max_new_tokens):
            raise UsageError(
                f"task {task}, problem {problem.index}: the prompt has {len(ids)} tokens, and with "
                f"{max_new_tokens} for the answer it does not fit the context of "
                f"{context_tokens}; raise the profile's max_model_tokens or lower the task's "
                "max_new_tokens."
            )
        yield problem, ids, min(room, max_new_tokens)


def load_tokenizer(folder: Path) -> Any:
    """The model's own tokenizer, from local files, without running any code of theirs.

    `tokenizer.json` counts as it stands: transformers 5 rebuilds a Qwen2 model's tokenizer with a
    normaliser and a splitting rule of its own (`AutoTokenizer`), which makes other prompts of the
    same text where the file says otherwise.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    whole = (folder / TOKENIZER_FILE).is_file()
    shape = PreTrainedTokenizerFast if whole else AutoTokenizer
    return shape.from_pretrained(folder, trust_remote_code=False, local_files_only=True)


@functools.cache
def _rules(file: Path) -> Any:
    from tokenizers import Tokenizer

    rules = Tokenizer.from_file(str(file))
    rules.no_truncation()
    rules.no_padding()
    return rules


def prompt_ids(tokenizer: Any, text: str) -> tuple[int, ...]:
    """Token ids of a rendered prompt, no special tokens added.

    Raises `IntegrityError` when they are not those of the model's own `tokenizer.json`, where there
    is one: other ids are another prompt, and nothing would say so.
    """
    ids = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
    file = Path(tokenizer.name_or_path) / TOKENIZER_FILE
    if file.is_file() and list(ids) != _rules(file).encode(text, add_special_tokens=False).ids:
        raise IntegrityError(
            f"{file}: found {type(tokenizer).__name__} making other token ids of a prompt than the "
            "file's own rules, expected the same; the installed transformers changes this "
            "tokenizer, so nothing was sampled."
        )
    return ids


def all_wanted(
    context: Context, inputs: EvaluateInputs, identity: str, tokenizer: Any
) -> tuple[list[WantedSample], dict[str, str]]:
    """Every sample that the folder's runs consist of, and each task's hash over its prompts."""
    protocol = inputs.protocol
    seeds: dict[str, list[int]] = {}
    for job in context.folder.jobs:
        assert job.task is not None
        assert job.seed is not None
        seeds.setdefault(job.task, []).append(job.seed)
    sampling = protocol.sampling.model_dump(mode="json")
    wanted: list[WantedSample] = []
    prompts_sha256: dict[str, str] = {}
    for name in sorted(seeds):
        task = protocol.tasks[name]
        problems = load_problems(name, task, protocol.datasets[name], context.home.root)
        rendered = list(
            render_prompts(
                tokenizer,
                problems,
                name,
                context_tokens=protocol.max_model_tokens,
                max_new_tokens=task.max_new_tokens,
                fill=protocol.answers_fill_context,
            )
        )
        prompts_sha256[name] = digest([[problem.id, list(ids)] for problem, ids, _ in rendered])
        for problem, ids, max_new_tokens in rendered:
            for seed in seeds[name]:
                sample_seed = derive_seed(seed, name, problem.id)
                key = digest(
                    {
                        "prompt_token_ids": list(ids),
                        "sampling": sampling,
                        "max_new_tokens": max_new_tokens,
                        "sample_seed": sample_seed,
                        "identity": identity,
                    }
                )
                wanted.append(
                    WantedSample(
                        SampleRequest(key, ids, sample_seed, max_new_tokens),
                        name,
                        problem,
                        seed,
                        task.expected_output_tokens or float(task.max_new_tokens),
                    )
                )
    return wanted, prompts_sha256


def read_known(path: Path) -> tuple[set[str], Lengths]:
    """Keys of the samples in a log, and the lengths of the answers; their texts are not kept."""
    keys: set[str] = set()
    lengths: Lengths = {}
    for sample in read_records(path, Sample):
        keys.add(sample.key)
        for place in ((sample.task, sample.problem), (sample.task, "")):
            lengths.setdefault(place, []).append(sample.tokens_out)
    return keys, lengths


def longest_first(wanted: list[WantedSample], lengths: Lengths) -> list[WantedSample]:
    """Order by expected answer length, longest first, so that no long answer starts last.

    Expected: the mean of the problem's answers so far, else of its task's, else the catalog's.
    """
    mean = {key: sum(values) / len(values) for key, values in lengths.items()}

    def expected(item: WantedSample) -> float:
        of_task = mean.get((item.task, ""), item.expected_tokens)
        return mean.get((item.task, item.problem.id), of_task)

    return sorted(wanted, key=lambda item: (-expected(item), item.request.key))
