"""Locked files, from the hub into huggingface_hub's own cache, every byte checked.

Guarantees: only the locked commit is requested; a file becomes visible in the cache only once its
size and sha256 are the locked ones; a download that was cut goes on where it stopped, also in
another process; an existing file is never requested again, so a filled cache works offline.
Traded away: the hub's newer chunk protocol (Xet), which keeps nothing of a download that was cut;
bytes come over plain HTTPS with range requests.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.errors import DiskFullError, IntegrityError, LockError
from tina_bench.files.hashing import sha256_file
from tina_bench.formatting.numbers import gib_text
from tina_bench.lock.hub_client import (
    API_TIMEOUT_SECONDS,
    Kind,
    cache_folder,
    endpoint,
    library,
    patiently,
)
from tina_bench.lock.hub_errors import explained
from tina_bench.lock.lockfile import LockedFiles, is_safe_name

PARTIAL = ".tina-bench.incomplete"
ETAG = re.compile(r"[0-9a-f]{40,64}")
OnBytes = Callable[[int], None]
"""Called with how many bytes of the file at hand are there."""


@dataclass(frozen=True)
class HubFile:
    """One locked file of a repository."""

    kind: Kind
    repo: str
    revision: str
    path: str
    """Inside the repository."""
    bytes: int
    sha256: str


def hub_files(kind: Kind, entry: LockedFiles) -> dict[str, HubFile]:
    """The files of a resolved entry, by their names in the lock."""
    if entry.repo is None or entry.revision is None:
        raise LockError(f"{kind}: found an entry without 'repo' and 'revision', expected both.")
    return {
        name: HubFile(
            kind=kind,
            repo=entry.repo,
            revision=entry.revision,
            path=f"{entry.subfolder}/{name}" if entry.subfolder else name,
            bytes=file.bytes,
            sha256=file.sha256,
        )
        for name, file in entry.files.items()
    }


def cached(file: HubFile) -> Path | None:
    """Where the cache has the file, not checked yet; `None` when it has not."""
    found = library().try_to_load_from_cache(
        file.repo, file.path, revision=file.revision, repo_type=file.kind
    )
    return Path(found) if isinstance(found, str) else None


def _blobs(file: HubFile) -> Path:
    library()
    from huggingface_hub.file_download import repo_folder_name

    name = str(repo_folder_name(repo_id=file.repo, repo_type=file.kind))
    return Path(cache_folder()) / name / "blobs"


def _partial(file: HubFile) -> Path:
    return _blobs(file) / f"{file.sha256}{PARTIAL}"


def missing_bytes(files: Iterable[HubFile]) -> int:
    """How much would have to be downloaded; what is there of a cut download is not counted."""
    total = 0
    for file in files:
        if cached(file) is None:
            partial = _partial(file)
            have = partial.stat().st_size if partial.exists() else 0
            total += max(0, file.bytes - have)
    return total


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there already."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def check_space(folder: Path, need: int, what: str, remedy: str) -> None:
    """Raise `DiskFullError` when less than `need` bytes are free where `folder` is or will be."""
    free = shutil.disk_usage(existing(folder)).free
    if need > free:
        raise DiskFullError(
            f"{what}: needs {gib_text(need)} in {folder}, and {gib_text(free)} are free; "
            f"free some, or {remedy}."
        )


def check_cache_space(files: Iterable[HubFile], what: str) -> None:
    """`check_space` for what the cache lacks."""
    need = missing_bytes(files)
    check_space(Path(cache_folder()), need, what, "set HF_HOME to a folder on a larger disk")


def fetch_file(file: HubFile, on_bytes: OnBytes) -> Path:
    """The file in the cache, downloaded if need be; its bytes are the locked ones.

    Raises `IntegrityError` for any other byte, after taking the bad file out of the cache, so that
    the next try downloads it anew; `HubAccessError`, `NotOnHubError`, `HubUnreachableError` and
    `DiskFullError` as their names say.
    """
    if not is_safe_name(file.path):
        raise LockError(f"{file.kind} {file.repo}: {file.path!r} leads out of its folder.")
    path = cached(file)
    if path is None:
        with explained(file.kind, file.repo, file.revision):
            patiently(lambda: _fill_blob(file, on_bytes))
            # The bytes are there: this adds the commit's view of them, as the library lays it out.
            path = Path(
                patiently(
                    lambda: library().hf_hub_download(
                        file.repo, file.path, revision=file.revision, repo_type=file.kind
                    )
                )
            )
    _check(path, file)
    on_bytes(file.bytes)
    return path


def _fill_blob(file: HubFile, on_bytes: OnBytes) -> None:
    """Download into a file of our own, check it, and only then hand it to the cache."""
    hub = library()
    from huggingface_hub.file_download import http_get, repo_folder_name
    from huggingface_hub.utils import WeakFileLock, build_hf_headers

    url = hub.hf_hub_url(file.repo, file.path, repo_type=file.kind, revision=file.revision)
    remote = hub.get_hf_file_metadata(url, timeout=API_TIMEOUT_SECONDS)
    _check_answer(file, remote)
    blob, partial = _blobs(file) / remote.etag, _partial(file)
    blob.parent.mkdir(parents=True, exist_ok=True)
    locks = Path(cache_folder()) / ".locks"
    lock = locks / repo_folder_name(repo_id=file.repo, repo_type=file.kind) / f"{blob.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with WeakFileLock(lock):
        if blob.exists():
            return
        with partial.open("ab") as out:
            if out.tell() > file.bytes:
                out.truncate(0)
                out.seek(0)
            http_get(
                url,
                out,
                resume_size=out.tell(),
                # Compressed bytes cannot be resumed; a token is for the hub and never for its CDN,
                # which the HTTP client sees to when it follows the redirect.
                headers={**build_hf_headers(), "Accept-Encoding": "identity"},
                expected_size=file.bytes,
                displayed_filename=file.path,
                tqdm_class=_bar(on_bytes),
            )
            out.flush()
            os.fsync(out.fileno())
        _check(partial, file)
        partial.replace(blob)


def _check_answer(file: HubFile, remote: Any) -> None:
    """Refuse before a byte is downloaded what cannot be the locked file."""
    wrong = None
    if remote.commit_hash != file.revision:
        wrong = f"revision {remote.commit_hash}, expected {file.revision}"
    elif remote.size not in {None, file.bytes}:
        wrong = f"{remote.size} bytes, expected {file.bytes}"
    elif not ETAG.fullmatch(remote.etag or ""):
        wrong = f"the tag {remote.etag!r}, expected a hash"
    if wrong is not None:
        raise IntegrityError(
            f"{file.kind} {file.repo}, {file.path}: {endpoint()} offers {wrong} as "
            "checkpoints.lock says; nothing was downloaded."
        )


def _check(path: Path, file: HubFile) -> None:
    """Refuse bytes that are not the locked ones, and take them out of the cache."""
    size = path.stat().st_size
    found = f"{size} bytes" if size != file.bytes else f"sha256 {sha256_file(path)}"
    if found == f"sha256 {file.sha256}":
        return
    remove(path)
    expected = f"{file.bytes} bytes" if size != file.bytes else f"sha256 {file.sha256}"
    raise IntegrityError(
        f"{file.kind} {file.repo}, {file.path}: found {found}, expected {expected} as "
        f"checkpoints.lock says. The file was taken out of the cache ({path}); fetch again to "
        "download it anew."
    )


def remove(path: Path) -> None:
    """Delete a file of the cache and every link that leads to it from here."""
    while path.is_symlink():
        target = path.parent / path.readlink()
        path.unlink()
        path = target
    path.unlink(missing_ok=True)


def _bar(on_bytes: OnBytes) -> type:
    """What huggingface_hub takes for a tqdm progress bar, and only passes its position on."""

    class Position:
        def __init__(self, *_: Any, initial: int = 0, **__: Any) -> None:
            self._at = initial
            on_bytes(initial)

        def update(self, n: int = 1) -> None:
            self._at += n
            on_bytes(self._at)

        def __enter__(self) -> "Position":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

    return Position


def place(source: Path, target: Path) -> None:
    """Put a cached file where a job expects it: the same bytes on disk if possible, else a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # another disk, or a file system without hard links
        os.link(source.resolve(), target)
        return
    shutil.copyfile(source, target)
