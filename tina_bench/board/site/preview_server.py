"""Show a built site to the browser of this machine, and reload it when it is rebuilt.

Guarantees: only regular files of the site's folder are served, whatever is asked for and wherever a
link in it points; every answer carries a strict policy and is never cached; without reloading the
bytes are those on disk. With reloading, pages get one script more on their way out, and their
policy allows it; the files on disk never do.

Traded away: this is for looking at a site before it is published. It speaks HTTP/1.1 without TLS,
and a browser that waits for the next build holds a thread.
"""

import contextlib
import errno
import hashlib
import io
import os
import threading
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

from tina_bench.board.data.index import INDEX_FILE, media_type
from tina_bench.errors import UsageError

OWN = "/.tina-bench/"
"""Addresses below are the server's own; a site has no such folder."""
RELOAD_SCRIPT, EVENTS = f"{OWN}reload.js", f"{OWN}events"
INDEX_PAGE = "index.html"
_SCRIPT = f"""\
"use strict";
const shown = new URL(document.currentScript.src).searchParams.get("built");
new EventSource("{EVENTS}").onmessage = (event) => {{
  if (event.data !== shown) location.reload();
}};
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "{more}base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_STRICT = b"default-src 'none'; "
_LOOSER = b"default-src 'none'; connect-src 'self'; script-src 'self'; "
"""What a page's own policy must say for the script to run; of two directives the first counts."""
_HEARTBEAT_SECONDS = 15.0
"""How often a waiting browser gets an event though nothing was built."""


def site_file(site: Path, address: str) -> Path | None:
    """The file of the site that a request's path means; `None` if there is none.

    A folder means its `index.html`. A path that leads out of the folder, by dots or by a link,
    means nothing.
    """
    try:
        name = unquote(urlsplit(address).path, errors="strict")
        root = site.resolve()
        path = (root / name.lstrip("/")).resolve()
        if "\0" in name or not path.is_relative_to(root):
            return None
        path = path / INDEX_PAGE if path.is_dir() else path
        return path if path.resolve().is_relative_to(root) and path.is_file() else None
    except (ValueError, OSError):
        return None


class SiteServer(ThreadingHTTPServer):
    """Serves one site; see the module for what it guarantees."""

    daemon_threads = True

    def __init__(self, site: Path, host: str, port: int, *, reload: bool) -> None:
        """Listen; raises `UsageError` where that host and port cannot be listened on."""
        self.site = site
        self.reload = reload
        self._built = threading.Condition()
        self._stopping = False
        self.version = self._version()
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise UsageError(_refusal(host, port, error)) from None
        except OverflowError:
            raise UsageError(f"--port: found {port}, expected 0 to 65535.") from None

    @property
    def url(self) -> str:
        """Where the front page is."""
        host, port = self.server_address[0], self.server_address[1]
        name = host.decode() if isinstance(host, bytes) else str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}/"

    def _version(self) -> str:
        try:
            return hashlib.sha256((self.site / INDEX_FILE).read_bytes()).hexdigest()[:16]
        except OSError:
            return "none"

    def rebuilt(self) -> None:
        """Send an event to every waiting browser: the site has changed."""
        with self._built:
            self.version = self._version()
            self._built.notify_all()

    def stop(self) -> None:
        """Let waiting browsers go, and end `serve_forever`."""
        with self._built:
            self._stopping = True
            self._built.notify_all()
        self.shutdown()

    def wait(self, shown: str) -> str | None:
        """The version once it is another, or after a while; `None` when the server stops."""
        with self._built:
            self._built.wait_for(
                lambda: self._stopping or self.version != shown, _HEARTBEAT_SECONDS
            )
            return None if self._stopping else self.version


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is taken by another program; choose one with --port, or "
            "--port 0 for any that is free."
        )
    return f"cannot listen on {host}, port {port}: {error.strerror or error}; choose others."


class _Handler(SimpleHTTPRequestHandler):
    """Answers one request: files as the standard library does, the reload script, its events."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server_version = "tina-bench"
    sys_version = ""
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    @property
    def _site(self) -> SiteServer:
        return cast("SiteServer", self.server)

    def do_GET(self) -> None:
        """A file of the site, the reload script, or its events."""
        if self._site.reload and urlsplit(self.path).path == EVENTS:
            self._events()
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Print nothing: the terminal is for builds and their errors."""

    def translate_path(self, path: str) -> str:
        """The file to serve; an empty path, which is no file, where there is none.

        An address that lacks the slash of its folder gives the folder, which the base class
        redirects: relative links on the page count from there.
        """
        found = site_file(self._site.site, path)
        if found is None:
            return ""
        address = urlsplit(path).path
        lacks_slash = found.name == INDEX_PAGE and not address.endswith(("/", INDEX_PAGE))
        return str(found.parent if lacks_slash else found)

    def guess_type(self, path: "str | os.PathLike[str]") -> str:
        """As the site's index names it."""
        kind = media_type(str(path))
        text = kind.startswith("text/") or kind.endswith(("json", "xml"))
        return f"{kind}; charset=utf-8" if text else kind

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Status and headers; with reloading, also of the script and of pages that load it."""
        path = Path(self.translate_path(self.path))
        if self._site.reload and urlsplit(self.path).path == RELOAD_SCRIPT:
            return self._send_head_of(RELOAD_SCRIPT, _SCRIPT.encode())
        if self._site.reload and path.suffix == ".html":
            with contextlib.suppress(OSError):  # a folder, or replaced by a build just now
                return self._send_head_of(path.name, self._with_script(path.read_bytes()))
        return super().send_head()

    def _send_head_of(self, name: str, data: bytes) -> io.BytesIO:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(name))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return io.BytesIO(data)

    def _with_script(self, page: bytes) -> bytes:
        tag = f'<script src="{RELOAD_SCRIPT}?built={self._site.version}" defer></script>\n'
        page = page.replace(_STRICT, _LOOSER, 1)
        return page.replace(b"</head>", tag.encode() + b"</head>", 1)

    def _events(self) -> None:
        """Server-sent events: the version of the site, at once and after every build."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        version: str | None = self._site.version
        try:
            while version is not None:
                self.wfile.write(f"data: {version}\n\n".encode())
                self.wfile.flush()
                version = self._site.wait(version)
        except OSError:
            return  # the browser went to another page

    def end_headers(self) -> None:
        """The strict headers, on every answer, errors included."""
        more = "connect-src 'self'; " if self._site.reload else ""
        for name, value in (
            ("Content-Security-Policy", _POLICY.format(more=more)),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        super().end_headers()
