"""What an earlier build wrote, so that the next one need not write it again.

Guarantees: the runs of a log are taken over only if everything they were made from is the same:
the result records byte for byte, the program and its templates, the options, and the logs as far as
the file system tells (size and time of change), and only where every file still has the size and
time that it was written with. Traded away: a log, or a page, that somebody changed and gave its old
size and time is not noticed by such a build; `leaderboard check` and a build without cache do.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tina_bench.board.folder import Written, link
from tina_bench.board.runs import RunsDone
from tina_bench.store.hashing import digest


class _Group(BaseModel):
    """The runs of one log, as an earlier build left them."""

    model_config = ConfigDict(extra="forbid")

    key: str
    files: dict[str, tuple[str, int, int]]
    """By path: sha256, bytes and time of change in nanoseconds."""
    answers: int
    transcripts: int


class _State(BaseModel):
    model_config = ConfigDict(extra="forbid")

    groups: dict[str, _Group]


@dataclass
class Kept:
    """The memory of builds of one site."""

    file: Path | None
    """Where it is remembered; nothing is, without one."""
    site: Path
    """The site, as it stands."""
    groups: dict[str, _Group] = field(default_factory=dict)

    @classmethod
    def of(cls, cache: Path | None, site: Path) -> "Kept":
        """What is remembered of a site; nothing, if that cannot be read."""
        if cache is None:
            return cls(None, site)
        file = cache / "sites" / f"{digest(str(site.resolve()))[:16]}.json"
        try:
            groups = _State.model_validate_json(file.read_bytes()).groups
        except (OSError, ValidationError):
            groups = {}
        return cls(file, site, groups)

    def take_over(self, name: str, key: str, folder: Path) -> RunsDone | None:
        """Link a log's files into a new site's folder; `None` if they must be made anew."""
        group = self.groups.get(name)
        if group is None or group.key != key:
            return None
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
        return RunsDone(files, group.answers, group.transcripts)

    def remember(self, made: dict[str, tuple[str, RunsDone]]) -> None:
        """Keep what the site now holds, by log: the key and the files."""
        if self.file is None:
            return
        site = f"{self.site}{os.sep}"
        groups = {
            name: {
                "key": key,
                "files": {
                    path: (*written, os.stat(site + path).st_mtime_ns)  # noqa: PTH116
                    for path, written in done.files.items()
                },
                "answers": done.answers,
                "transcripts": done.transcripts,
            }
            for name, (key, done) in made.items()
        }
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps({"groups": groups}))
