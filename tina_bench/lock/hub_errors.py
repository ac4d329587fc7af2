"""What a refusal of the hub means, in one sentence, as the error that it is."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tina_bench.errors import (
    DiskFullError,
    HubAccessError,
    HubUnreachableError,
    NotOnHubError,
    TinaBenchError,
    UsageError,
)
from tina_bench.lock.hub_client import (
    Kind,
    cache_folder,
    delay_after,
    endpoint,
    library,
    response_of,
)


@contextmanager
def explained(kind: Kind, repo: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the library raises into one sentence each, of the error that it is."""
    try:
        yield
    except TinaBenchError:
        raise
    except Exception as error:
        told = _explain(error, kind, repo, revision)
        if told is None:
            raise
        raise told from None


def _token_state() -> str:
    return "a token is set" if library().get_token() else "no token is set"


def _explain(
    error: Exception, kind: Kind, repo: str, revision: str | None
) -> TinaBenchError | None:
    """The sentence for what the library raised; `None` for what is a bug of ours."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # "not in the cache, either": what went wrong before says more
    return (
        _explain_refusal(error, kind, repo, revision)
        or _explain_silence(error, kind, repo)
        or _explain_local(error, kind, repo)
    )


def _explain_refusal(
    error: Exception, kind: Kind, repo: str, revision: str | None
) -> TinaBenchError | None:
    """The hub answered, and it was no."""
    from huggingface_hub import errors

    hub, place = endpoint(), "" if kind == "model" else "datasets/"
    status = getattr(response_of(error), "status_code", None)
    if isinstance(error, errors.GatedRepoError) or (
        status in {401, 403} and not isinstance(error, errors.RepositoryNotFoundError)
    ):
        return HubAccessError(
            f"{kind} {repo}: {hub} wants an accepted licence and a token ({_token_state()}); "
            f"accept the licence at {hub}/{place}{repo}, then set HF_TOKEN to a token of that "
            "account."
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return NotOnHubError(
            f"{kind} {repo}: {hub} has no such repository, or keeps it private ({_token_state()}); "
            "check 'repo' or 'dataset' in the catalog."
        )
    if isinstance(error, errors.RevisionNotFoundError | errors.RemoteEntryNotFoundError):
        lost = "" if isinstance(error, errors.RevisionNotFoundError) else "a file of "
        return NotOnHubError(
            f"{kind} {repo}: {hub} does not have {lost}revision {revision or 'main'}; "
            "check 'revision' in the catalog, or resolve it anew with `tina-bench lock --update`."
        )
    if isinstance(error, errors.HFValidationError):
        return UsageError(
            f"{kind} {repo}: found the repository id {repo!r}, expected 'name' or 'owner/name'."
        )
    return None


def _explain_silence(error: Exception, kind: Kind, repo: str) -> TinaBenchError | None:
    """The hub did not answer, or could not."""
    import httpx
    from huggingface_hub import errors

    hub, status = endpoint(), getattr(response_of(error), "status_code", None)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubUnreachableError(
            f"{kind} {repo}: HF_HUB_OFFLINE is set, and not all of it is in the cache; unset it."
        )
    if status is not None:
        asked = delay_after(error)
        wait = f", and asks to wait {asked:.0f} s" if asked is not None else ""
        return HubUnreachableError(
            f"{kind} {repo}: {hub} answered {status}{wait}; what was fetched is kept, try later."
        )
    if isinstance(error, httpx.RequestError | httpx.InvalidURL):
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        return HubUnreachableError(
            f"{kind} {repo}: {hub} does not answer: {why.removesuffix('.')}; check the network and "
            "its proxy, or set HF_ENDPOINT to a mirror."
        )
    if isinstance(error, ValueError | KeyError | TypeError):  # what the library read made no sense
        return HubUnreachableError(
            f"{kind} {repo}: {hub} does not answer as a hub does; check HF_ENDPOINT, and whether "
            "this network wants you to log in first."
        )
    return None


def _explain_local(error: Exception, kind: Kind, repo: str) -> TinaBenchError | None:
    """What went wrong on this machine, or in what a server says of itself."""
    if not isinstance(error, OSError):
        return None
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(
            f"{kind} {repo}: the disk of {cache_folder()} is full; free some, or set HF_HOME to a "
            "folder on a larger one. What was fetched is kept."
        )
    if error.errno is not None:
        return TinaBenchError(
            f"{kind} {repo}: {error.filename or cache_folder()}: {os.strerror(error.errno)}; "
            "set HF_HOME to a folder that can be written."
        )
    return HubUnreachableError(f"{kind} {repo}: {str(error).splitlines()[0].removesuffix('.')}.")
