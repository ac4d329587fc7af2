"""A site of two pages with nothing wrong about it, for tests that then break one thing."""

import hashlib
from pathlib import Path
from typing import Any

from tina_bench.board.content.context import DIGEST_DIGITS
from tina_bench.board.data.schemas import FileEntry, RecordEntry, SiteIndex
from tina_bench.files.hashing import digest

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
HEAD = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>A page</title>
<link rel="stylesheet" href="assets/site.css">
</head>
<body>
<main>
"""
TAIL = "</main>\n</body>\n</html>\n"
FRONT = """<h1>Board</h1>
<p>See <a href="other.html#there">the other</a> and <a href="#below">below</a>,
<a href="data/results.csv">the data</a>, <a href="https://example.org/">elsewhere</a>.</p>
<h2 id="below">Below</h2>
<table><caption>Scores</caption>
<thead><tr><th scope="col">Model</th></tr></thead><tbody><tr><td>a</td></tr></tbody></table>
<label for="q">Find</label><input id="q" type="search">
<svg role="img" aria-label="A circle" viewBox="0 0 9 9"><circle r="3"/></svg>
<details><summary>More</summary><p>text &lt;b&gt;</p></details>
"""
OTHER = '<h1>Other</h1>\n<h2 id="there">There</h2>\n<p><a href="index.html">back</a></p>\n'


def page(body: str, head: str = HEAD) -> str:
    """A whole page."""
    return head + body + TAIL


class MadeSite:
    """The site, while it is being made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {
            "index.html": page(FRONT),
            "other.html": page(OTHER),
            "assets/site.css": "main { color: black }\n",
            "data/results.csv": "model\na\n",
            "data/records/a/t.json": "{}\n",
            "schema/record.v1.json": "{}\n",
        }

    def write(self, **changes: Any) -> Path:
        """Write the files, and an index of them that says the truth unless `changes` say other."""
        entries = []
        for name, text in sorted(self.files.items()):
            data = text.encode("utf-8", "surrogatepass")
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(data)
            record = "schema/record.v1.json" if name.startswith("data/records/") else None
            entries.append(
                FileEntry(
                    path=name,
                    sha256=hashlib.sha256(data).hexdigest(),
                    bytes=len(data),
                    media_type="text/plain",
                    schema_path=record,
                )
            )
        sha = next(e.sha256 for e in entries if e.path == "data/records/a/t.json")
        values: dict[str, Any] = {
            "digest": digest([["a", "t", sha]])[:DIGEST_DIGITS],
            "cite": "x",
            "newest": "2026-01-01T00:00:00Z",
            "base_url": None,
            "catalog_sha256": "0" * 64,
            "lock_sha256": "1" * 64,
            "versions": {},
            "records": (
                RecordEntry.model_validate(
                    {
                        "model": "a", "task": "t", "profile": "paper", "sha256": sha,
                        "path": "data/records/a/t.json", "finished_at": "2026-01-01T00:00:00Z",
                    }
                ),
            ),
            "files": tuple(entries),
        }  # fmt: skip
        index = SiteIndex.model_validate(values | changes)
        text = index.model_dump_json(indent=1, by_alias=True)
        (self.root / "index.json").write_text(text, encoding="utf-8")
        return self.root
