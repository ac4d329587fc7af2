"""Records, claims and tasks made up for tests: what a test does not name is plain."""

import numpy as np

from tina_bench.catalog.schema import AverageClaim, Claim, Sampling, Task
from tina_bench.store.records import ProblemOutcome, Provenance, ResultRecord


def make_provenance(stack="current", deviations=(), until_decided=None, **sampling):
    # Only what statistics read: the rest of a provenance is the store's business.
    return Provenance.model_construct(
        stack=stack,
        sampling={"temperature": 0.6, "top_p": 0.95, "top_k": -1, **sampling},
        grader={"metric": "a:b"},
        prompts_sha256="0" * 64,
        deviations=deviations,
        until_decided=until_decided,
    )


PLAIN = make_provenance()


def make_record(correct, model="tina", task="aime", ids=None, provenance=PLAIN, **columns):
    """`correct`: n x k of anything that is true or false; `columns` of the same shape."""
    correct = np.asarray(correct, dtype=bool)
    n, k = correct.shape
    filled = {
        "correct": correct,
        "undecided": np.zeros((n, k), bool),
        "answered": np.ones((n, k), bool),
        "truncated": np.zeros((n, k), bool),
        "tokens_out": np.full((n, k), 100),
        **columns,
    }
    rows = {name: np.asarray(values).tolist() for name, values in filled.items()}
    return ResultRecord(
        model=model,
        task=task,
        seeds=tuple(range(k)),
        problems=tuple(
            ProblemOutcome(
                problem=f"p{index:04d}" if ids is None else ids[index],
                index=index,
                **{name: tuple(values[index]) for name, values in rows.items()},
            )
            for index in range(n)
        ),
        provenance=provenance,
    )


def make_solved(counts, k, **rest):
    """A record in which problem i is solved in `counts[i]` of `k` runs."""
    return make_record(np.arange(k)[None, :] < np.asarray(counts)[:, None], **rest)


def make_task(n=30, margin=5.0):
    return Task(
        title="AIME",
        source="hub",
        dataset="d",
        split="train",
        n_problems=n,
        prompt="a:b",
        metric="a:b",
        max_new_tokens=100,
        margin_points=margin,
    )


def make_claim(value=50.0, **changes):
    return Claim(
        **{
            "model": "tina",
            "task": "aime",
            "value_percent": value,
            "decimals": 2,
            "runs": 1,
            "who": "the authors",
            "source": "Table 3",
            "confidence": "read",
            **changes,
        }
    )


def make_average_claim(value=50.0, **changes):
    return AverageClaim(
        **{
            "model": "tina",
            "tasks": ("aime", "amc"),
            "value_percent": value,
            "decimals": 2,
            "runs": 1,
            "who": "the authors",
            "source": "Table 3",
            "confidence": "read",
            **changes,
        }
    )


def make_sampling(**changes):
    return Sampling(**{"temperature": 0.6, "top_p": 0.95, **changes})
