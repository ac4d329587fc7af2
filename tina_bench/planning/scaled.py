"""A request at another scale: the same request in the words of the scaled catalog."""

from dataclasses import replace

from tina_bench.catalog.scale import tiny_catalog, tiny_name
from tina_bench.catalog.schema import Catalog
from tina_bench.errors import UsageError
from tina_bench.planning.types import Request


def at_scale(request: Request, catalog: Catalog) -> tuple[Request, Catalog]:
    """Request and catalog to plan and to run with; the same two where no scale is requested.

    Models and profile get names of their own, so nothing that is made stands for the real thing.
    Raises `UsageError` for a model without a recipe, and for tasks that do not fit the
    embedded base.
    """
    if request.scale is None:
        return request, catalog
    for name in request.models or ():
        if name in catalog.models and catalog.models[name].recipe is None:
            raise UsageError(
                f"model {name} has no recipe, and --scale {request.scale} is about training; "
                "leave it out."
            )
    scaled = tiny_catalog(catalog)
    profile = tiny_name(request.profile)
    if request.profile in catalog.profiles and profile not in scaled.profiles:
        raise UsageError(
            f"profile {request.profile} has no model with a recipe, and --scale {request.scale} "
            "is about training."
        )
    fitting = scaled.profiles[profile].tasks if profile in scaled.profiles else ()
    for task in request.tasks or ():
        if task in catalog.tasks and task not in fitting:
            raise UsageError(
                f"task {task} does not fit the embedded base that --scale {request.scale} trains "
                f"on; choose from {', '.join(fitting)}, or leave --task out."
            )
    # A name that the catalog does not have stays as it is: the planner says that there is none.
    models = request.models and tuple(
        tiny_name(name) if name in catalog.models else name for name in request.models
    )
    if request.profile in catalog.profiles:
        request = replace(request, profile=profile)
    return replace(request, models=models), scaled
