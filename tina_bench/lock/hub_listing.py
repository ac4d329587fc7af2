"""What a repository of the hub holds at a commit."""

from dataclasses import dataclass
from typing import Any

from tina_bench.errors import IntegrityError, NotOnHubError
from tina_bench.lock.hub_client import API_TIMEOUT_SECONDS, Kind, endpoint, library, patiently
from tina_bench.lock.hub_errors import explained

COMMIT_DIGITS = 40


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


def list_repository(kind: Kind, repo: str, revision: str | None) -> Listing:
    """The files of a repository at a commit; an abbreviated commit is looked up on `main` first.

    Raises `HubAccessError`, `NotOnHubError`, `HubUnreachableError` or, when the hub answers with
    something else than was requested, `IntegrityError`.
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
