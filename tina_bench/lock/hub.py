"""The one door to the model hub: who is asked, how patiently, and what a refusal means.

Everything goes through `huggingface_hub`, so `HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`,
`HF_HUB_OFFLINE` and proxies mean here what they mean there. It is imported only when it is needed.
Answers 408, 429 and 5xx and broken connections are tried again after the delay that the server
asks for (tenacity: huggingface_hub 1.33 itself waits on 429 in a download, but neither on 5xx
there nor in its calls of the API); a server that cannot be reached at all is not tried again.
"""

import datetime
import email.utils
import errno
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlsplit

from tina_bench.errors import (
    DiskFullError,
    HubAccessError,
    HubUnreachableError,
    IntegrityError,
    NotOnHubError,
    TinaBenchError,
    UsageError,
)

if TYPE_CHECKING:
    from tenacity import RetryCallState

Kind = Literal["model", "dataset"]
T = TypeVar("T")
TRIES = 6
LONGEST_WAIT_SECONDS = 600.0
"""A server that wants us to wait longer is taken to have said no."""
API_TIMEOUT_SECONDS = 30.0
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
COMMIT_DIGITS = 40
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteFile:
    """One file of a repository, as the hub lists it."""

    bytes: int | None
    sha256: str | None
    """Only for files in large-file storage; the hub knows no sha256 of the others."""


@dataclass(frozen=True)
class Listing:
    """A repository at one commit."""

    revision: str
    """40 hex digits."""
    files: dict[str, RemoteFile]
    """By path inside the repository."""


def endpoint() -> str:
    """The hub that is asked: `HF_ENDPOINT`, else the public one."""
    return str(library().constants.ENDPOINT)


def library() -> Any:
    """huggingface_hub, told to leave the talking to us and to report nothing about this machine.

    Raises `UsageError` for an `HF_ENDPOINT` that is no address, which it would trip over.
    """
    given = os.environ.get("HF_ENDPOINT")
    if given is not None and not _is_address(given):
        raise UsageError(
            f"HF_ENDPOINT: found {given!r}, expected an address such as 'https://huggingface.co'."
        )
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import huggingface_hub
    from huggingface_hub.utils import logging as hub_logging

    hub_logging.set_verbosity_error()
    return huggingface_hub


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _response_of(error: BaseException) -> Any:
    return getattr(error, "response", None)


def _is_transient(error: BaseException) -> bool:
    import httpx

    response = _response_of(error)
    if response is not None:
        return int(response.status_code) in TRANSIENT
    never_there = isinstance(
        error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol
    )
    return isinstance(error, httpx.TransportError) and not never_there


def asked_delay_seconds(headers: Any) -> float | None:
    """Seconds that a server wants to be left alone; `None` when it does not say.

    From `RateLimit` (the hub's own) or `Retry-After`, a number of seconds or a date (RFC 9110).
    """
    from huggingface_hub.utils import parse_ratelimit_headers

    limit = parse_ratelimit_headers(headers)
    if limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds) + 1.0
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return max(0.0, (until - datetime.datetime.now(datetime.UTC)).total_seconds())


def _delay_after(error: BaseException | None) -> float | None:
    response = None if error is None else _response_of(error)
    return None if response is None else asked_delay_seconds(response.headers)


def patiently(call: Callable[[], T]) -> T:
    """Call until it works, up to `TRIES` times, with the server's own delay between the tries.

    The last error goes on up when none works, or when the server asks for more than ten minutes.
    """
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

    usual = wait_exponential(multiplier=1, max=8)

    def delay(state: "RetryCallState") -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = _delay_after(error)
        return usual(state) if asked is None else asked

    def stop(state: "RetryCallState") -> bool:
        return stop_after_attempt(TRIES)(state) or delay(state) > LONGEST_WAIT_SECONDS

    def say(state: "RetryCallState") -> None:
        error = state.outcome.exception() if state.outcome else None
        response = None if error is None else _response_of(error)
        why = f"answered {response.status_code}" if response is not None else f"{error}"
        log.warning("%s: %s; trying again in %.0f s", endpoint(), why, delay(state))

    return Retrying(
        retry=retry_if_exception(_is_transient),
        wait=delay,
        stop=stop,
        before_sleep=say,
        reraise=True,
    )(call)


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
    status = getattr(_response_of(error), "status_code", None)
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

    hub, status = endpoint(), getattr(_response_of(error), "status_code", None)
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubUnreachableError(
            f"{kind} {repo}: HF_HUB_OFFLINE is set, and not all of it is in the cache; unset it."
        )
    if status is not None:
        asked = _delay_after(error)
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


def cache_folder() -> str:
    """The library's own cache, which other programs share."""
    return str(library().constants.HF_HUB_CACHE)


def list_repository(kind: Kind, repo: str, revision: str | None) -> Listing:
    """The files of a repository at a commit; an abbreviated commit is looked up on `main` first.

    Raises `HubAccessError`, `NotOnHubError`, `HubUnreachableError` or, when the hub answers with
    something else than was asked for, `IntegrityError`.
    """
    with explained(kind, repo, revision):
        api = library().HfApi()
        if revision is not None and len(revision) < COMMIT_DIGITS:
            revision = _whole_commit(api, kind, repo, revision)
        info = patiently(
            lambda: api.repo_info(
                repo,
                repo_type=kind,
                revision=revision,
                files_metadata=True,
                timeout=API_TIMEOUT_SECONDS,
            )
        )
    found = str(info.sha)
    if len(found) != COMMIT_DIGITS or (revision is not None and found != revision):
        raise IntegrityError(
            f"{kind} {repo}: found revision {found!r} at {endpoint()}, expected "
            f"{revision or '40 hex digits'}; the hub's answer is not used."
        )
    files = {
        file.rfilename: RemoteFile(
            bytes=file.lfs.size if file.lfs else file.size,
            sha256=file.lfs.sha256 if file.lfs else None,
        )
        for file in info.siblings or ()
    }
    return Listing(revision=found, files=files)


def _whole_commit(api: Any, kind: Kind, repo: str, start: str) -> str:
    commits = patiently(lambda: api.list_repo_commits(repo, repo_type=kind))
    found = sorted({c.commit_id for c in commits if c.commit_id.startswith(start)})
    if len(found) != 1:
        what = f"{len(found)} commits begin" if found else "no commit begins"
        raise NotOnHubError(
            f"{kind} {repo}: {what} with {start} on branch main at {endpoint()}; give all "
            f"{COMMIT_DIGITS} digits as 'revision' in the catalog."
        )
    return str(found[0])
