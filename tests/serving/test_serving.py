"""The preview server: the files of the site with strict headers, nothing else, and a reload."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checking.sites import MadeSite
from tests.support.program import ROOT, call
from tina_bench.board.site.preview_server import OWN, SiteServer, site_file
from tina_bench.errors import UsageError

pytestmark = pytest.mark.slow

SECRET = "years of work"
LONG = 300
"""Seconds that only a server which hangs would take."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "site-of-another").mkdir()
    (tmp_path / "site-of-another" / "index.html").write_text(SECRET)
    made = MadeSite(tmp_path / "site")
    made.files["models/index.html"] = made.files["other.html"]
    return made.write()


@contextlib.contextmanager
def serving(site: Path, *, reload: bool = False) -> Iterator[SiteServer]:
    server = SiteServer(site, "127.0.0.1", 0, reload=reload)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        server.server_close()
        thread.join(LONG)
        assert not thread.is_alive()


def get(server: SiteServer, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=LONG)
    try:
        connection.putrequest(method, path, skip_host=False)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def test_every_file_is_served_as_it_lies_on_disk_with_strict_headers(site: Path) -> None:
    with serving(site) as server:
        for path in sorted(p for p in site.rglob("*") if p.is_file()):
            name = path.relative_to(site).as_posix()
            status, headers, body = get(server, f"/{name}")
            assert (status, body) == (200, path.read_bytes())
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; ")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert get(server, f"/{name}", "HEAD")[::2] == (200, b"")
        assert get(server, "/data/results.csv")[1]["content-type"] == "text/csv; charset=utf-8"


def test_a_folder_is_its_index_and_only_under_its_own_address(site: Path) -> None:
    with serving(site) as server:
        assert get(server, "/")[2] == (site / "index.html").read_bytes()
        assert get(server, "/models/")[2] == (site / "models" / "index.html").read_bytes()
        status, headers, _ = get(server, "/models")
        assert (status, headers["location"]) == (301, "/models/")
        status, headers, _ = get(server, "//models")
        assert headers.get("location", "/models/") == "/models/"


OUTSIDE = [
    "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/data/../../secret.txt",
    "/data/%2e%2e/%2e%2e/secret.txt", "//etc/passwd", "/..%00/secret.txt", "/index.html%00",
    "/../site-of-another/index.html", "/../site-of-another/", "/link.txt", "/out/secret.txt",
    "/%ff%fe", "/data/", "/nowhere.html", "/" + "a" * 5000, "/..%5csecret.txt",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_the_site_is_served(site: Path, path: str) -> None:
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    (site / "out").symlink_to(site.parent, target_is_directory=True)
    with serving(site) as server:
        status, headers, body = get(server, path)
    assert status == 404
    assert SECRET.encode() not in body
    assert headers["x-content-type-options"] == "nosniff"


@given(st.lists(st.sampled_from(["..", ".", "/", "%2e", "%2f", "\0", "data", "~", "\\", "é", "%"])))
def test_whatever_is_asked_for_lies_in_the_site(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    root = tmp_path_factory.getbasetemp() / "asked"
    (root / "site" / "data").mkdir(parents=True, exist_ok=True)
    for folder in (root, root / "site", root / "site" / "data"):
        (folder / "index.html").write_text("x")
    found = site_file(root / "site", "/" + "".join(parts))
    assert found is None or found.is_relative_to(root / "site")


def test_other_methods_are_refused(site: Path) -> None:
    with serving(site) as server:
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert get(server, "/index.html", method)[0] == 501


def test_without_reloading_there_is_nothing_of_it(site: Path) -> None:
    with serving(site) as server:
        assert get(server, f"{OWN}reload.js")[0] == 404
        assert "connect-src" not in get(server, "/")[1]["content-security-policy"]


def test_pages_get_the_script_on_their_way_and_never_on_disk(site: Path) -> None:
    before = (site / "index.html").read_bytes()
    with serving(site, reload=True) as server:
        status, headers, body = get(server, "/")
        tag = f'<script src="{OWN}reload.js?built={server.version}" defer></script>\n'
        assert (
            body.replace(tag.encode(), b"").replace(
                b"default-src 'none'; connect-src 'self'; script-src 'self'; ",
                b"default-src 'none'; ",
            )
            == before
        )
        assert tag.encode() in body
        assert "connect-src 'self'" in headers["content-security-policy"]
        assert int(headers["content-length"]) == len(body)
        assert get(server, f"{OWN}reload.js")[1]["content-type"].startswith("text/javascript")
    assert (status, (site / "index.html").read_bytes()) == (200, before)


def test_browsers_that_wait_hear_of_a_build_and_of_the_end(site: Path) -> None:
    with serving(site, reload=True) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=LONG)
        connection.request("GET", f"{OWN}events")
        answer = connection.getresponse()
        first = answer.readline()
        assert first == f"data: {server.version}\n".encode()
        assert answer.readline() == b"\n"
        (site / "index.json").write_text("another")
        server.rebuilt()
        second = answer.readline()
        assert second == f"data: {server.version}\n".encode()
        assert second != first
        threading.Timer(0.2, server.stop).start()
        assert answer.read() == b"\n"
        connection.close()


def test_a_port_that_is_taken_is_one_sentence(site: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} of 127.0.0.1 is taken"):
            SiteServer(site, "127.0.0.1", port, reload=False)
        ended = call("leaderboard", "serve", site, "--port", port)
        assert (ended.code, ended.out) == (11, "")
        assert "--port 0" in ended.sentence
    ended = call("leaderboard", "serve", site, "--host", "192.0.2.1", "--port", 0)
    assert (ended.code, "cannot listen on 192.0.2.1" in ended.sentence) == (11, True)


def test_what_is_no_site_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(SECRET)
    ended = call("leaderboard", "serve", tmp_path, "--port", 0)
    assert ended.code == 11
    assert "is no leaderboard" in ended.sentence


@contextlib.contextmanager
def program(*arguments: object) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """The verb as a user starts it, and the port that it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tina_bench", "leaderboard", "serve", *map(str, arguments)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Look at http://127.0.0.1:"), process.communicate()
        yield process, int(line.split(":")[2].partition("/")[0])
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_ends_it_quietly(site: Path) -> None:
    with program(site, "--port", "0") as (process, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        connection.request("GET", "/other.html")
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LONG)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")


def test_with_watch_a_changed_record_is_on_the_page_at_once(tmp_path: Path) -> None:
    """On a real build of a fabricated home: a changed record, then a broken one, then Ctrl-C."""
    sys.path.insert(0, str(ROOT / "tests" / "board"))
    from board_home import fabricate

    home = fabricate(tmp_path / "home", tasks=("aime24",), seeds=(0, 1))
    out = tmp_path / "home" / "site"
    started = time.monotonic()
    with program("--watch", "--port", "0", "--home", home.root) as (process, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        connection.request("GET", f"{OWN}events")
        events = connection.getresponse()
        first = events.readline()
        before = (out / "index.json").read_bytes()
        record = next(home.root.glob("results/*/*/*.json"))
        text = record.read_text()
        # The watch begins just after the address is printed: what came before is not noticed.
        while (out / "index.json").read_bytes() == before:
            assert time.monotonic() - started < LONG
            record.write_text(text.replace('"stack": "current"', '"stack": "paper"'))
            time.sleep(2)
        assert events.readline() == b"\n"
        second = first
        while second == first:
            second = events.readline()
            assert events.readline() == b"\n"
        assert (out / "index.json").read_bytes() != before
        record.write_text(text.replace('"model"', '"modle"', 1))
        assert process.stderr is not None
        lines: list[str] = []
        while not any("error: " in line for line in lines):
            lines.append(process.stderr.readline())
            assert time.monotonic() - started < LONG, lines
        assert b"reload.js" not in (out / "index.html").read_bytes()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert process.returncode == 0
