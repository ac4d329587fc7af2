"""Published texts: fetched by hash, read as literals, never run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hub.conftest import Site, refusal
from tests.hub.server import Hub, sha256
from tina_bench.catalog.recipes import PublishedText

pytestmark = pytest.mark.slow

PATH = "/owner/repo/0123456/prompt.py"
SOURCE = b'''"""Prompts."""
import os
open("RUN", "w")
PROMPT: str = ("think\\n" "then answer \\u2026")
TEMPLATE = """{% for m in messages %}
{{ m }}{% endfor %}"""
COMPUTED = PROMPT + "!"
TWICE = "a"
TWICE = "b"
GROWS = "a"
GROWS += "b"
NUMBER = 3
def inner():
    HIDDEN = "x"
'''
PROGRAM = """
import json, sys
from tina_bench.catalog.recipes import PublishedText
from tina_bench.errors import TinaBenchError
from tina_bench.lock import published_texts as texts
text = PublishedText.model_validate_json(sys.argv[2])
try:
    print(json.dumps(str(getattr(texts, sys.argv[1])(text))))
except TinaBenchError as error:
    sys.exit(f"error: {error}")
"""


def text_of(hub: Hub, constant: str = "PROMPT", source: bytes = SOURCE) -> PublishedText:
    return PublishedText(url=hub.url + PATH, sha256=sha256(source), constant=constant)


def ask(site: Site, verb: str, text: PublishedText, **environment: str) -> Any:
    """Call a function in a process of its own: huggingface_hub reads its environment once."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, verb, text.model_dump_json()],
        env={**os.environ, **site.environment, **environment},
        cwd=site.root,
        capture_output=True,
        text=True,
        check=False,
    )


def fetched(site: Site, text: PublishedText) -> Path:
    ended = ask(site, "fetch_published_text", text)
    assert ended.returncode == 0, ended.stderr
    return Path(ended.stdout.strip().strip('"'))


@pytest.fixture
def hub(hub: Hub) -> Hub:
    hub.plain[PATH] = SOURCE
    return hub


def test_a_text_is_fetched_once_and_then_read_offline(hub: Hub, site: Site) -> None:
    path = fetched(site, text_of(hub))
    assert path.read_bytes() == SOURCE
    assert path.is_relative_to(site.hf_home)
    fetched(site, text_of(hub))
    assert len(hub.requests(PATH)) == 1
    assert hub.requests(PATH)[0].token is None
    hub.stop()
    read = ask(site, "read_published_text", text_of(hub), HF_HUB_OFFLINE="1")
    assert read.stdout == '"think\\nthen answer \\u2026"\n'
    read = ask(site, "read_published_text", text_of(hub, "TEMPLATE"))
    assert read.stdout == '"{% for m in messages %}\\n{{ m }}{% endfor %}"\n'
    assert not list(site.root.rglob("RUN")), "the file was read, not run"


@pytest.mark.parametrize(
    ("constant", "count"),
    [("COMPUTED", 1), ("TWICE", 2), ("GROWS", 2), ("NUMBER", 1), ("HIDDEN", 0), ("NOBODY", 0)],
)
def test_what_is_not_one_plain_string_is_refused(
    hub: Hub, site: Site, constant: str, count: int
) -> None:
    fetched(site, text_of(hub))
    ended = ask(site, "read_published_text", text_of(hub, constant))
    assert f"found {count} top-level assignments of {constant!r}, expected one" in ended.stderr


def test_a_file_that_is_no_python_is_refused(hub: Hub, site: Site) -> None:
    hub.plain[PATH] = b"\x00 not ( python"
    text = text_of(hub, source=hub.plain[PATH])
    fetched(site, text)
    assert "is not a Python file" in ask(site, "read_published_text", text).stderr


def test_a_text_that_was_never_fetched_names_the_command_and_the_command_works(
    hub: Hub, site: Site
) -> None:
    text = text_of(hub)
    ended = ask(site, "read_published_text", text)
    assert f"`tina-bench fetch {text.url}` brings it" in ended.stderr
    assert hub.asked == [], "reading never asks anybody"
    site.write_catalog(site.catalog_text + RECIPE.format(url=text.url, sha256=text.sha256))
    site.lock("my-adapter")
    said = site.fetch(text.url, "--json").json()["fetched"]
    assert [(item["kind"], item["name"]) for item in said] == [("text", f"PROMPT of {text.url}")]
    assert ask(site, "read_published_text", text).returncode == 0


def test_a_recipe_s_name_fetches_its_base_and_its_texts(hub: Hub, site: Site) -> None:
    text = text_of(hub)
    site.write_catalog(site.catalog_text + RECIPE.format(url=text.url, sha256=text.sha256))
    site.lock("my-base")
    said = site.fetch("mine", "--json").json()["fetched"]
    assert [item["kind"] for item in said] == ["model", "text"]
    site.fetch("my-adapter", code=13)
    assert "my-adapter" not in refusal(site.fetch("my-trained", "me/columns", code=13))


def test_another_byte_than_the_catalog_s_is_refused_and_not_kept(hub: Hub, site: Site) -> None:
    hub.plain[PATH] = SOURCE + b"#"
    ended = ask(site, "fetch_published_text", text_of(hub))
    assert f"sent sha256 {sha256(SOURCE + b'#')}, expected {sha256(SOURCE)}" in ended.stderr
    hub.plain[PATH] = SOURCE
    path = fetched(site, text_of(hub))
    path.write_bytes(b"changed")
    for verb in ("read_published_text", "fetch_published_text"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"changed")
        ended = ask(site, verb, text_of(hub))
        assert f"expected {sha256(SOURCE)} as the catalog says" in ended.stderr
        assert not path.exists()
    assert fetched(site, text_of(hub)).read_bytes() == SOURCE


def test_a_missing_file_a_busy_server_and_silence_are_different_sentences(
    hub: Hub, site: Site
) -> None:
    fault = hub.fail(PATH, times=1, status=429, headers={"Retry-After": "0"})
    fetched(site, text_of(hub))
    assert fault.times == 0
    assert len(hub.requests(PATH)) == 2

    other = PublishedText(url=hub.url + "/gone.py", sha256="0" * 64, constant="A")
    assert "the server answered 404" in ask(site, "fetch_published_text", other).stderr
    ended = ask(site, "fetch_published_text", other, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in ended.stderr
    strange = PublishedText(url="file:///etc/passwd", sha256="0" * 64, constant="A")
    assert "no answer: " in ask(site, "fetch_published_text", strange).stderr
    hub.stop()
    assert "no answer: " in ask(site, "fetch_published_text", other).stderr


def test_a_file_without_end_is_not_read_to_its_end(hub: Hub, site: Site) -> None:
    hub.plain[PATH] = b"#" * (1 << 21)
    assert "sent more than 1048576 bytes" in ask(site, "fetch_published_text", text_of(hub)).stderr


RECIPE = """
[models.my-trained]
title = "t"
kind = "adapter"
family = "mine"
source = "recipe"
base = "my-base"
recipe = "mine"

[recipes.mine]
title = "mine"
base = "my-base"
dataset = "embedded:smoke-train"
seed = 1
rewards = [{{ function = "accuracy", weight = 2 }}]
system_prompt_from = {{ url = "{url}", sha256 = "{sha256}", constant = "PROMPT" }}
lora = {{ rank = 1, alpha = 1, dropout = 0, target_modules = ["q_proj"] }}

[recipes.mine.grpo]
loss_type = "dapo"
scale_rewards = "group"
beta = 0
num_generations = 8
temperature = 1.0
max_completion_length = 8

[recipes.mine.optimizer]
learning_rate = 5e-4
lr_scheduler_type = "constant"
warmup_ratio = 0
per_device_train_batch_size = 8
gradient_accumulation_steps = 1
max_steps = 1
save_steps = 1
bf16 = false
"""
