"""Bring everything that a request needs into the cache, one entry after the other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tina_bench.catalog.schema import PublishedText
from tina_bench.errors import HubUnreachableError, IntegrityError, LockError, TinaBenchError
from tina_bench.lock.hub_cache import (
    HubFile,
    cached,
    check_cache_space,
    fetch_file,
    hub_files,
    missing_bytes,
)
from tina_bench.lock.lockfile import Lock, LockedFiles
from tina_bench.lock.published_texts import fetch_published_text
from tina_bench.lock.required_files import HubFiles, RequiredFiles

OnProgress = Callable[[str, int], None]
"""Called with what is being fetched, and how many bytes of everything are there and checked."""


@dataclass(frozen=True)
class Fetched:
    """What became of one entry, or of one published text."""

    kind: str
    """`model`, `dataset` or `text`."""
    name: str
    revision: str | None = None
    files: int = 0
    bytes: int = 0
    downloaded_bytes: int = 0
    """Of them, what was not in the cache before."""
    error: TinaBenchError | None = None
    """Why it is not there; `None` when it is, with every byte checked."""

    def as_row(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        error = self.error
        return {
            **{key: value for key, value in vars(self).items() if key != "error"},
            "error": None if error is None else str(error),
            "exit_code": 0 if error is None else error.exit_code,
        }


@dataclass
class Fetch:
    """One fetching of what is needed: what can be fetched, and what is not resolved."""

    needed: RequiredFiles
    lock: Lock
    done: list[Fetched] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._resolved: dict[HubFiles, dict[str, HubFile]] = {}
        self.unresolved: list[HubFiles] = []
        for wanted in self.needed.entries:
            entry: LockedFiles | None = getattr(self.lock, wanted.section).get(wanted.name)
            if entry is None or not wanted.is_met_by(entry):
                self.unresolved.append(wanted)
            else:
                self._resolved[wanted] = hub_files(wanted.kind, entry)

    @property
    def total_bytes(self) -> int:
        """Length of everything that is resolved."""
        return sum(file.bytes for files in self._resolved.values() for file in files.values())

    def refusal(self) -> LockError | None:
        """Why what is unresolved is not fetched, and the command that resolves it."""
        if not self.unresolved:
            return None
        names = [wanted.name for wanted in self.unresolved]
        updates = " ".join(f"--update {name}" for name in names)
        return LockError(
            f"checkpoints.lock has no resolved entry for {', '.join(names)}, so there are no bytes "
            f"to trust; `tina-bench lock {updates}` resolves it."
        )

    def run(self, on_progress: OnProgress) -> list[Fetched]:
        """Fetch and check; what cannot be had is reported, and the rest goes on.

        Raises `DiskFullError` before anything is downloaded when the whole does not fit, and
        `IntegrityError` at the first wrong byte. After the hub has stopped answering, only what is
        in the cache is gone through.
        """
        files = [file for found in self._resolved.values() for file in found.values()]
        check_cache_space(files, f"{len(self._resolved)} sets of files")
        before, silence = 0, None
        for wanted, found in self._resolved.items():
            ended = self._one(wanted, found, before, silence, on_progress)
            before += sum(file.bytes for file in found.values())
            on_progress(wanted.name, before)
            if isinstance(ended.error, HubUnreachableError):
                silence = silence or ended.error
            self.done.append(ended)
        for text in self.needed.texts:
            on_progress(text.constant, before)
            self.done.append(_text(text))
        return self.done

    def _one(
        self,
        wanted: HubFiles,
        files: dict[str, HubFile],
        before: int,
        silence: HubUnreachableError | None,
        on_progress: OnProgress,
    ) -> Fetched:
        missing = missing_bytes(files.values())
        found = Fetched(
            kind=wanted.kind,
            name=wanted.name,
            revision=next(iter(files.values())).revision,
            files=len(files),
            bytes=sum(file.bytes for file in files.values()),
            downloaded_bytes=missing,
        )
        error: TinaBenchError | None = None
        if silence is not None and any(cached(file) is None for file in files.values()):
            error = HubUnreachableError(f"not tried: {silence}")
            return _failed(found, error)
        at = before
        for file in files.values():

            def show(done: int, at: int = at) -> None:
                on_progress(wanted.name, at + done)

            try:
                fetch_file(file, show)
            except IntegrityError:
                raise
            except TinaBenchError as caught:
                return _failed(found, caught)
            at += file.bytes
        return found


def _failed(found: Fetched, error: TinaBenchError) -> Fetched:
    return Fetched(
        kind=found.kind,
        name=found.name,
        revision=found.revision,
        files=found.files,
        bytes=found.bytes,
        error=error,
    )


def _text(text: PublishedText) -> Fetched:
    name = f"{text.constant} of {text.url}"
    try:
        path = fetch_published_text(text)
    except IntegrityError:
        raise
    except TinaBenchError as error:
        return Fetched(kind="text", name=name, error=error)
    return Fetched(kind="text", name=name, files=1, bytes=path.stat().st_size)
