"""A model hub on loopback that speaks what huggingface_hub 1.33 asks for, and can misbehave.

Files in large-file storage are redirected to another host (`localhost` for `127.0.0.1`), as the
real hub redirects to its CDN.
"""

import hashlib
import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

PAGE = 2
"""Commits on a page: few, so that pages are turned."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass
class Repository:
    """Commits from the first to the last, which is the tip of `main`."""

    kind: str
    name: str
    gated: bool = False
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    lfs: Callable[[str], bool] = lambda name: name.endswith((".safetensors", ".parquet", ".bin"))
    listed: dict[str, Any] = field(default_factory=dict)
    """Overrides of what the listing says of a file: `{"name": {"lfs": {...}}}`."""

    def push(self, files: dict[str, bytes]) -> str:
        """A new commit with exactly these files; returns its name."""
        parent = self.commits[-1][0] if self.commits else ""
        text = (
            f"{self.kind}/{self.name}/{parent}/{sorted((n, sha256(d)) for n, d in files.items())}"
        )
        commit = hashlib.sha1(text.encode()).hexdigest()
        self.commits.append((commit, files))
        return commit

    @property
    def tip(self) -> str:
        return self.commits[-1][0]

    def at(self, revision: str | None) -> tuple[str, dict[str, bytes]] | None:
        if revision in {None, "main"}:
            return self.commits[-1]
        return next((commit for commit in self.commits if commit[0] == revision), None)

    def siblings(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        return [
            {
                "rfilename": name,
                "size": len(data),
                "blobId": git_blob(data),
                **(
                    {"lfs": {"sha256": sha256(data), "size": len(data), "pointerSize": 135}}
                    if self.lfs(name)
                    else {}
                ),
                **self.listed.get(name, {}),
            }
            for name, data in files.items()
        ]


@dataclass
class Asked:
    """One request, and how it was answered."""

    method: str
    path: str
    range: str | None
    token: str | None
    host: str
    status: int = 0
    sent: int = 0


@dataclass
class Fault:
    """How the next `times` requests for matching paths go wrong."""

    pattern: str
    method: str = "GET"
    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Close the connection after that many bytes of the body."""
    reset: bool = False
    """With `cut_after`: by a reset, not by an orderly close."""
    change: Callable[[bytes], bytes] | None = None
    """Send other bytes of the same length."""
    stall_after: int | None = None
    """Send no more after that many bytes, until `release` is called."""
    _go_on: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self._go_on.set()

    def wait(self) -> None:
        self._go_on.wait(60)

    def takes(self, method: str, path: str) -> bool:
        hit = self.times > 0 and method == self.method and bool(re.search(self.pattern, path))
        if hit:
            self.times -= 1
        return hit


class Hub:
    """The server, its repositories, its plain files, its faults, and what was asked of it."""

    TOKEN = "hf_accepted"

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.plain: dict[str, bytes] = {}
        """Files outside of any repository, by path, such as raw source files."""
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Go away: from now on nothing listens there."""
        for fault in self.faults:
            fault.release()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def repository(self, kind: str, name: str, files: dict[str, bytes], **given: Any) -> Repository:
        made = self.repositories[kind, name] = Repository(kind, name, **given)
        made.push(files)
        return made

    def fail(self, pattern: str, **given: Any) -> Fault:
        fault = Fault(pattern, **given)
        self.faults.append(fault)
        return fault

    def requests(self, pattern: str, method: str | None = None) -> list[Asked]:
        return [
            asked
            for asked in self.asked
            if re.search(pattern, asked.path) and method in {None, asked.method}
        ]

    def blob(self, wanted: str) -> bytes | None:
        for repository in self.repositories.values():
            for _, files in repository.commits:
                for data in files.values():
                    if sha256(data) == wanted:
                        return data
        return None


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked: Asked

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def _answer(self) -> None:
            path = unquote(urlsplit(self.path).path)
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
            host = (self.headers.get("Host") or "").partition(":")[0]
            self.asked = Asked(self.command, path, self.headers.get("Range"), token, host)
            hub.asked.append(self.asked)
            fault = next((f for f in hub.faults if f.takes(self.command, path)), None)
            if fault is not None and fault.status is not None:
                self._send(fault.status, b"no", fault.headers)
            elif path.startswith(("/api/models/", "/api/datasets/")):
                self._api(path)
            elif path.startswith("/cdn/"):
                data = hub.blob(path.removeprefix("/cdn/"))
                self._file(data, {}, fault) if data is not None else self._send(404)
            elif "/resolve/" in path:
                self._resolve(path, fault)
            elif path in hub.plain:
                self._file(hub.plain[path], {}, fault)
            else:
                self._send(404)

        def _find(self, kind: str, name: str) -> Repository | None:
            found = hub.repositories.get((kind, name))
            if found is None:
                self._send(
                    404 if self.asked.token else 401, headers={"X-Error-Code": "RepoNotFound"}
                )
            return found

        def _api(self, path: str) -> None:
            plural, _, rest = path.removeprefix("/api/").partition("/")
            kind = plural.removesuffix("s")
            match = re.fullmatch(r"(.+?)(?:/(revision|commits)/(.+))?", rest)
            assert match is not None
            name, verb, revision = match.groups()
            repository = self._find(kind, name)
            if repository is None:
                return
            if verb == "commits":
                self._commits(repository)
                return
            commit = repository.at(revision)
            if commit is None:
                self._send(404, headers={"X-Error-Code": "RevisionNotFound"})
                return
            sha, files = commit
            assert "blobs=" in self.path, "sizes and hashes were not asked for"
            said = {
                "id": repository.name,
                "sha": sha,
                "private": False,
                "gated": "auto" if repository.gated else False,
                "siblings": repository.siblings(files),
            }
            self._send(200, json.dumps(said).encode(), {"Content-Type": "application/json"})

        def _commits(self, repository: Repository) -> None:
            page = int((re.search(r"p=(\d+)", self.path) or [0, 0])[1])
            shas = [commit for commit, _ in reversed(repository.commits)]
            now = "2026-01-01T00:00:00.000Z"
            said = [
                {"id": sha, "title": "t", "message": "", "date": now, "authors": [{"user": "u"}]}
                for sha in shas[PAGE * page : PAGE * (page + 1)]
            ]
            headers = {}
            if PAGE * (page + 1) < len(shas):
                next_ = f"{hub.url}{urlsplit(self.path).path}?p={page + 1}"
                headers["Link"] = f'<{next_}>; rel="next"'
            self._send(200, json.dumps(said).encode(), headers)

        def _resolve(self, path: str, fault: Fault | None) -> None:
            match = re.fullmatch(r"/(datasets/)?(.+?)/resolve/([^/]+)/(.+)", path)
            assert match is not None
            prefix, name, revision, file = match.groups()
            repository = self._find("dataset" if prefix else "model", name)
            if repository is None:
                return
            if repository.gated and self.asked.token != hub.TOKEN:
                status = 403 if self.asked.token else 401
                self._send(status, headers={"X-Error-Code": "GatedRepo"})
                return
            commit = repository.at(revision)
            if commit is None:
                self._send(404, headers={"X-Error-Code": "RevisionNotFound"})
                return
            sha, files = commit
            if file not in files:
                self._send(404, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha})
                return
            data = files[file]
            headers = {"X-Repo-Commit": sha}
            if repository.lfs(file):
                headers["X-Linked-Size"] = str(len(data))
                headers["X-Linked-Etag"] = f'"{sha256(data)}"'
                headers["Location"] = f"http://localhost:{hub.port}/cdn/{sha256(data)}"
                self._send(302, headers=headers)
                return
            headers["ETag"] = f'"{git_blob(data)}"'
            self._file(data, headers, fault)

        def _file(self, data: bytes, headers: dict[str, str], fault: Fault | None) -> None:
            start, status = 0, 200
            if self.asked.range is not None:
                start = int(self.asked.range.removeprefix("bytes=").removesuffix("-"))
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
                status = 206
            if fault is not None and fault.change is not None:
                data = fault.change(data)
            self._send(status, data[start:], {"Accept-Ranges": "bytes", **headers}, fault)

        def _send(
            self,
            status: int,
            data: bytes = b"",
            headers: dict[str, str] | None = None,
            fault: Fault | None = None,
        ) -> None:
            self.send_response(status)
            for key, value in (headers or {}).items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.asked.status = status
            if self.command == "HEAD":
                return
            cut = None if fault is None else fault.cut_after
            body = data if cut is None else data[:cut]
            self.asked.sent = len(body)
            stall = None if fault is None else fault.stall_after
            try:
                self.wfile.write(body[:stall])
                self.wfile.flush()
                if fault is not None and stall is not None:
                    fault.wait()
                    self.wfile.write(body[stall:])
            except (BrokenPipeError, ConnectionResetError):  # the client was killed, as asked for
                self.close_connection = True
                return
            if cut is not None and fault is not None:
                if fault.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR) if not fault.reset else None
                self.connection.close()

    return Handler
