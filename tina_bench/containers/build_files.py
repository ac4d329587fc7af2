"""Files of this machine that a build needs and no image keeps: certificates and wheels.

A file that a Dockerfile copies stays in a layer for good. So nothing is copied: while a build runs,
this process serves the files on the machine's loopback, and the build fetches them in the step that
uses them. That takes an engine on this machine.
"""

import contextlib
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tina_bench.errors import BusyError, UsageError
from tina_bench.files.hashing import digest, sha256_file

PORTS = range(47462, 47478)
"""The first free one is taken; they are fixed, as an engine's cache depends on addresses too."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing: what was fetched is in the build's own log."""


@dataclass(frozen=True)
class BuildFiles:
    """Where they lie; nothing is served where neither is given."""

    wheels: Path | None = None
    """Folder with wheels of packages that no index in reach has."""
    certificates: Path | None = None
    """PEM file of the certificate authorities to trust while building, as behind a proxy."""

    def _files(self) -> dict[str, Path]:
        files = {}
        if self.certificates is not None:
            if not self.certificates.is_file():
                raise UsageError(f"{self.certificates}: found no file of certificates.")
            files["ca.pem"] = self.certificates
        if self.wheels is not None:
            files |= {f"wheels/{path.name}": path for path in self.wheels.glob("*.whl")}
            if not any(name.startswith("wheels/") for name in files):
                raise UsageError(f"{self.wheels}: found no wheels in it, expected at least one.")
        return files

    @contextlib.contextmanager
    def served(self) -> Iterator[dict[str, str]]:
        """Serve the files inside the `with` block; yields the build's arguments for it.

        No arguments where there are no files. Raises `UsageError` for what is not there, and
        `BusyError` when every port of ours is taken by other builds.
        """
        files = self._files()
        if not files:
            yield {}
            return
        with tempfile.TemporaryDirectory(prefix="tina-bench-lent-") as folder:
            for name, path in files.items():
                link = Path(folder) / name
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(path.absolute())
            with _server(Path(folder)) as address:
                arguments = {"LENT_SHA256": digest({n: sha256_file(p) for n, p in files.items()})}
                if self.certificates is not None:
                    arguments["LENT_CERTIFICATES"] = f"{address}/ca.pem"
                if self.wheels is not None:
                    arguments["LENT_WHEELS"] = f"{address}/wheels/"
                yield arguments


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(folder))
    for port in PORTS:
        with contextlib.suppress(OSError):
            server = ThreadingHTTPServer(("127.0.0.1", port), handler)
            break
    else:
        raise BusyError(
            f"ports {PORTS[0]} to {PORTS[-1]} of 127.0.0.1, on which builds borrow files, are all "
            "taken; wait for other builds to end."
        )
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join()


def check_index(url: str) -> str:
    """The address of a package index; raises `UsageError` for one that carries a password.

    An image's history shows every argument of its build.
    """
    if "@" in urlsplit(url).netloc:
        raise UsageError(
            "--index: found a user name or password in the address, which would stay readable in "
            "the image; use an index that needs none, or lend the packages with --wheels."
        )
    return url
