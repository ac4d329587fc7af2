"""The harness in its own image: a light one, which drives the engine outside."""

import importlib.metadata
import json
from pathlib import Path

import pytest

from tests.support.engine import BuiltImage
from tests.support.program import call
from tina_bench import __version__

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]


def run(harness_image: BuiltImage, *arguments: str, **given: object) -> str:
    said: bytes = harness_image.engine.client.containers.run(
        harness_image.image.id, list(arguments),
        **{"network_mode": "none", "remove": True, "mem_limit": "2g", **given},
    )  # fmt: skip
    return said.decode()


def test_it_is_the_program_and_says_its_version(harness_image: BuiltImage) -> None:
    assert run(harness_image, "--version").strip() == __version__


def test_it_plans_without_an_engine_a_network_or_rights(harness_image: BuiltImage) -> None:
    said = run(
        harness_image, "plan", "--all", "--profile", "smoke", "--json",
        read_only=True, tmpfs={"/tmp": ""}, cap_drop=["ALL"], working_dir="/tmp",
        security_opt=["no-new-privileges"],
    )  # fmt: skip
    assert "smoke-base" in said


def test_it_knows_every_image_and_finds_itself_through_the_engine_s_socket(
    harness_image: BuiltImage,
) -> None:
    socket = Path(harness_image.engine.address.removeprefix("unix://"))
    said = json.loads(
        run(
            harness_image, "containers", "list", "--json",
            volumes={str(socket): {"bind": "/var/run/docker.sock", "mode": "rw"}},
            group_add=[str(socket.stat().st_gid)],
        )
    )  # fmt: skip
    assert said["engine"] == "answers"
    rows = {row["name"]: row for row in said["images"]}
    assert rows["harness"]["id"] == harness_image.image.id
    assert {"cpu", "current", "paper-evaluate", "paper-train"} <= set(rows)


def test_it_carries_neither_an_engine_nor_what_was_lent(harness_image: BuiltImage) -> None:
    code = (
        "import importlib.util as u, os; "
        "print([n for n in ('torch', 'vllm', 'trl') if u.find_spec(n)], os.listdir('/tmp'))"
    )
    said = run(harness_image, "-c", code, entrypoint="python")
    assert said.strip() == "[] []"
    assert harness_image.image.size_bytes < 1.5e9


def test_inspect_shows_its_identity_and_lists_its_packages(
    harness_image: BuiltImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in harness_image.environment.items():
        monkeypatch.setenv(name, value)
    ended = call("containers", "inspect", "harness", "--sbom", "--home", tmp_path, "--json")
    assert ended.code == 0, ended.err
    said = ended.json()
    assert said["id"] == harness_image.image.id
    assert said["labels"]["org.opencontainers.image.base.digest"].startswith("sha256:")
    record, listed = sorted((tmp_path / "images").iterdir())
    assert said["sbom"] == str(listed)
    assert listed.name == record.with_suffix(".spdx.json").name, "it lies beside the record"
    packages = json.loads(listed.read_text())["packages"]
    versions = {p["name"]: p["versionInfo"] for p in packages if "versionInfo" in p}
    assert versions["pydantic"] == importlib.metadata.version("pydantic")
    assert "libc6" in versions, "the base's own packages are listed too"
