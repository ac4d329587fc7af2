"""What an earlier build wrote, so that the next one need not write it again.

Guarantees: files are taken over only if everything they were made from is the same: the result
record byte for byte, the program and its templates, the options, and the logs as far as the file
system tells (size and time of change) or as whoever read them again says; and only where every file
still has the size and time that it was written with. Traded away: a log, or a page, that somebody
changed and gave its old size and time is not noticed by such a build; `leaderboard check` and a
build without cache do.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tina_bench.board.output.folder import Written, link
from tina_bench.files.hashing import digest

Stamps = list[tuple[str, int, int] | None]
"""Name, size and time of change of files; `None` for one that is not there."""


class EarlierGroup(BaseModel):
    """Some files, as an earlier build left them."""

    model_config = ConfigDict(extra="forbid")

    key: str
    """Names what they were made from, but for the logs."""
    files: dict[str, tuple[str, int, int]]
    """By path: sha256, bytes and time of change in nanoseconds."""
    logs: Stamps = []
    """The logs that were read for them."""
    said: str = ""
    """Names what was found there."""
    answers: int = 0
    transcripts: int = 0


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")

    groups: dict[str, EarlierGroup]


@dataclass(frozen=True, slots=True)
class WrittenGroup:
    """Some files of the new site: see `EarlierGroup`."""

    key: str
    files: dict[str, Written]
    logs: Stamps = field(default_factory=list)
    said: str = ""
    answers: int = 0
    transcripts: int = 0


@dataclass
class BuildState:
    """The memory of builds of one site."""

    file: Path | None
    """Where it is remembered; nothing is, without one."""
    site: Path
    """The site, as it stands."""
    groups: dict[str, EarlierGroup] = field(default_factory=dict)

    @classmethod
    def of(cls, cache: Path | None, site: Path) -> "BuildState":
        """What is remembered of a site; nothing, if that cannot be read."""
        if cache is None:
            return cls(None, site)
        file = cache / "sites" / f"{digest(str(site.resolve()))[:16]}.json"
        try:
            groups = _State.model_validate_json(file.read_bytes()).groups
        except (OSError, ValidationError):
            groups = {}
        return cls(file, site, groups)

    def find(self, name: str, key: str) -> EarlierGroup | None:
        """The files that were made of the same under this name."""
        group = self.groups.get(name)
        return group if group is not None and group.key == key else None

    def take_over(self, group: EarlierGroup, folder: Path) -> WrittenGroup | None:
        """Link a group's files into a new site's folder; `None` if they must be made anew."""
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
            group.key, files, group.logs, group.said, group.answers, group.transcripts
        )

    def remember(self, made: dict[str, WrittenGroup]) -> None:
        """Keep what the site now holds, by name."""
        if self.file is None:
            return
        site = f"{self.site}{os.sep}"
        groups = {
            name: {
                "key": one.key,
                "files": {
                    path: (*written, os.stat(site + path).st_mtime_ns)  # noqa: PTH116
                    for path, written in one.files.items()
                },
                "logs": one.logs,
                "said": one.said,
                "answers": one.answers,
                "transcripts": one.transcripts,
            }
            for name, one in made.items()
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"groups": groups}))
