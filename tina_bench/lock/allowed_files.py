"""Which files of a repository are ever locked: data, and never anything that can run.

Weights come as safetensors only. Pickles, Python files and archives are not named here, and what is
not named here is never downloaded.
"""

import re

from tina_bench.errors import LockError
from tina_bench.lock.hub_client import Kind
from tina_bench.lock.lockfile import is_safe_name

MODEL_FILES = frozenset({
    "added_tokens.json",
    "chat_template.jinja",
    "chat_template.json",
    "config.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors",
    "model.safetensors.index.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
})  # fmt: skip
SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
ADAPTER_FILES = frozenset({"adapter_config.json", "adapter_model.safetensors"})
DATA = re.compile(r".*\.(parquet|jsonl|json|csv|tsv|txt|arrow)(\.(gz|bz2|xz|zst))?", re.IGNORECASE)
CARD = "README.md"
"""A dataset's card: its head says which files are which configuration and split."""
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt", ".msgpack", ".h5")


def select(
    what: str, names: list[str], *, kind: Kind, subfolder: str | None, adapter: bool
) -> list[str]:
    """The file names to lock, relative to `subfolder`, sorted.

    Raises `LockError` when a name leads out of its folder, or when what is needed is not there.
    """
    for name in names:
        if not is_safe_name(name):
            raise LockError(
                f"{what}: found a file named {name!r}, expected paths inside the repository; "
                "nothing of it is used."
            )
    prefix = f"{subfolder}/" if subfolder else ""
    inside = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    if subfolder and not inside:
        raise LockError(f"{what}: found no folder {subfolder!r} in the repository, expected one.")
    if kind == "dataset":
        return _dataset(what, inside)
    return _adapter(what, inside) if adapter else _model(what, inside)


def _dataset(what: str, names: list[str]) -> list[str]:
    chosen = [name for name in names if name == CARD or DATA.fullmatch(name)]
    if chosen in ([], [CARD]):
        raise LockError(
            f"{what}: found no data files (parquet, jsonl, json, csv), expected some; a dataset "
            "that only a program can read is not used."
        )
    return sorted(chosen)


def _adapter(what: str, names: list[str]) -> list[str]:
    missing = sorted(ADAPTER_FILES - set(names))
    if missing:
        raise LockError(f"{what}: found no {' and no '.join(missing)}{_pickled(names)}.")
    return sorted(ADAPTER_FILES)


def _model(what: str, names: list[str]) -> list[str]:
    chosen = {name for name in names if name in MODEL_FILES or SHARD.fullmatch(name)}
    if "model.safetensors" in chosen:
        # With the whole file there, an index and its shards would be the same weights again.
        chosen = {name for name in chosen if not SHARD.fullmatch(name)}
        chosen.discard("model.safetensors.index.json")
    elif not ("model.safetensors.index.json" in chosen and any(map(SHARD.fullmatch, chosen))):
        raise LockError(
            f"{what}: found no model.safetensors, whole or in shards with an index"
            f"{_pickled(names)}."
        )
    if "config.json" not in chosen:
        raise LockError(f"{what}: found no config.json, expected one beside the weights.")
    return sorted(chosen)


def _pickled(names: list[str]) -> str:
    found = sorted(name for name in names if name.lower().endswith(PICKLES))
    if not found:
        return ""
    return (
        f"; found {', '.join(found[:3])}, which are not used: weights come as safetensors only, "
        "for other formats can run code"
    )
