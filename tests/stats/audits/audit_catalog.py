"""Catalogs made up for audits: what a test does not name is plain."""

from typing import Any

from tina_bench.catalog.schema import AverageClaim, Catalog, Claim, Model, Task

SIZES = {"aime": 30, "amc": 40, "math": 500}


def make_task(n: int) -> Task:
    return Task(
        title="t",
        source="hub",
        dataset="d",
        split="train",
        n_problems=n,
        prompt="a:b",
        metric="a:b",
        max_new_tokens=100,
        margin_points=5.0,
    )


def make_model(**changes: Any) -> Model:
    values = {"title": "m", "kind": "baseline", "family": "f", "source": "unpublished"}
    return Model(**{**values, **changes})


def make_claim(value: float = 50.0, **changes: Any) -> Claim:
    values = {
        "model": "m",
        "task": "aime",
        "value_percent": value,
        "decimals": 2,
        "runs": 1,
        "who": "the authors",
        "source": "Table 3",
        "confidence": "read",
    }
    return Claim(**{**values, **changes})


def make_average(value: float, **changes: Any) -> AverageClaim:
    values = {
        "model": "m",
        "tasks": ("aime", "amc", "math"),
        "value_percent": value,
        "decimals": 2,
        "who": "the authors",
        "source": "Table 3",
        "confidence": "read",
    }
    return AverageClaim(**{**values, **changes})


def make_catalog(
    claims: dict[str, Claim] | list[Claim] | None = None,
    averages: dict[str, AverageClaim] | None = None,
    models: dict[str, Model] | None = None,
    sizes: dict[str, int] | None = None,
) -> Catalog:
    """Models that claims name are there without being asked for."""
    named = (
        claims
        if isinstance(claims, dict)
        else {f"c{index}": claim for index, claim in enumerate(claims or [])}
    )
    mentioned = {c.model for c in [*named.values(), *(averages or {}).values()]}
    return Catalog(
        claims=named,
        averages=averages or {},
        models={**{name: make_model(title=name) for name in mentioned}, **(models or {})},
        tasks={name: make_task(n) for name, n in (sizes or SIZES).items()},
    )
