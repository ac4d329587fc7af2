"""The state of the last build of a site, so that the next one writes only what has changed.

Guarantees: a file is taken over only if everything that it depends on is the same: the result
record byte for byte, the program and its templates, the options, and the logs, either by size and
time of change or by their content read once more; and only if the file still has the size and time
that it was written with. Traded away: a log or a page that was changed and given its old size and
time goes unnoticed; `leaderboard check` and a build without cache notice it.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tina_bench.board.output.folder import Written, link
from tina_bench.files.hashing import digest

Stamps = list[tuple[str, int, int] | None]
"""Name, size and time of change of files; `None` for one that does not exist."""


class EarlierGroup(BaseModel):
    """Files that depend on the same inputs, as the last build left them."""

    model_config = ConfigDict(extra="forbid")

    key: str
    """Names their inputs, except the logs."""
    files: dict[str, tuple[str, int, int]]
    """By path: sha256, bytes and time of change in nanoseconds."""
    logs: Stamps = []
    """The logs that were read for them."""
    logs_digest: str = ""
    """Names what was read there."""
    answers: int = 0
    transcripts: int = 0


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")

    groups: dict[str, EarlierGroup]


@dataclass(frozen=True, slots=True)
class WrittenGroup:
    """Files of the new site: see `EarlierGroup`."""

    key: str
    files: dict[str, Written]
    logs: Stamps = field(default_factory=list)
    logs_digest: str = ""
    answers: int = 0
    transcripts: int = 0


@dataclass
class BuildState:
    """The state of the last build of one site."""

    file: Path | None
    """Where it is stored; without one, it is empty."""
    site: Path
    """The site, as it stands."""
    groups: dict[str, EarlierGroup] = field(default_factory=dict)

    @classmethod
    def of(cls, cache: Path | None, site: Path) -> "BuildState":
        """The stored state of a site; empty if it cannot be read."""
        if cache is None:
            return cls(None, site)
        file = cache / "sites" / f"{digest(str(site.resolve()))[:16]}.json"
        try:
            groups = _State.model_validate_json(file.read_bytes()).groups
        except (OSError, ValidationError):
            groups = {}
        return cls(file, site, groups)

    def find(self, name: str, key: str) -> EarlierGroup | None:
        """The group of this name, if its inputs were the same."""
        group = self.groups.get(name)
        return group if group is not None and group.key == key else None

    def take_over(self, group: EarlierGroup, folder: Path) -> WrittenGroup | None:
        """Link a group's files into a new site's folder; `None` if they must be written."""
        # Strings, not paths: there may be tens of thousands.
        old, new = f"{self.site}{os.sep}", f"{folder}{os.sep}"
        for path, (_, size, changed) in group.files.items():
            try:
                found = os.stat(old + path)  # noqa: PTH116
            except OSError:
                return None
            if (found.st_size, found.st_mtime_ns) != (size, changed):
                return None
        for parent in {path.rpartition("/")[0] for path in group.files}:
            (folder / parent).mkdir(parents=True, exist_ok=True)
        for path in group.files:
            if not link(old + path, new + path):
                return None
        files = {path: Written(sha, size) for path, (sha, size, _) in group.files.items()}
        return WrittenGroup(
            group.key, files, group.logs, group.logs_digest, group.answers, group.transcripts
        )

    def save(self, written: dict[str, WrittenGroup]) -> None:
        """Store the state of the new site, group by group."""
        if self.file is None:
            return
        site = f"{self.site}{os.sep}"
        groups = {
            name: {
                "key": one.key,
                "files": {
                    path: (*file, os.stat(site + path).st_mtime_ns)  # noqa: PTH116
                    for path, file in one.files.items()
                },
                "logs": one.logs,
                "logs_digest": one.logs_digest,
                "answers": one.answers,
                "transcripts": one.transcripts,
            }
            for name, one in written.items()
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"groups": groups}))
