"""Which image each kind of job runs in: looked up once, known by its id, held to what it says."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tina_bench.catalog.schema import Stack
from tina_bench.containers.engine import LocalImage, local_image
from tina_bench.errors import BlockedError, UsageError
from tina_bench.running.failures import RunnerFailure
from tina_bench.store.job_folder import FailureKind
from tina_bench.store.records import JobKind

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class StackImages:
    """The images of one stack, as they were when the plan was made."""

    evaluation: LocalImage
    training: LocalImage

    def of(self, kind: JobKind) -> LocalImage | None:
        """The image of a kind of job; `None` for fetching, which no container does."""
        if kind is JobKind.FETCH:
            return None
        return self.training if kind is JobKind.TRAIN else self.evaluation


def _checked(name: str, client: "DockerClient") -> LocalImage:
    from tina_bench.containers.drift import drift

    try:
        image = local_image(name, client)
    except BlockedError as error:
        raise RunnerFailure(FailureKind.MISSING_IMAGE, str(error)) from None
    except UsageError as error:
        raise RunnerFailure(FailureKind.WRONG_IMAGE, str(error)) from None
    differing = [str(found) for found in drift(image) if found.blocks]
    if differing:
        raise RunnerFailure(FailureKind.WRONG_IMAGE, f"{image.tag}: {'; '.join(differing)}")
    return image


def resolve_images(stack_name: str, stack: Stack, client: "DockerClient") -> StackImages:
    """The stack's images on this machine.

    Raises `RunnerFailure` when one is not there, or was built of other code or other requirements
    than this installation's. A tag that is moved later changes nothing: jobs name the id.
    """
    if stack.image is None:
        raise RunnerFailure(
            FailureKind.MISSING_IMAGE, f"stack {stack_name} has no image under containers/"
        )
    evaluation = _checked(stack.image, client)
    if stack.train_image in {None, stack.image}:
        return StackImages(evaluation, evaluation)
    return StackImages(evaluation, _checked(str(stack.train_image), client))
