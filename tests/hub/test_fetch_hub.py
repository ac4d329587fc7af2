"""`tina-bench fetch` against a hub that has bad days: every byte checked, whatever happens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hub.conftest import BASE, ROWS, Site, refusal
from tests.hub.server import Hub, sha256
from tina_bench.files.hashing import sha256_file

pytestmark = pytest.mark.slow

WEIGHTS = "model.safetensors"
BIG = os.urandom(1 << 20) * 32
"""32 MiB: the library writes blocks of ten, and what is cut can only go on after a whole one."""
BLOCK = 10 * 1024 * 1024
LISTENING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from tina_bench.cli import main
main()
"""
"""The program, listening to Ctrl-C also where the suite was started in the background."""


def big(hub: Hub) -> str:
    """Let the base have large weights; returns the path that they are downloaded from."""
    hub.repository("model", "me/base", {**BASE, WEIGHTS: BIG})
    return f"/cdn/{sha256(BIG)}"


def weights(hub: Hub, site: Site) -> Path:
    return site.snapshot("model", "me/base", hub.repositories["model", "me/base"].tip) / WEIGHTS


def test_the_locked_files_are_in_the_cache_and_no_others(hub: Hub, site: Site) -> None:
    site.lock("my-base", "my-adapter", "me/columns")
    ended = site.fetch("my-adapter", "my-columns", "--json")
    folder = weights(hub, site).parent
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == BASE
    adapters = site.snapshot("model", "me/adapters", hub.repositories["model", "me/adapters"].tip)
    assert {str(path.relative_to(adapters)) for path in adapters.rglob("*") if path.is_file()} == {
        "checkpoint-50/adapter_config.json",
        "checkpoint-50/adapter_model.safetensors",
    }
    said = {item["name"]: item for item in ended.json()["fetched"]}
    assert list(said) == ["my-base", "my-adapter", "me/columns"], "a base comes with its adapter"
    assert said["my-base"]["bytes"] == sum(map(len, BASE.values()))
    assert said["my-base"]["downloaded_bytes"] == len(BASE[WEIGHTS]), "the rest was there"
    assert not hub.requests(r"run\.py|\.pt$|README|checkpoint-100")


def test_a_second_fetch_asks_nothing_and_a_filled_cache_works_offline(hub: Hub, site: Site) -> None:
    site.lock("my-base")
    site.fetch("my-base")
    hub.asked.clear()
    assert site.fetch("my-base", "--json").json()["fetched"][0]["downloaded_bytes"] == 0
    assert hub.asked == []
    hub.stop()
    site.fetch("my-base", HF_HUB_OFFLINE="1")


def test_offline_with_an_empty_cache_says_what_is_set(site: Site) -> None:
    site.lock("my-base")
    assert "HF_HUB_OFFLINE is set" in refusal(site.fetch("my-base", code=32, HF_HUB_OFFLINE="1"))


def test_a_moved_branch_changes_nothing(hub: Hub, site: Site) -> None:
    site.lock("my-base")
    first = hub.repositories["model", "me/base"].tip
    hub.repositories["model", "me/base"].push({**BASE, WEIGHTS: b"other weights"})
    site.fetch("my-base")
    path = site.snapshot("model", "me/base", first) / WEIGHTS
    assert sha256_file(path) == sha256(BASE[WEIGHTS])
    assert not hub.requests("/resolve/main/")


def test_a_revision_that_the_hub_no_longer_has_is_said_so(hub: Hub, site: Site) -> None:
    site.lock("my-base")
    first = hub.repositories["model", "me/base"].tip
    hub.repository("model", "me/base", {**BASE, "x.txt": b""})
    assert f"does not have revision {first}" in refusal(site.fetch("my-base", code=31))


def test_a_repository_that_is_gone_does_not_stop_the_others(hub: Hub, site: Site) -> None:
    site.lock("my-base", "my-adapter", "me/columns")
    del hub.repositories["model", "me/base"]
    ended = site.fetch("my-adapter", "me/columns", "--json", code=31)
    assert "me/base: " in refusal(ended)
    codes = {item["name"]: item["exit_code"] for item in ended.json()["fetched"]}
    assert codes == {"my-base": 31, "my-adapter": 0, "me/columns": 0}


def test_a_gated_repository_wants_a_token_and_opens_for_it(hub: Hub, site: Site) -> None:
    site.lock("my-base")
    hub.repositories["model", "me/base"].gated = True
    for token, state in (("", "no token is set"), ("hf_other", "a token is set")):
        sentence = refusal(site.fetch("my-base", code=30, HF_TOKEN=token))
        assert f"accept the licence at {hub.url}/me/base" in sentence
        assert state in sentence
    site.fetch("my-base", HF_TOKEN=Hub.TOKEN)
    sent = {asked.token for asked in hub.requests("/cdn/")}
    assert sent == {None}, "the token is for the hub, never for where it sends us"


def test_what_was_never_resolved_is_refused_with_the_command_before_anything_is_asked(
    hub: Hub, site: Site
) -> None:
    site.lock("my-adapter")
    hub.asked.clear()
    sentence = refusal(site.fetch("my-adapter", "me/problems", code=13))
    assert "no resolved entry for my-base, me/problems" in sentence
    assert "`tina-bench lock --update my-base --update me/problems`" in sentence
    assert hub.asked == []


def test_a_profile_is_fetched_as_far_as_it_is_resolved(hub: Hub, site: Site) -> None:
    profile = """
        [profiles.mine]
        title = "mine"
        models = ["my-adapter"]
        tasks = ["my-rows", "my-columns"]
        seeds = [0]
        stack = "cpu"
        max_model_tokens = 512
        sampling = { temperature = 0, top_p = 1 }
    """
    site.write_catalog(site.catalog_text + profile)
    site.lock("my-base", "my-adapter", "me/columns")
    ended = site.fetch("--profile", "mine", code=13)
    assert "3 of 4 are there" in ended.out
    assert "`tina-bench lock --update me/problems`" in refusal(ended)
    assert "nothing to fetch" in site.fetch("--profile", "smoke").out


@pytest.mark.nightly
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_busy_hub_is_asked_again_after_the_delay_that_it_asks_for(
    hub: Hub, site: Site, status: int, method: str
) -> None:
    site.lock("my-base")
    pattern = "/cdn/" if method == "GET" else f"/resolve/.*{WEIGHTS}"
    hub.fail(pattern, method=method, times=1, status=status, headers={"Retry-After": "2"})
    started = time.monotonic()
    site.fetch("my-base")
    assert time.monotonic() - started >= 2
    assert sha256_file(weights(hub, site)) == sha256(BASE[WEIGHTS])


def test_a_hub_that_stays_down_is_given_up_and_what_is_cached_is_still_checked(
    hub: Hub, site: Site
) -> None:
    site.lock("my-base", "my-adapter", "me/columns")
    site.fetch("me/columns")
    hub.stop()
    ended = site.fetch("my-adapter", "me/columns", "--json", code=32)
    said = {item["name"]: item for item in ended.json()["fetched"]}
    assert {name: item["exit_code"] for name, item in said.items()} == {
        "my-base": 32,
        "my-adapter": 32,
        "me/columns": 0,
    }
    assert said["my-adapter"]["error"].startswith("not tried: ")


@pytest.mark.nightly
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_download_that_is_cut_goes_on_where_it_stopped(hub: Hub, site: Site, reset: bool) -> None:
    path = big(hub)
    site.lock("my-base")
    hub.fail(path, cut_after=BLOCK + 5_000_000, reset=reset)
    site.fetch("my-base")
    assert sha256_file(weights(hub, site)) == sha256(BIG)
    first, second = hub.requests(path)
    assert (first.range, first.status) == (None, 200)
    assert (second.range, second.status) == (f"bytes={BLOCK}-", 206)
    assert second.sent == len(BIG) - BLOCK, "what was there was not sent again"


@pytest.mark.nightly
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_fetch_that_was_ended_goes_on_where_it_stopped(
    hub: Hub, site: Site, how: signal.Signals
) -> None:
    path = big(hub)
    site.lock("my-base")
    # After the first block nothing more comes, and the program waits.
    stall = hub.fail(path, stall_after=BLOCK)
    arguments = ["fetch", "my-base", "--lock", site.lock_file, "--catalog", site.catalog]
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING, *map(str, arguments)],
        env={**os.environ, **site.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 300  # only so that nothing hangs
    while not any(p.stat().st_size >= BLOCK for p in site.blobs()):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(300) == (130 if how is signal.SIGINT else -how)
    stall.release()
    assert not weights(hub, site).exists(), "a part of a file is no file of the cache"

    site.fetch("my-base")
    assert sha256_file(weights(hub, site)) == sha256(BIG)
    last = hub.requests(path)[-1]
    assert (last.range, last.sent) == (f"bytes={BLOCK}-", len(BIG) - BLOCK)
    assert not [p for p in site.blobs() if p.name.endswith(".incomplete")]


def flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_wrong_byte_on_the_way_is_refused_and_the_next_try_downloads_anew(
    hub: Hub, site: Site, name: str, tmp_path: Path
) -> None:
    site.lock("my-base")
    fresh = Site(hub, tmp_path / "fresh", site.catalog_text)
    fresh.lock_file.write_bytes(site.lock_file.read_bytes())
    pattern = "/cdn/" if name == WEIGHTS else f"/resolve/.*/{name}"
    hub.fail(pattern, change=flip)
    sentence = refusal(fresh.fetch("my-base", code=14))
    assert f"me/base, {name}: found sha256 {sha256(flip(BASE[name]))}" in sentence
    assert f"expected sha256 {sha256(BASE[name])}" in sentence
    assert not (weights(hub, fresh).parent / name).exists()
    assert flip(BASE[name]) not in [path.read_bytes() for path in fresh.blobs()]

    fresh.fetch("my-base")
    assert {p.name: p.read_bytes() for p in weights(hub, fresh).parent.iterdir()} == BASE


def test_a_wrong_byte_in_the_cache_is_refused_and_the_next_try_downloads_anew(
    hub: Hub, site: Site
) -> None:
    site.lock("my-base")
    site.fetch("my-base")
    path = weights(hub, site)
    path.write_bytes(flip(BASE[WEIGHTS]))
    assert str(path) in refusal(site.fetch("my-base", code=14)).replace("\n", "")
    assert not path.exists()
    site.fetch("my-base")
    assert path.read_bytes() == BASE[WEIGHTS]


def test_a_file_that_the_hub_offers_in_another_size_is_not_even_downloaded(
    hub: Hub, site: Site
) -> None:
    site.lock("my-base")
    text = site.lock_file.read_text()
    size = f"bytes = {len(BASE[WEIGHTS])}"
    before, _, after = text.partition('[models.my-base.files."model.safetensors"]\n')
    site.lock_file.write_text(
        f'{before}[models.my-base.files."model.safetensors"]\n'
        + after.replace(size, "bytes = 7", 1)
    )
    sentence = refusal(site.fetch("my-base", code=14))
    assert f"offers {len(BASE[WEIGHTS])} bytes, expected 7" in sentence
    assert not hub.requests("/cdn/")


def test_what_does_not_fit_the_disk_is_refused_before_a_byte_is_asked_for(
    hub: Hub, site: Site
) -> None:
    info = {"lfs": {"sha256": sha256(BASE[WEIGHTS]), "size": 1 << 60, "pointerSize": 1}}
    hub.repositories["model", "me/base"].listed = {WEIGHTS: info}
    site.lock("my-base")
    hub.asked.clear()
    sentence = refusal(site.fetch("my-base", code=33))
    assert f"needs {float(1 << 30):.2f} GiB in {site.hf_home / 'hub'}" in sentence
    assert "HF_HOME" in sentence
    assert hub.asked == []


@pytest.mark.parametrize("name", ["../../../../escaped", "/tmp/escaped", "a/../../escaped", "."])
def test_a_lock_whose_names_lead_out_of_their_folder_is_refused(
    hub: Hub, site: Site, name: str
) -> None:
    site.lock("my-base")
    text = site.lock_file.read_text().replace(
        'my-base.files."config.json"', f'my-base.files."{name}"'
    )
    site.lock_file.write_text(text)
    hub.asked.clear()
    sentence = refusal(site.fetch("my-base", code=13))
    assert f"models.my-base.files.{name!r}: found a file name that leads out" in sentence
    assert "expected a path inside its folder" in sentence
    assert hub.asked == []


def test_two_fetches_at_once_download_once(hub: Hub, site: Site) -> None:
    path = big(hub)
    site.lock("my-base")
    arguments = ["fetch", "my-base", "--lock", site.lock_file, "--catalog", site.catalog]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tina_bench", *map(str, arguments)],
            env={**os.environ, **site.environment},
            stdout=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert len(hub.requests(path)) == 1


def test_an_unknown_name_or_profile_is_refused(site: Site) -> None:
    site.lock("my-base")
    assert "found 'nobody'" in refusal(site.fetch("nobody", code=11))
    assert "no profile 'nobody'" in refusal(site.fetch("--profile", "nobody", code=11))


def test_a_cache_that_cannot_be_written_is_a_sentence(hub: Hub, site: Site, tmp_path: Path) -> None:
    site.lock("my-base")
    (tmp_path / "file").write_bytes(b"")
    ended = site.fetch("my-base", code=10, HF_HOME=str(tmp_path / "file"))
    assert "set HF_HOME to a folder that can be written" in refusal(ended)


def test_rows_of_small_files_come_without_large_file_storage(hub: Hub, site: Site) -> None:
    site.lock("my-base")
    tip = hub.repositories["dataset", "me/problems"].tip
    entry = (
        f'\n[datasets."me/problems"]\nsource = "hub"\nrepo = "me/problems"\nrevision = "{tip}"\n'
        f'\n[datasets."me/problems".files."problems/test.jsonl"]\nbytes = {len(ROWS)}\n'
        f'sha256 = "{sha256(ROWS)}"\n'
    )
    with site.lock_file.open("a", encoding="utf-8") as file:
        file.write(entry)
    site.fetch("me/problems")
    assert (
        site.snapshot("dataset", "me/problems", tip) / "problems/test.jsonl"
    ).read_bytes() == ROWS
