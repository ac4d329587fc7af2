# Two commands do everything: `make smoke` runs the main job, `make test` the whole test suite.
# Both make .venv from the hash-locked requirements first, which takes a minute or two once.

# Python 3.11, 3.12 or 3.13, the first that is there; `make PYTHON=/path/to/python` says another.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
STACK := containers/cpu
STAMP := $(VENV)/.made-from-lock
# Some machines switch compiled modules off; engines then take ten seconds longer at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: smoke test validate hostile screenshots engine bench check lock lock-images clean venv

smoke: $(STAMP)
	@echo "Training and evaluating the embedded models (tina-bench reproduce --all --profile smoke):"
	@$(BIN)/tina-bench reproduce --all --profile smoke
	@echo "Do the numbers that we measured hold on this machine (tina-bench verify)?"
	@$(BIN)/tina-bench verify || echo "tina-bench verify ended with exit code $$?, for the reason above."
	@echo "Building the leaderboard (tina-bench leaderboard build):"
	@$(BIN)/tina-bench leaderboard build
	@echo "Done: trained, evaluated, judged and on the board. Everything lies in $${TINA_BENCH_HOME:-runs}."
	@echo "Next: 'source $(BIN)/activate', then 'tina-bench --help' or 'tina-bench cost'; or 'make test'."

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

# The pictures of README and docs, of the committed records' site in a real browser.
screenshots: $(STAMP) engine
	$(BIN)/python -m tests.browser.screenshots leaderboard/records

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

$(STAMP): $(wildcard $(STACK)/*.lock) $(STACK)/make-venv.sh pyproject.toml
	@$(STACK)/make-venv.sh $(VENV) '$(PYTHON)'
	@touch $@

# Renews the embedded stack's locks.
lock: $(STAMP)
	@$(STACK)/lock.sh $(BIN)/uv

# Renews the locks of the other images, which PyPI is enough for.
lock-images: $(STAMP)
	containers/lock-images.sh $(BIN)/uv

clean:
	rm -rf $(VENV) runs site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
