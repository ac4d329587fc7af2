"""Dockerfiles, requirements, the list of images and the build context: no engine needed."""

import io
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.containers.checkout import Checkout
from tests.support.program import ROOT, call, run
from tina_bench.catalog.load import load_catalog
from tina_bench.containers.context import write_context
from tina_bench.containers.images import dockerfile, load_images, recipe_sha256, shipped
from tina_bench.errors import BlockedError, LockError, MissingEngineError
from tina_bench.lock.lockfile import packaged_lock

IMAGES = load_images().images
DOCKERFILES = sorted([ROOT / "Dockerfile", *(ROOT / "containers").glob("*/Dockerfile")])


def test_every_dockerfile_is_an_image_and_every_image_has_one() -> None:
    assert {ROOT / dockerfile(name) for name in IMAGES} == set(DOCKERFILES)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_hadolint_finds_nothing_in_a_dockerfile(path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_copies_only_what_its_entry_lists_and_ends_without_rights(name: str) -> None:
    text = shipped(dockerfile(name)).read_text().replace("\\\n", " ")
    copied = set(re.findall(rf"containers/{name}/(\S+)", text))
    assert copied == set(IMAGES[name].files)
    assert ("COPY tina_bench " in text) == IMAGES[name].package
    final = text[text.rindex("\nFROM ") :]
    assert "USER 10001:10001" in final
    assert re.search(r"^ARG BASE_IMAGE$", text, re.MULTILINE), "no base is a default"


@pytest.mark.parametrize("name", IMAGES)
def test_every_requirement_of_a_lock_is_pinned_and_has_hashes(name: str) -> None:
    for lock in (file for file in IMAGES[name].files if file.endswith(".lock")):
        text = (ROOT / "containers" / name / lock).read_text()
        entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert entries
        for entry in entries:
            first, *hashes = entry.partition("\n    # via")[0].split("\\\n")
            assert re.fullmatch(r"[\w.\-\[\]]+==\S+( ; .*)? ", first), entry
            assert hashes
            for line in hashes:
                assert re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}\s*", line), entry


@pytest.mark.parametrize("stack", load_catalog(()).stacks)
def test_a_stack_s_packages_are_those_that_its_image_installs(stack: str) -> None:
    made = load_catalog(()).stacks[stack]
    assert made.image in IMAGES
    text = ""
    for path in (ROOT / "containers" / str(made.image)).iterdir():
        text += path.read_text() if path.suffix in {".lock", ".txt"} else ""
    text += (ROOT / dockerfile(str(made.image))).read_text()
    if "lighteval" in made.packages and "LIGHTEVAL_COMMIT" in text:
        text += "\nlighteval==0.6.0.dev0\n"  # the version at that commit, in its pyproject.toml
    for name, version in made.packages.items():
        local = version.partition("+")
        wanted = rf"(?<![\w-]){name}(==|-){re.escape(version)}"
        assert re.search(wanted, text), f"{name} {local[0]} is not installed by {made.image}"


def test_the_embedded_image_has_the_versions_of_the_developers_environment() -> None:
    script = (ROOT / "containers/cpu/make-venv.sh").read_text()
    (pinned,) = re.findall(r"^torch=(torch==\S+)$", script, re.MULTILINE)
    assert f"ARG TORCH={pinned}\n" in (ROOT / "containers/cpu/Dockerfile").read_text()


def context(name: str) -> bytes:
    buffer = io.BytesIO()
    write_context(name, packaged_lock(), {}, buffer)
    return buffer.getvalue()


def test_the_context_is_the_same_bytes_whatever_the_files_dates(checkout: Checkout) -> None:
    first = context("tiny")
    for path in checkout.root.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700)
    assert context("tiny") == first
    checkout.write("containers/tiny/words.txt", "others\n")
    assert context("tiny") != first


def test_the_context_holds_the_package_and_nothing_compiled(checkout: Checkout) -> None:
    with tarfile.open(fileobj=io.BytesIO(context("tiny"))) as archive:
        names = archive.getnames()
    assert "tina_bench/containers/context.py" in names
    assert not [name for name in names if "__pycache__" in name]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("disk_gib = 0.01", "disk_gib = 0"), "images.tiny.disk_gib"),
        (('base = "python"', 'base = "cobra"'), "images.tiny.base"),
        (("package = true", "package = true\nnonsense = 1"), "images.tiny.nonsense"),
        (("[images.tiny]", "[images.tiny"), "images.toml"),
    ],
)
def test_a_wrong_list_of_images_is_one_sentence(
    checkout: Checkout, change: tuple[str, str], key: str
) -> None:
    checkout.replace("containers/images.toml", *change)
    with pytest.raises(LockError, match=key.replace(".", r"\.")):
        load_images()


def test_list_works_without_an_engine_and_says_so(tmp_path: Path) -> None:
    nowhere = f"unix://{tmp_path}/no.sock"
    ended = run("containers", "list", "--json", DOCKER_HOST=nowhere)
    assert ended.code == 0
    said = ended.json()
    assert nowhere in said["engine"]
    assert {row["name"] for row in said["images"]} == set(IMAGES)
    assert all(row["built"] is None for row in said["images"])


@pytest.mark.parametrize(
    "arguments",
    [("build", "cpu"), ("lock",), ("inspect", "cpu"), ("clean", "--yes")],
    ids=lambda arguments: arguments[0],
)
def test_without_an_engine_the_rest_is_refused_with_what_was_tried(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    nowhere = f"unix://{tmp_path}/no.sock"
    ended = run("containers", *arguments, DOCKER_HOST=nowhere, TINA_BENCH_HOME=str(tmp_path))
    assert ended.code == BlockedError.exit_code
    assert nowhere in ended.sentence
    assert "DOCKER_HOST" in ended.sentence


def test_a_socket_that_may_not_be_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "socket"
    path.write_text("no socket at all")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    ended = call("containers", "clean")
    assert ended.code == BlockedError.exit_code
    assert "connection refused" in ended.sentence


def test_without_the_docker_package_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['docker'] = None; sys.argv = ['tina-bench', 'containers', 'clean']"
        "\nfrom tina_bench.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == MissingEngineError.exit_code
    assert "tina-bench[docker]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_wheel_brings_what_a_checkout_has(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import json, tina_bench.containers.images as i, tina_bench.containers.context as c, io;"
        "from tina_bench.lock.lockfile import packaged_lock;"
        "names = list(i.load_images().images);"
        "b = io.BytesIO(); c.write_context('harness', packaged_lock(), {}, b);"
        "print(json.dumps([i.__file__, {n: i.recipe_sha256(n) for n in names}, len(b.getvalue())]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )  # fmt: skip
    import json

    where, recipes, size = json.loads(done.stdout)
    assert where.startswith(str(tmp_path))
    assert recipes == {name: recipe_sha256(name) for name in IMAGES}
    assert size == len(context("harness"))


def test_pins_of_the_optional_extra_and_of_the_images_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    engines = project["optional-dependencies"]["engines"]
    lock = (ROOT / "containers/current/requirements.lock").read_text()
    for requirement in engines:
        name, _, version = requirement.partition("==")
        if version:
            assert f"\n{name}=={version} " in lock, requirement


@pytest.mark.parametrize("name", [name for name, image in IMAGES.items() if image.package])
def test_an_image_with_our_package_installs_everything_that_it_depends_on(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "containers" / name / "requirements.lock").read_text()
    for dependency in map(Requirement, project["dependencies"]):
        found = re.search(rf"^{dependency.name}==(\S+) ", lock, re.MULTILINE)
        assert found, f"{dependency.name} is not in the lock; `make lock-images` renews it"
        assert dependency.specifier.contains(found[1]), found[0]
