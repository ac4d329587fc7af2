"""`tina-bench lock` against a hub: what becomes an entry, what does not, and why."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.hub.conftest import ADAPTER, BASE, CARD, CATALOG, ROWS, TASK, Site, parquet, refusal
from tests.hub.server import Hub, sha256
from tina_bench.lock.lockfile import read_lock

pytestmark = pytest.mark.slow


def test_a_model_is_locked_to_its_commit_with_the_hash_of_every_file_that_may_be_used(
    hub: Hub, site: Site
) -> None:
    site.lock("my-base")
    entry = site.locked.models["my-base"]
    assert (entry.source, entry.repo, entry.subfolder) == ("hub", "me/base", None)
    assert entry.revision == hub.repositories["model", "me/base"].tip
    assert {name: (file.bytes, file.sha256) for name, file in entry.files.items()} == {
        name: (len(data), sha256(data)) for name, data in BASE.items()
    }, "neither the card nor the program is an input"


def test_weights_are_locked_without_downloading_them(hub: Hub, site: Site) -> None:
    site.lock("my-base")
    assert hub.requests(r"tokenizer\.json", "GET"), "what the hub knows no sha256 of is hashed here"
    assert not hub.requests(r"model\.safetensors|/cdn/|README|run\.py")


def test_an_adapter_is_locked_in_its_subfolder_only(hub: Hub, site: Site) -> None:
    site.lock("my-adapter")
    entry = site.locked.models["my-adapter"]
    assert (entry.repo, entry.subfolder) == ("me/adapters", "checkpoint-50")
    assert set(entry.files) == {"adapter_config.json", "adapter_model.safetensors"}
    assert not hub.requests("checkpoint-100|optimizer")


@pytest.mark.engine
def test_a_task_s_name_locks_its_dataset_with_the_card_and_hashes_its_problems(
    hub: Hub, site: Site
) -> None:
    site.lock("my-rows")
    lock = site.locked
    assert set(lock.datasets["me/problems"].files) == {"README.md", "problems/test.jsonl"}
    assert lock.datasets["me/problems"].files["README.md"].sha256 == sha256(CARD)
    # Small files had to be downloaded to be hashed, so the problems could be made: they are those
    # of the embedded task, which has the same rows.
    assert lock.tasks["my-rows"] == lock.tasks["smoke-30"]
    assert "my-columns" not in lock.tasks


def test_what_is_resolved_stays_when_the_branch_moves_until_it_is_asked_to_move(
    hub: Hub, site: Site
) -> None:
    repository = hub.repositories["model", "me/base"]
    site.lock("my-base")
    first, before = repository.tip, site.lock_file.read_bytes()
    second = repository.push({**BASE, "config.json": BASE["config.json"] + b"\n"})
    hub.asked.clear()

    site.lock("my-adapter")
    assert not hub.requests("me/base"), "an entry that is there is not even asked about"
    assert site.locked.models["my-base"].revision == first
    assert before in site.lock_file.read_bytes() or first.encode() in site.lock_file.read_bytes()

    ended = site.lock("my-base")
    assert site.locked.models["my-base"].revision == second
    assert "moved" in ended.out
    assert "same" in site.lock("my-base").out


@pytest.mark.engine
def test_a_plain_lock_resolves_what_it_can_and_lists_the_rest_with_reasons(
    hub: Hub, site: Site
) -> None:
    hub.repository("model", "me/base", BASE, gated=True)
    text = CATALOG + TASK.format(name="far", dataset="me/nowhere", more="")
    site.write_catalog(text + TASK.format(name="near", dataset="me/columns", more=""))
    ended = site._run("lock", "--file", site.lock_file, "--json", code=0)
    said = {entry["name"]: entry for entry in ended.json()["entries"]}
    assert (said["my-adapter"]["state"], said["me/columns"]["state"]) == ("resolved", "resolved")
    assert (said["my-base"]["state"], said["my-base"]["exit_code"]) == ("unresolved", 30)
    assert (said["me/nowhere"]["state"], said["me/nowhere"]["exit_code"]) == ("unresolved", 31)
    lock = site.locked
    assert "my-base" in lock.unresolved["models"]
    assert "me/nowhere" in lock.unresolved["datasets"]
    assert "my-adapter" not in lock.unresolved["models"]
    assert set(lock.unresolved["models"]) == set(said) & set(lock.unresolved["models"])
    # The packaged catalog's own repositories are not on this hub either.
    assert {e["exit_code"] for e in said.values() if e["state"] == "unresolved"} == {30, 31}

    before = site.lock_file.read_bytes()
    again = site._run("lock", "--file", site.lock_file, "--json", code=0)
    assert site.lock_file.read_bytes() == before
    assert {e["state"] for e in again.json()["entries"]} == {"kept", "unresolved"}
    site._run("lock", "--check", "--file", site.lock_file, code=0, HF_HUB_OFFLINE="1")


def test_the_same_hub_gives_the_same_bytes(hub: Hub, site: Site, tmp_path: Path) -> None:
    site.lock("my-base", "my-adapter", "me/columns")
    other = Site(hub, tmp_path / "other", site.catalog.read_text())
    other.lock("me/columns", "my-adapter", "my-base")
    assert site.lock_file.read_bytes() == other.lock_file.read_bytes()


def test_a_failing_update_ends_with_13_says_why_and_leaves_the_entry(hub: Hub, site: Site) -> None:
    site.lock("my-base", "my-adapter")
    before = site.lock_file.read_bytes()
    hub.repositories["model", "me/base"].gated = True
    del hub.repositories["model", "me/adapters"]
    ended = site.lock("my-base", "my-adapter", code=13)
    assert "me/adapters: " in refusal(ended)
    assert site.lock_file.read_bytes() == before


@pytest.mark.parametrize(("token", "state"), [("", "no token is set"), ("hf_no", "a token is set")])
def test_a_gated_repository_names_the_page_of_its_licence(
    hub: Hub, site: Site, token: str, state: str
) -> None:
    hub.repositories["dataset", "me/problems"].gated = True
    sentence = refusal(site.lock("me/problems", code=13, HF_TOKEN=token))
    assert f"{hub.url}/datasets/me/problems" in sentence
    assert "HF_TOKEN" in sentence
    assert state in sentence
    assert "hf_no" not in sentence
    assert site.locked.unresolved["datasets"].count("me/problems") == 1


def test_a_gated_repository_opens_for_its_token(hub: Hub, site: Site) -> None:
    hub.repositories["model", "me/base"].gated = True
    site.lock("my-base", HF_TOKEN=Hub.TOKEN)
    assert "my-base" in site.locked.models


def test_a_token_file_in_the_home_of_the_hub_counts(hub: Hub, site: Site) -> None:
    hub.repositories["model", "me/base"].gated = True
    site.hf_home.mkdir()
    (site.hf_home / "token").write_text(Hub.TOKEN, encoding="utf-8")
    site.lock("my-base")


def test_a_missing_repository_and_a_missing_revision_are_different_sentences(
    hub: Hub, site: Site
) -> None:
    site.write_catalog(CATALOG.replace("me/base", "me/nowhere"))
    assert "has no such repository" in refusal(site.lock("my-base", code=13))
    site.write_catalog(CATALOG.replace('"me/base"', f'"me/base"\nrevision = "{"0" * 40}"'))
    assert f"does not have revision {'0' * 40}" in refusal(site.lock("my-base", code=13))


def test_an_abbreviated_commit_finds_the_one_it_begins_over_all_pages(hub: Hub, site: Site) -> None:
    repository = hub.repositories["model", "me/base"]
    first = repository.tip
    for number in range(5):
        repository.push({**BASE, "config.json": BASE["config.json"] + b"\n" * number})
    site.write_catalog(CATALOG.replace('"me/base"', f'"me/base"\nrevision = "{first[:7]}"'))
    site.lock("my-base")
    assert site.locked.models["my-base"].revision == first
    assert len(hub.requests("/commits/")) == 3

    stranger = next(c for c in ("0000000", "1111111") if not first.startswith(c))
    site.write_catalog(CATALOG.replace('"me/base"', f'"me/base"\nrevision = "{stranger}"'))
    sentence = refusal(site.lock("my-base", code=13))
    assert f"no commit begins with {stranger}" in sentence
    assert "my-base" in site.locked.unresolved["models"], "the old entry is of another commit"


def test_a_hub_that_answers_for_another_commit_is_not_believed(hub: Hub, site: Site) -> None:
    repository = hub.repositories["model", "me/base"]
    commit, files = repository.commits[0]
    site.write_catalog(CATALOG.replace('"me/base"', f'"me/base"\nrevision = "{commit}"'))
    repository.at = lambda revision: ("f" * 40, files)  # type: ignore[method-assign]
    assert f"found revision '{'f' * 40}'" in refusal(site.lock("my-base", code=13))


PICKLED = {name: data for name, data in BASE.items() if name != "model.safetensors"}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({**PICKLED, "pytorch_model.bin": b"x"}, "pytorch_model.bin, which are not used"),
        (PICKLED, "found no model.safetensors"),
        ({**PICKLED, "model.safetensors.index.json": b"{}"}, "found no model.safetensors"),
        ({"model.safetensors": b"x"}, "found no config.json"),
        ({**BASE, "../../evil.json": b"x"}, "a file named '../../evil.json'"),
        ({**BASE, "/etc/cron.d/x": b"x"}, "a file named '/etc/cron.d/x'"),
        ({**BASE, "a\\..\\b": b"x"}, r"a file named 'a\\..\\b'"),
    ],
    ids=["pickle", "no weights", "no shards", "no config", "dots", "absolute", "backslash"],
)
def test_a_model_that_must_not_be_used_is_refused_with_the_reason(
    hub: Hub, site: Site, files: dict[str, bytes], says: str
) -> None:
    hub.repository("model", "me/base", files)
    assert says in refusal(site.lock("my-base", code=13))
    assert "my-base" not in site.locked.models
    assert not hub.requests("/resolve/"), "nothing of it was downloaded"
    assert not list(site.root.rglob("evil*"))


def test_shards_are_locked_with_their_index(hub: Hub, site: Site) -> None:
    shards = {f"model-0000{n}-of-00002.safetensors": b"s%d" % n for n in (1, 2)}
    files = {**PICKLED, **shards, "model.safetensors.index.json": b"{}", "consolidated.pth": b"p"}
    hub.repository("model", "me/base", files)
    site.lock("my-base")
    assert set(site.locked.models["my-base"].files) == set(files) - {"consolidated.pth"}


def test_an_adapter_without_safetensors_or_without_its_folder_is_refused(
    hub: Hub, site: Site
) -> None:
    hub.repository("model", "me/adapters", {"checkpoint-50/adapter_model.bin": b"x"})
    assert "adapter_model.bin, which are not used" in refusal(site.lock("my-adapter", code=13))
    hub.repository("model", "me/adapters", ADAPTER)
    assert "found no folder 'checkpoint-50'" in refusal(site.lock("my-adapter", code=13))


def test_a_dataset_that_only_a_program_can_read_is_refused(hub: Hub, site: Site) -> None:
    hub.repository("dataset", "me/problems", {"README.md": CARD, "problems.py": b"x", "d.zip": b""})
    assert "found no data files" in refusal(site.lock("me/problems", code=13))


def test_a_small_file_of_another_size_than_listed_is_refused_and_not_kept(
    hub: Hub, site: Site
) -> None:
    hub.repositories["model", "me/base"].listed = {"config.json": {"size": 3}}
    sentence = refusal(site.lock("my-base", code=13))
    assert f"found {len(BASE['config.json'])} bytes, expected 3 as the hub lists it" in sentence
    git_name = hashlib.sha1(b"blob %d\0" % len(BASE["config.json"]) + BASE["config.json"])
    assert git_name.hexdigest() not in {path.name for path in site.blobs()}


def test_two_revisions_of_one_dataset_are_a_fault_of_the_catalog(hub: Hub, site: Site) -> None:
    for revisions, code in ((("a" * 8, "a" * 12), 13), (("a" * 8, "b" * 8), 12)):
        tasks = [
            TASK.format(name=f"t{number}", dataset="me/problems", more=f'revision = "{revision}"')
            for number, revision in enumerate(revisions)
        ]
        site.write_catalog(CATALOG + "".join(tasks))
        ended = site.lock("me/problems", code=code)
    assert "expected one revision of a dataset" in refusal(ended)


def test_a_silent_hub_is_asked_once_and_everything_is_unresolved(hub: Hub, site: Site) -> None:
    hub.stop()
    ended = site.lock("my-base", "my-adapter", "me/problems", code=13)
    assert f"{hub.url} does not answer" in refusal(ended)
    assert refusal(ended).startswith("my-adapter, my-base, me/problems: ")
    assert refusal(ended).count("does not answer") == 1
    assert {"my-base", "my-adapter"} <= set(site.locked.unresolved["models"])


def test_something_else_that_answers_is_not_taken_for_a_hub(hub: Hub, site: Site) -> None:
    hub.fail("/api/models/me/base", status=200)  # as a network that wants a password first does
    assert "does not answer as a hub does" in refusal(site.lock("my-base", code=13))


def test_offline_is_said_so(site: Site) -> None:
    assert "HF_HUB_OFFLINE is set" in refusal(site.lock("my-base", code=13, HF_HUB_OFFLINE="1"))


@pytest.mark.parametrize("status", [429, 503])
def test_the_api_is_asked_again_after_the_delay_that_it_asks_for(
    hub: Hub, site: Site, status: int
) -> None:
    hub.fail("/api/models/me/base", times=2, status=status, headers={"Retry-After": "1"})
    ended = site.lock("my-base")
    assert ended.err.count(f"answered {status}; trying again in 1 s") == 2
    assert len(hub.requests("/api/models/me/base")) == 3


def test_a_small_file_that_is_hashed_here_is_asked_for_again_too(hub: Hub, site: Site) -> None:
    headers = {"Retry-After": "0"}
    hub.fail("/resolve/.*/config.json", method="HEAD", status=503, headers=headers)
    hub.fail("/resolve/.*/config.json", status=503, headers=headers)
    site.lock("my-base")
    assert len(hub.requests("/resolve/.*/config.json", "GET")) == 2


def test_a_forbidden_file_is_told_from_a_silent_hub(hub: Hub, site: Site) -> None:
    hub.fail("/resolve/.*/config.json", method="HEAD", times=9, status=403)
    assert "wants an accepted licence and a token" in refusal(site.lock("my-base", code=13))


@pytest.mark.parametrize("endpoint", ["", "nonsense", "http://[", "ftp://hub"])
def test_an_endpoint_that_is_no_address_is_a_sentence(site: Site, endpoint: str) -> None:
    ended = site.lock("my-base", code=13, HF_ENDPOINT=endpoint)
    assert "HF_ENDPOINT" in refusal(ended)
    assert "trying again" not in ended.err, "there is nothing to wait for"


def test_a_delay_beyond_ten_minutes_is_told_and_not_waited_for(hub: Hub, site: Site) -> None:
    headers = {"RateLimit": '"api";r=0;t=3000'}
    hub.fail("/api/models/me/base", times=9, status=429, headers=headers)
    sentence = refusal(site.lock("my-base", code=13))
    assert "answered 429, and asks to wait 3001 s" in sentence
    assert len(hub.requests("/api/models/me/base")) == 1


def test_an_unknown_name_is_refused_before_anything_is_asked(hub: Hub, site: Site) -> None:
    assert "found 'nobody'" in refusal(site.lock("nobody", code=11))
    assert "found 'smoke-base'" in refusal(site.lock("smoke-base", code=11))
    assert hub.asked == []


def test_check_and_update_do_not_go_together(site: Site) -> None:
    site._run("lock", "--check", "--update", "my-base", code=11)


def test_an_entry_of_another_repository_than_the_catalog_s_does_not_pass_for_it(
    hub: Hub, site: Site
) -> None:
    site.lock("my-base")
    hub.repository("model", "you/base", BASE)
    site.write_catalog(CATALOG.replace("me/base", "you/base"))
    ended = site._run("lock", "--check", "--file", site.lock_file, code=13)
    assert "models.my-base: found me/base at " in refusal(ended)
    ended = site._run("plan", "--all", "--profile", "smoke", "--lock", site.lock_file, code=13)
    assert "the catalog names you/base at main" in refusal(ended)
    assert "--update my-base" in refusal(site.fetch("my-base", code=13))
    site.lock("my-adapter")
    assert "my-base" in site.locked.unresolved["models"]


def test_what_the_catalog_dropped_leaves_the_lock_and_images_stay(hub: Hub, site: Site) -> None:
    site.lock("my-base", "my-adapter")
    digest = "sha256:" + "1" * 64
    with site.lock_file.open("a", encoding="utf-8") as file:
        file.write(f'\n[images.mine]\nreference = "r/i:t"\ndigest = "{digest}"\n')
    adapter = CATALOG.index("[models.my-adapter]")
    site.write_catalog(CATALOG[:adapter])
    ended = site._run("lock", "--file", site.lock_file, "--update", "my-base", "--json", code=0)
    states = {entry["name"]: entry["state"] for entry in ended.json()["entries"]}
    assert states["my-adapter"] == "dropped"
    lock = read_lock(site.lock_file)
    assert "my-adapter" not in lock.models
    assert lock.images["mine"].digest == digest


@pytest.mark.engine
def test_a_task_s_hash_goes_when_its_dataset_moves_and_comes_back_when_it_is_here(
    hub: Hub, site: Site
) -> None:
    site.lock("me/columns")
    assert "my-columns" not in site.locked.tasks, "the table is not here, only its hash"
    site.fetch("me/columns")
    site.lock("me/columns")
    first = site.locked.tasks["my-columns"]
    rows = [json.loads(line) for line in ROWS.splitlines()]
    rows[0]["answer"] += "0"
    moved = "\n".join(map(json.dumps, rows)).encode()
    name = "data/test-00000-of-00001.parquet"
    hub.repositories["dataset", "me/columns"].push({name: parquet(moved)})
    site.lock("me/columns")
    assert "my-columns" not in site.locked.tasks
    site.fetch("me/columns")
    site.lock("me/columns")
    assert site.locked.tasks["my-columns"].problems_sha256 != first.problems_sha256
