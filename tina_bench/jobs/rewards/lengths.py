"""Rewards that weigh an answer by how long its completion is."""

import math
from typing import Any

from tina_bench.jobs.rewards.verify import completion_text, verdicts


def length(
    completions: list[Any], gold: list[str], *, group_size: int, **_: Any
) -> list[float | None]:
    """From 0.5 for the shortest completion of a prompt down to -0.5 for its longest.

    λ = 0.5 − (l − l_min) / (l_max − l_min), and min(0, λ) for a wrong answer; 0 for all where all
    are equally long. Source: Kimi k1.5 (arXiv 2501.12599). As in Tina's
    `tina/post_train_hf/rewards.py` at c6274cd, l counts characters, and an answer whose gold one
    is unreadable passes for right. `group_size` is G: completions of one prompt stand together.
    """
    rights, lengths = verdicts(completions, gold), _characters(completions)
    made: list[float | None] = []
    for start in range(0, len(lengths), group_size):
        group = lengths[start : start + group_size]
        shortest, longest = min(group), max(group)
        for right, own in zip(rights[start : start + group_size], group, strict=True):
            if longest == shortest:
                made.append(0.0)
                continue
            share = 0.5 - (own - shortest) / (longest - shortest)
            made.append(min(0.0, share) if right is False else share)
    return made


def _characters(completions: list[Any]) -> list[int]:
    return [len(completion_text(completion)) for completion in completions]


def cosine(
    completions: list[Any],
    gold: list[str],
    *,
    min_value_wrong: float,
    max_value_wrong: float,
    min_value_correct: float,
    max_value_correct: float,
    max_len_characters: float | None = None,
    max_len_tokens: float | None = None,
    completion_ids: list[list[int]] | None = None,
    **_: Any,
) -> list[float | None]:
    """Half a cosine wave over the length l, from a value at l = 0 to another at l = l_max.

    r = a + (b − a)(1 + cos(π l / l_max)) / 2, where a right answer has a = `min_value_correct` and
    b = `max_value_correct`, a wrong one a = `max_value_wrong` and b = `min_value_wrong`; `None`
    where the gold answer is unreadable (the published code gives 1 to the whole group, which moves
    nothing either). Source: Yeo et al. 2025 (arXiv 2502.03373), appendix C.1.

    Against `max_len_tokens` the completion's tokens count, as described there. Against
    `max_len_characters` its characters do, as in Tina's `tina/post_train_hf/rewards.py` at c6274cd
    (facts, section 3.2), and nothing is clamped: beyond l_max the wave turns back.
    """
    if max_len_tokens is not None:
        assert completion_ids is not None
        lengths, longest = [len(ids) for ids in completion_ids], max_len_tokens
    else:
        assert max_len_characters is not None
        lengths, longest = _characters(completions), max_len_characters
    made: list[float | None] = []
    for right, own in zip(verdicts(completions, gold), lengths, strict=True):
        if right is None:
            made.append(None)
            continue
        far, near = (
            (min_value_correct, max_value_correct) if right else (max_value_wrong, min_value_wrong)
        )
        made.append(far + (near - far) * (1 + math.cos(math.pi * own / longest)) / 2)
    return made


def length_l1_exact(
    completions: list[Any],
    gold: list[str],
    target_tokens: list[int],
    completion_ids: list[list[int]],
    *,
    alpha: float,
    **_: Any,
) -> list[float | None]:
    """1 for a right answer, less `alpha` for every token that it is off the prompt's target.

    r = 1[right] − α |n_target − n|; an answer whose gold one is unreadable passes for right.
    Source: L1 (Aggarwal and Welleck 2025, arXiv 2503.04697), L1-Exact. Tina's code of that name
    cannot run (it subtracts a list from a number), so there is no other meaning to keep.
    """
    rights = verdicts(completions, gold)
    return [
        float(right is not False) - alpha * abs(target - len(ids))
        for right, target, ids in zip(rights, target_tokens, completion_ids, strict=True)
    ]


def length_l1_max(
    completions: list[Any],
    gold: list[str],
    target_tokens: list[int],
    completion_ids: list[list[int]],
    *,
    alpha: float,
    delta: float,
    **_: Any,
) -> list[float | None]:
    """For a right answer 0 to 1, the more the further it stays below the prompt's target; else 0.

    r = 1[right] · clip(α (n_target − n) + δ, 0, 1); an answer whose gold one is unreadable passes
    for right. Source: L1 (arXiv 2503.04697), L1-Max; see `length_l1_exact`.
    """
    rights = verdicts(completions, gold)
    return [
        (right is not False) * min(1.0, max(0.0, alpha * (target - len(ids)) + delta))
        for right, target, ids in zip(rights, target_tokens, completion_ids, strict=True)
    ]
