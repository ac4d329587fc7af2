"""Show a built site to the browser of this machine, and reload it when it is built anew.

Guarantees: only regular files of the site's folder are served, whatever is asked for and wherever a
link in it points; every answer carries a strict policy and is never cached; without reloading the
bytes are those on disk. With reloading, pages get one script more on their way out, and their
policy allows it; the files on disk never do.

Traded away: this is for looking at a site before it is published. It speaks HTTP/1.1 without TLS,
and a browser that waits for the next build holds a thread.
"""

import errno
import hashlib
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import quote, unquote, urlsplit

from tina_bench.board.data.index import INDEX_FILE, media_type
from tina_bench.errors import UsageError

OWN = "/.tina-bench/"
"""Addresses below are the server's own; a site has no such folder."""
_SCRIPT = f"""\
"use strict";
const shown = new URL(document.currentScript.src).searchParams.get("built");
new EventSource("{OWN}events").onmessage = (event) => {{
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
"""How often a waiting browser hears that the server is still there."""


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
        path = path / "index.html" if path.is_dir() else path
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
        """Tell every browser that waits that the site is another now."""
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


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    server_version = "tina-bench"
    sys_version = ""

    @property
    def _site(self) -> SiteServer:
        return cast("SiteServer", self.server)

    def do_GET(self) -> None:
        """A file of the site, or what makes pages reload."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """The same without its body."""
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the terminal is for builds and their errors."""

    def _answer(self, *, with_body: bool) -> None:
        address = urlsplit(self.path).path
        if self._site.reload and address.startswith(OWN):
            self._own(address, with_body=with_body)
            return
        path = site_file(self._site.site, self.path)
        if path is None:
            text = b"There is no such page on this site.\n"
            self._send(HTTPStatus.NOT_FOUND, "text/plain", text, with_body=with_body)
            return
        is_folder = path.name == "index.html" and not address.endswith(("/", "index.html"))
        if is_folder:  # relative links on the page count from the folder
            self._redirect(f"{quote(unquote(address))}/")
            return
        try:
            data = path.read_bytes()
        except OSError:  # replaced by a build just now
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"gone\n", with_body=with_body)
            return
        kind = media_type(path.name)
        if self._site.reload and kind == "text/html":
            data = self._with_script(data)
        self._send(HTTPStatus.OK, kind, data, with_body=with_body)

    def _with_script(self, page: bytes) -> bytes:
        tag = f'<script src="{OWN}reload.js?built={self._site.version}" defer></script>\n'
        page = page.replace(_STRICT, _LOOSER, 1)
        return page.replace(b"</head>", tag.encode() + b"</head>", 1)

    def _own(self, address: str, *, with_body: bool) -> None:
        if address == f"{OWN}reload.js":
            self._send(HTTPStatus.OK, "text/javascript", _SCRIPT.encode(), with_body=with_body)
        elif address == f"{OWN}events" and with_body:
            self._events()
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"\n", with_body=with_body)

    def _events(self) -> None:
        """Server-sent events: which build the site is, at once and after every other."""
        self.send_response(HTTPStatus.OK)
        self._headers("text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        version: str | None = self._site.version
        try:
            while version is not None:
                self.wfile.write(f"data: {version}\n\n".encode())
                self.wfile.flush()
                version = self._site.wait(version)
        except OSError:
            return  # the browser went to another page

    def _redirect(self, address: str) -> None:
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self._headers("text/plain")
        # One slash: two would name another host.
        self.send_header("Location", "/" + address.lstrip("/"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: HTTPStatus, kind: str, data: bytes, *, with_body: bool) -> None:
        self.send_response(status)
        text = kind.startswith("text/") or kind.endswith(("json", "xml"))
        self._headers(f"{kind}; charset=utf-8" if text else kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def _headers(self, kind: str) -> None:
        more = "connect-src 'self'; " if self._site.reload else ""
        for name, value in (
            ("Content-Type", kind),
            ("Content-Security-Policy", _POLICY.format(more=more)),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
