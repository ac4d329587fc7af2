"""What others say that the same work cost them, to stand beside an estimate."""

from collections.abc import Iterable

from tina_bench.catalog.schema import Catalog, CostClaim


def published_costs(catalog: Catalog, models: Iterable[str]) -> dict[str, CostClaim]:
    """Every cost with a sum, by each source that published the cost of one of these models.

    Whole tables, rows and totals, in catalog order; none for models without a published cost.
    """
    wanted = set(models)
    who = {claim.who for claim in catalog.costs.values() if claim.model in wanted}
    return {
        name: claim
        for name, claim in catalog.costs.items()
        if claim.who in who and claim.total_usd is not None
    }
