# `make help` lists the targets. Each sets up what it needs; ARGS adds arguments:
#   make run ARGS="--config my.conf"      make test ARGS="para-core -k pager"
# SERVICES names the servers to start (all of them otherwise); PROCESSES=2 runs tests in so many
# processes.

BIN      := .venv/bin
READY    := .venv/.ready
PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard para-*/pyproject.toml))
TYPES    := $(addprefix types-,$(PACKAGES))
SCRIPTS  := conftest.py $(wildcard scripts benchmarks)
UV       := $(firstword $(wildcard $(BIN)/uv) uv)
LOCK     := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
            --custom-compile-command 'make lock' $(addprefix --no-emit-package ,$(PACKAGES))

.PHONY: help setup run test test-service services services-stop check format lint types $(TYPES) \
        types-scripts layers docs build smoke bench changelog lock clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

setup: $(READY) ## Make .venv with the locked dependencies and the packages, editable

$(READY): requirements/dev.txt requirements/uv.txt $(PACKAGES:=/pyproject.toml) scripts/setup
	@scripts/setup
	@touch $@

run: $(READY) ## Start the server on port 8080, everything it needs inside
	@exec $(BIN)/para-server $(ARGS)

test: $(READY) ## Run the tests; those of a product without an address are skipped
	$(BIN)/pytest $(if $(PROCESSES),--numprocesses $(PROCESSES) --dist loadfile) $(ARGS)

test-service: services ## Run the tests that need other servers
	set -a; . ./.services/env; PARA_TEST_LONG=1; $(BIN)/pytest -m service $(ARGS)

services: $(READY) ## Install and start the servers that the service tests need
	$(BIN)/python -m scripts.services start $(SERVICES)

services-stop: $(READY) ## Stop them and remove their data
	$(BIN)/python -m scripts.services stop

check: lint types layers docs test ## What a change must pass

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --select I .

lint: $(READY) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(TYPES) types-scripts ## Check types, package by package

$(TYPES): types-%: $(READY)
	cd $* && ../$(BIN)/mypy --config-file ../pyproject.toml src tests

types-scripts: $(READY)
	$(BIN)/mypy $(SCRIPTS)

layers: $(READY) ## Check who imports whom
	$(BIN)/lint-imports --no-logo

docs: $(READY) ## Build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet

build: $(READY) ## Build wheels and source distributions of all packages into dist/
	rm -rf dist
	for package in $(PACKAGES); do (cd $$package && ../$(BIN)/python -m hatchling build -d ../dist) || exit; done

smoke: build ## Install the built wheels into an empty environment and ask the server there
	$(BIN)/python -m scripts.smoke

bench: $(READY) ## Run the benchmarks
	$(BIN)/python -m benchmarks $(ARGS)

changelog: $(READY) ## Join the fragments of PACKAGE into its changelog, for its next release
	$(BIN)/towncrier build --yes --config pyproject.toml --dir $(PACKAGE) --version "$$(cd $(PACKAGE) && ../$(BIN)/python -m hatchling version)"

lock: ## Resolve requirements/*.in again (ARGS=--upgrade takes new versions)
	$(LOCK) $(ARGS) requirements/dev.in -o requirements/dev.txt
	$(LOCK) $(ARGS) requirements/uv.in -o requirements/uv.txt
	$(LOCK) $(ARGS) requirements/ldap.in -o requirements/ldap.txt
	$(LOCK) $(ARGS) requirements/secantusdb.in -o requirements/secantusdb.txt

clean: ## Remove what the tools wrote, but not .venv and data/
	rm -rf dist site .hypothesis .import_linter_cache .pytest_cache .ruff_cache .mypy_cache para-*/.mypy_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
