# Boardwalk: `make run` to see it, `make test` to check it. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV := $(VENV)/.dev
SCREENSHOTS := var/screenshots
# Tests wait for real processes. One that fails beside others has to pass alone, or it has failed.
ALONE = $(BIN)/pytest --last-failed --last-failed-no-failures none $(TESTS)
QUICK = $(if $(FAST),-m "not slow")

.PHONY: help run test check fmt bench bench-peers soak deps docs clean

help:  ## Show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(STAMP)  ## Open a demo shop: boards, edge server, local cloud, dashboard
	@$(BIN)/boardwalk demo $(DEMO)

test: $(if $(FAST),,deps) check  ## Install what the tests need, check the code, run every test; FAST=1: those of 90 seconds
	$(BIN)/pytest -n 4 --dist worksteal --durations=20 $(QUICK) $(TESTS) || $(ALONE)

check: $(DEV)  ## Check style, types, who imports what, and that values are explained
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.values

fmt: $(DEV)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV)  ## Measure speed and memory, as ratios inside one run
	$(BIN)/python -m tools.bench

bench-peers: $(DEV)  ## Measure our edge beside Node-RED and thingsboard-gateway, installed into var/peers
	$(BIN)/python -m tools.bench.peers

soak: deps $(DEV)  ## Run the long versions of sampled tests; the seed is printed
	$(BIN)/pytest tests/faults tests/hostile tests/ingest tests/watch tests/journeys tests/flash --soak

deps:  ## Install what the tests need (brokers, browser, node) where missing and allowed, else say what is missing
	@tools/deps.sh

docs: $(DEV)  ## Build the documentation into docs/_build
	$(BIN)/pip install --quiet -e '.[docs]'
	$(BIN)/sphinx-build -W -q docs docs/_build

clean:  ## Remove everything that can be made again
	rm -rf $(VENV) build var *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis docs/_build
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Boardwalk needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo 'Installing Boardwalk into $(VENV) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo]'
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo 'Installing Boardwalk and what its tests need into $(VENV) ...'
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(STAMP)
