"""Base images: a tag is resolved to a digest once, and only the digest is ever used.

What a registry sends is checked by the engine against that digest, layer by layer; this module
turns the engine's error messages into one sentence each.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tina_bench.containers.engine import engine_kind
from tina_bench.containers.images import Base
from tina_bench.errors import BlockedError, IntegrityError, LockError, TinaBenchError
from tina_bench.lock.lockfile import LockedImage

if TYPE_CHECKING:
    from docker import DockerClient

OnEvent = Callable[[dict[str, Any]], None]
"""Takes each message of an engine's stream, as it comes."""

_CHANGED = re.compile(
    r"verification failed|digest (did not match|mismatch)|does not match|invalid checksum|"
    r"Digest did not match|unexpected EOF|gzip: invalid|hash mismatch",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"manifest unknown|not found|NAME_UNKNOWN|MANIFEST_UNKNOWN", re.IGNORECASE)


def repository(reference: str) -> str:
    """A reference without its tag: `host:5000/a/b:1` gives `host:5000/a/b`."""
    head, slash, last = reference.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def pinned(base: LockedImage) -> str:
    """The reference by which an image is built on it."""
    return f"{repository(base.reference)}@{base.digest}"


def resolve(client: "DockerClient", reference: str) -> LockedImage:
    """Ask the registry which digest a tag has now; nothing is downloaded where that can be asked.

    Podman cannot ask, so it pulls the image and reads the digest off it. Raises `LockError` when
    the registry has no such tag, and `BlockedError` when it does not answer.
    """
    import docker.errors

    if engine_kind(client) == "podman":
        return LockedImage(reference=reference, digest=_digest_by_pulling(client, reference))
    try:
        digest = str(client.images.get_registry_data(reference).id)
    except docker.errors.APIError as error:
        raise _refusal(reference, str(error.explanation or error)) from None
    return LockedImage(reference=reference, digest=digest)


def _digest_by_pulling(client: "DockerClient", reference: str) -> str:
    _pull(client, repository(reference), reference.rpartition(":")[2], reference, _ignore)
    digests = client.images.get(reference).attrs.get("RepoDigests") or []
    if not digests:
        raise LockError(f"{reference}: the engine knows no digest of it after pulling it.")
    return str(digests[0]).rpartition("@")[2]


def _ignore(_: dict[str, Any]) -> None:
    return None


def locked_base(bases: dict[str, LockedImage], name: str, base: Base, image: str) -> LockedImage:
    """The lock's entry for a base; raises `LockError` with the command that resolves it."""
    try:
        return bases[name]
    except KeyError:
        raise LockError(
            f"checkpoints.lock has no digest of base image {name!r} ({base.reference}), so image "
            f"{image!r} is not built; `tina-bench containers lock {name}` resolves it."
        ) from None


def fetch_base(client: "DockerClient", base: LockedImage, on_event: OnEvent) -> None:
    """Have the engine hold exactly the locked bytes of a base, pulling them if it does not.

    Raises `IntegrityError` when the registry's bytes are not those of the digest, `LockError` when
    it has nothing of that digest, `BlockedError` when it does not answer.
    """
    import docker.errors

    try:
        client.images.get(pinned(base))
    except docker.errors.ImageNotFound:
        _pull(client, repository(base.reference), base.digest, pinned(base), on_event)


def _pull(client: "DockerClient", name: str, tag: str, shown: str, on_event: OnEvent) -> None:
    import docker.errors

    try:
        for event in _events(client, name, tag):
            if "error" in event:
                raise _refusal(shown, str(event["error"]))
            on_event(event)
    except docker.errors.APIError as error:
        raise _refusal(shown, str(error.explanation or error)) from None


def _events(client: "DockerClient", name: str, tag: str) -> Iterator[dict[str, Any]]:
    yield from client.api.pull(name, tag=tag, stream=True, decode=True)


def _refusal(reference: str, answer: str) -> TinaBenchError:
    answer = answer.strip().rstrip(".")
    if _CHANGED.search(answer):
        return IntegrityError(
            f"{reference}: the registry sent other bytes than the digest is of ({answer}). Nothing "
            "of it is used; tell whoever runs the registry."
        )
    if _ABSENT.search(answer):
        return LockError(
            f"{reference}: the registry has no such image ({answer}); if its tag was moved and the "
            "old image deleted, `tina-bench containers lock` shows the new digest for review."
        )
    return BlockedError(
        f"{reference}: the registry does not hand it out ({answer}); check its address, the "
        "network and `docker login`."
    )
