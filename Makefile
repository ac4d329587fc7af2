# Two commands do everything: `make smoke` runs the main job, `make test` the whole test suite.
# Both make .venv from the hash-locked requirements first, which takes a minute or two once.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STACK := containers/cpu
TORCH := torch==2.13.0+cpu
TORCH_INDEX := https://download.pytorch.org/whl/cpu
FIND_LINKS := $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null)
STAMP := $(VENV)/.made-from-lock
# Some machines switch compiled modules off; engines then take ten seconds longer at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: smoke test validate hostile screenshots engine bench check lock lock-images clean venv

smoke: $(STAMP)
	$(BIN)/tina-bench reproduce --all --profile smoke
	@echo "Do the numbers that we measured hold on this machine?"
	-$(BIN)/tina-bench verify
	$(BIN)/tina-bench leaderboard build

test: $(STAMP) engine
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Every statistical method against simulated truth, at length (about an hour), and the page of it.
validate: $(STAMP)
	TINA_BENCH_VALIDATE=full TINA_BENCH_FINDINGS=docs/validation \
	  $(BIN)/python -m pytest -n 2 --dist load --timeout 7200 tests/validation --deselect tests/validation/test_statistics_page.py
	$(BIN)/python tests/validation/page.py

# Ten thousand hostile transcripts through the whole board and a real browser (about three minutes).
hostile: $(STAMP) engine
	TINA_BENCH_HOSTILE=full $(BIN)/python -m pytest -s --timeout 3600 tests/hostile

# The pictures of README and docs, of the committed records' site in a real browser. LOGS= names the
# logs/ of a checkout of knoveleng/open-rs, which the committed pictures show as imported.
screenshots: $(STAMP) engine
	$(BIN)/python -m tests.browser.screenshots leaderboard/records $(LOGS)

# A container engine and a registry for the tests that need them; says what it does.
engine:
	@containers/engine-for-tests.sh

bench: $(STAMP)
	$(BIN)/python -m pytest benchmarks -p no:cacheprovider --benchmark-disable-gc

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tina-bench lock --check

venv: $(STAMP)

$(STAMP): $(STACK)/bootstrap.lock $(STACK)/requirements.lock $(STACK)/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	  echo "$(PYTHON) is not Python 3.11, which the locked requirements are for;" \
	       "install it and run 'make PYTHON=/path/to/python3.11'."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(STACK)/bootstrap.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps '$(TORCH)' 2>/dev/null || { \
	  echo "pip's configured sources have no $(TORCH): taking it from $(TORCH_INDEX)."; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --index-url $(TORCH_INDEX) '$(TORCH)'; }
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --require-hashes --compile-bytecode -r $(STACK)/requirements.lock -r $(STACK)/dev.lock
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Renews the lock; needs a source of torch's CPU build, so it takes pip's own find-links, if any.
lock: $(STAMP)
	for name in bootstrap requirements dev; do \
	  $(BIN)/uv pip compile $(STACK)/$$name.in --override $(STACK)/overrides.txt --generate-hashes \
	    --python-version 3.11 --python-platform x86_64-manylinux_2_28 $(if $(FIND_LINKS),--find-links $(FIND_LINKS)) \
	    --no-emit-package torch --no-emit-package triton --no-emit-find-links \
	    --custom-compile-command 'make lock' --upgrade --output-file $(STACK)/$$name.lock --quiet || exit 1; \
	done

# Renews the locks of the other images, which PyPI is enough for.
lock-images: $(STAMP)
	containers/lock-images.sh $(BIN)/uv

clean:
	rm -rf $(VENV) runs site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
