# Two commands do everything: `make smoke` runs the main job, `make test` the tests.
# Both make .venv from the hash-locked requirements first, which takes a minute or two once.
# `make help` lists the rest.

# Python 3.11, 3.12 or 3.13, the first that is there; `make PYTHON=/path/to/python` says another.
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
STACK := containers/cpu
STAMP := $(VENV)/.made-from-lock
# Some machines switch compiled modules off; engines then take ten seconds longer at each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help smoke test test-fast test-all test-extra validate hostile screenshots engine browser bench check docs lock lock-images clean venv

help: ## What there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

smoke: $(STAMP) ## The main job: train, evaluate, judge, and build the leaderboard, on any CPU
	@$(BIN)/tina-bench reproduce --all --profile smoke
	@echo; echo "Do the numbers that we measured hold on this machine? (tina-bench verify)"
	@$(BIN)/tina-bench verify || echo "tina-bench verify ended with exit code $$?; what it means: tina-bench verify --help."
	@echo; $(BIN)/tina-bench leaderboard build
	@echo; echo "Done: results in runs/, the leaderboard in runs/site/index.html."
	@echo "Next: '$(BIN)/tina-bench leaderboard serve' shows it, '$(BIN)/tina-bench plan --all --gpu l40s' prices" \
	  "the paper's claims, 'make test' runs the tests."

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder
NOT_FAST := engine or container or browser or nightly or slow

test: $(STAMP) browser ## The tests, on the real engines and in a real browser
	@$(PYTEST) -m 'not (container or nightly)'

test-fast: $(STAMP) ## What needs neither an engine, nor a container, nor a browser
	@$(PYTEST) -p tests.no_engine -m 'not ($(NOT_FAST))'

test-all: $(STAMP) engine ## Everything: containers, every recipe and kill, hostile transcripts, validation
	@TINA_BENCH_HOSTILE=full $(PYTEST) --timeout 3600

test-extra: $(STAMP) ## Tests that also read what others published, from ../shared/data
	@$(BIN)/python -m pytest -m extra tests/extras

# Every statistical method against simulated truth, at length (about an hour), and the page of it.
validate: $(STAMP) ## Every statistical method against simulated truth, at length
	TINA_BENCH_VALIDATE=full TINA_BENCH_FINDINGS=docs/validation \
	  $(BIN)/python -m pytest -n 2 --dist load --timeout 7200 tests/validation --deselect tests/validation/test_statistics_page.py
	$(BIN)/python tests/validation/page.py

# Ten thousand hostile transcripts through the whole board and a real browser (about three minutes).
hostile: $(STAMP) browser ## Ten thousand hostile transcripts through the board and a browser
	TINA_BENCH_HOSTILE=full $(BIN)/python -m pytest -s --timeout 3600 tests/hostile

# The pictures of README and docs, of the committed records' site in a real browser. LOGS= names the
# logs/ of a checkout of knoveleng/open-rs, which the committed pictures show as imported.
screenshots: $(STAMP) browser ## The pictures of README and docs
	$(BIN)/python -m tests.browser.screenshots leaderboard/records $(LOGS)

# What tests start for themselves, from Debian's packages; both say what they do.
engine: ## A container engine, a registry and a browser for `make test-all`
	@containers/engine-for-tests.sh dockerd docker-registry busybox podman chromium

browser: ## A browser for `make test`
	@containers/engine-for-tests.sh chromium

bench: $(STAMP) ## The benchmarks of BENCHMARKS.md
	$(BIN)/python -m pytest benchmarks -p no:cacheprovider --benchmark-disable-gc

check: $(STAMP) ## Style, spelling, types, arrows between rooms, the lock, and the documents' links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/tina-bench lock --check
	@$(MAKE) --no-print-directory docs

# Documents, and what they link to: copied as they lie here, so that a link is right in both places.
DOCS_SOURCES := $(wildcard *.md) LICENSE CITATION.cff action.yml docs benchmarks/results \
  leaderboard/records/README.md tests/tiers.py tina_bench/catalog/data tina_bench/embedded/README.md

docs: $(STAMP) ## The documents as a site, with references made from commands and docstrings
	@rm -rf build/docs build/docs-source && mkdir -p build/docs-source
	@cp -r --parents $(DOCS_SOURCES) build/docs-source
	@$(BIN)/python -m typer tina_bench.cli.app utils docs --name tina-bench \
	  --output build/docs-source/docs/reference/commands.md >build/docs.log
	@$(BIN)/zensical build --strict --clean >build/docs.log 2>&1 || \
	  { sed -e 's/\x1b\[[0-9;]*m//g' -e '/^Traceback/,/^[A-Za-z]*Error/{/Error/!d}' build/docs.log >&2; exit 1; }
	@cp -r --parents .github/workflows build/docs
	@echo "The documents: build/docs/index.html"

venv: $(STAMP)

# An environment that another version made than the one of PYTHON=… is made anew.
ifneq ($(PYTHON),)
ifneq ($(shell $(STACK)/make-venv.sh --made-with $(VENV) '$(PYTHON)' && echo yes),yes)
.PHONY: another-python
$(STAMP): another-python
endif
endif

$(STAMP): $(wildcard $(STACK)/*.lock) $(STACK)/make-venv.sh pyproject.toml
	@$(STACK)/make-venv.sh $(VENV) '$(PYTHON)'
	@touch $@

# Renews the embedded stack's locks.
lock: $(STAMP)
	@$(STACK)/lock.sh $(BIN)/uv

# Renews the locks of the other images, which PyPI is enough for.
lock-images: $(STAMP)
	containers/lock-images.sh $(BIN)/uv

clean: ## Remove what was made here, results included
	rm -rf $(VENV) build runs site .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
