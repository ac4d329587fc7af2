"""What others say that the same work cost them, to stand beside an estimate."""

from collections.abc import Iterable

from tina_bench.catalog.schema import Catalog, CostClaim


def published_costs(catalog: Catalog, models: Iterable[str]) -> dict[str, CostClaim]:
    """Every cost with a sum that was published by whoever published one of these models' costs.

    Whole tables, rows and totals, in catalog order; none for models that nobody has a cost of.
    """
    wanted = set(models)
    who = {claim.who for claim in catalog.costs.values() if claim.model in wanted}
    return {
        name: claim
        for name, claim in catalog.costs.items()
        if claim.who in who and claim.total_usd is not None
    }
