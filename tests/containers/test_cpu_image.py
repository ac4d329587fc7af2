"""The real image of the embedded stack, as `tina-bench containers build cpu` makes it."""

import json
from typing import Any

import pytest

from tests.support.engine import BuiltImage
from tina_bench.catalog.load import load_catalog
from tina_bench.containers.drift import drift

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

LOCKED_DOWN: dict[str, Any] = {
    "network_mode": "none",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "tmpfs": {"/tmp": "exec,size=1g"},
    "mem_limit": "4g",
    "remove": True,
}


def run(cpu_image: BuiltImage, *command: str, **given: Any) -> str:
    options = LOCKED_DOWN | given
    said: bytes = cpu_image.engine.client.containers.run(
        cpu_image.image.id, list(command), **options
    )
    return said.decode()


def test_it_holds_exactly_the_versions_that_the_stack_pins(cpu_image: BuiltImage) -> None:
    stack = load_catalog(()).stacks["cpu"]
    code = (
        "import json, sys; from importlib.metadata import version; "
        "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    )
    found = json.loads(run(cpu_image, "python", "-c", code, *stack.packages))
    assert found == stack.packages


def test_it_runs_as_a_user_without_rights_and_can_write_nowhere_but_tmp(
    cpu_image: BuiltImage,
) -> None:
    code = (
        "import os, getpass, pathlib\n"
        "print(os.getuid(), os.getgid(), getpass.getuser())\n"
        "for folder in ('/opt/venv', '/opt/tina-bench', '/etc', '/work', '/'):\n"
        "    print(folder, os.access(folder, os.W_OK))\n"
        "pathlib.Path('/tmp/x').write_text('x')\n"
    )
    first, *rest = run(cpu_image, "python", "-c", code, read_only=False).splitlines()
    assert first == "10001 10001 tina"
    assert {line.rpartition(" ")[2] for line in rest} == {"False"}


def test_it_carries_the_code_that_runs_here_and_says_so(cpu_image: BuiltImage) -> None:
    code = "from tina_bench.containers.images import source_sha256; print(source_sha256())"
    said = run(cpu_image, "python", "-c", code).strip()
    assert cpu_image.image.labels["org.tina-bench.source-sha256"] == said
    assert [one for one in drift(cpu_image.image, cpu_image.lock) if one.blocks] == []


def test_nothing_that_the_building_machine_lent_is_left_in_it(cpu_image: BuiltImage) -> None:
    code = (
        "import os; print([p for p in ('/bootstrap', '/begun', '/root/.cache') "
        "if os.path.exists(p)], os.listdir('/tmp'))"
    )
    assert run(cpu_image, "python", "-c", code, read_only=False, tmpfs={}).strip() == "[] []"
    image = cpu_image.engine.client.images.get(cpu_image.image.id)
    layers = [layer["Size"] for layer in image.history() if layer["Size"] > 1e8]
    assert len(layers) == 1, "the environment is one layer, and no wheel is another"


def test_its_compiled_modules_are_used_and_its_dates_are_fixed(cpu_image: BuiltImage) -> None:
    code = (
        "import tina_bench, importlib.util, os\n"
        "path = tina_bench.__file__\n"
        "cache = importlib.util.cache_from_source(path)\n"
        "flags = int.from_bytes(open(cache, 'rb').read()[4:8], 'little')\n"
        "print(flags, int(os.stat(path).st_mtime), int(os.stat('/opt/venv/bin').st_mtime))\n"
    )
    # Flag 1: compiled from a source known by its hash; not 3: which is not looked at again.
    assert run(cpu_image, "python", "-c", code).split() == ["1", "0", "0"]


def test_vllm_generates_in_it_without_a_compiler_or_a_network(cpu_image: BuiltImage) -> None:
    code = (
        "import shutil; assert not shutil.which('gcc')\n"
        "from vllm import LLM, SamplingParams\n"
        "from tina_bench.embedded.files import model_folder\n"
        "llm = LLM(str(model_folder()), dtype='float32', enforce_eager=True, max_num_seqs=2,\n"
        "          max_model_len=128, disable_log_stats=True)\n"
        "out = llm.generate(['1 + 1 ='], SamplingParams(temperature=0, max_tokens=8))\n"
        "print('TOKENS', len(out[0].outputs[0].token_ids))\n"
    )
    environment = {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "1",
        "OMP_NUM_THREADS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1",
    }  # fmt: skip
    said = run(cpu_image, "python", "-c", code, environment=environment, shm_size="256m")
    tokens = int(next(line for line in said.splitlines() if line.startswith("TOKENS")).split()[1])
    assert 1 <= tokens <= 8
