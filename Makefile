# Everything a developer does here, by name. `make` alone lists the targets.

VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 5011
BIN := $(VENV)/bin
# Extra arguments for pytest: make test ARGS='-k presence -x'
ARGS ?=
# What `make harden` begins from; each makes the same cases again.
SEEDS ?= 11 12 13 14 15
# How long it judges random programs, in seconds of CPU.
SECONDS ?= 600

RUNTIME := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
NODE := tests/node/node_modules/.installed
BENCH_NODE := benchmarks/node/node_modules/.installed
SETUP_INPUTS := pyproject.toml hatch_build.py scripts/setup.sh

# Some images set it. Python would then compile every module anew for every server that a test starts.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test fast room check lint format types wheel-check bench autobahn harden test-lowest audit golden guide docs picture clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUNTIME) ## set up what is needed and serve the chat example
	@exec $(BIN)/soli run examples/chat --host $(HOST) --port $(PORT)

setup: $(DEV) $(NODE) ## set up everything that developers and tests need

test: $(DEV) $(NODE) ## lint, types, import rules and every test: what CI runs
	@scripts/check.sh $(BIN) --with-tests $(ARGS)

fast: $(DEV) ## the tests that need neither browser, Node, packaging, load nor long
	@$(BIN)/pytest -q -n 2 -m 'not load and not long' --ignore=tests/browser --ignore=tests/packaging --ignore=tests/e2e --ignore=tests/clients --ignore=tests/editors $(ARGS)

room: $(DEV) ## what concerns one room, in less than a minute: make room R=core
	@files=$$($(BIN)/python -m tests.support.room $(R)) && $(BIN)/pytest -q -n 2 -m 'not load and not long' $$files $(ARGS)

check: $(DEV) ## lint, types and import rules, without the tests
	@scripts/check.sh $(BIN)

lint: $(DEV) ## ruff and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

format: $(DEV) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(DEV) ## mypy, strict
	@$(BIN)/mypy

wheel-check: $(DEV) ## build a wheel, try it in an empty place with every Python that is here
	@$(BIN)/pytest -q tests/packaging $(ARGS)

bench: $(DEV) $(NODE) $(BENCH_NODE) ## the benchmarks; QUICK=1: one short round (see benchmarks/README.md)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

autobahn: $(DEV) ## all 517 Autobahn cases through soli run (minutes); ARGS='9.*' for some
	@$(BIN)/python -m tests.autobahn $(ARGS)

harden: $(DEV) ## random programs (SECONDS=3600), faults, operations that break limits, nodes that break promises
	@$(BIN)/python -m tests.oracle --seconds $(SECONDS)
	@$(BIN)/python -m tests.oracle --faults
	@for seed in $(SEEDS); do $(BIN)/python -m tests.jepsen.run --seed $$seed --rounds 20 && $(BIN)/python -m tests.jepsen.run --workers --seed $$seed --rounds 15 || exit 1; done
	@for seed in $(SEEDS); do $(BIN)/python -m tests.race.run --seed $$seed --rounds 40 || exit 1; done
	@$(BIN)/python -m tests.fuzz.desk_run --seconds 300
	@SOLI_HYPOTHESIS=explore $(BIN)/pytest -q -m hypothesis --timeout 3600 tests --ignore tests/browser --ignore tests/packaging
	@SOLI_HYPOTHESIS=explore $(BIN)/pytest -q --timeout 3600 tests/fuzz/test_front_end.py
	@for seed in $(SEEDS); do $(BIN)/python -m tests.limits.harden $$(mktemp -d) --seed $$seed --seconds 120 $(ARGS) || exit 1; done

test-lowest: ## the server's tests with the oldest dependencies that we allow
	@scripts/test-lowest.sh $(VENV)-lowest $(ARGS)

audit: $(DEV) ## look for known holes in the dependencies
	@$(BIN)/python scripts/audit.py

golden: $(DEV) ## rewrite the golden files; review the diff before committing it
	@SOLI_REWRITE_GOLDEN=1 $(BIN)/pytest -q tests/errors tests/counts tests/e2e/test_repl_transcripts.py $(ARGS)

guide: $(DEV) ## write what the programs of the guide and the how-tos print into them; review the diff
	@$(BIN)/python -m tests.support.guide

docs: $(DEV) ## make the site of docs/ in build/site, to be read offline
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "open build/site/index.html"

picture: $(DEV) ## draw the rooms in docs/architecture.md as the imports are now
	@$(BIN)/python -m tests.support.rooms

clean: ## remove everything that can be made again
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-audit tests/node/node_modules benchmarks/node/node_modules build dist reports benchmarks/out
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNTIME): $(SETUP_INPUTS)
	@scripts/setup.sh $(VENV)

$(DEV): $(SETUP_INPUTS)
	@scripts/setup.sh $(VENV) dev

$(BENCH_NODE): benchmarks/node/package.json benchmarks/node/package-lock.json
	@npm ci --prefix benchmarks/node --silent --no-audit --no-fund --no-progress && touch $@

$(NODE): tests/node/package.json tests/node/package-lock.json scripts/setup-tests.sh
	@scripts/setup-tests.sh
