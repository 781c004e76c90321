# twbot: everything here works on a machine with Python 3.11 or later and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes

.DEFAULT_GOAL := help
.PHONY: help demo up aws test lint bench docs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/.local ## set up, then watch the whole bot work
	@$(BIN)/twbot demo

up: $(VENV)/.local ## set up, then run the bot beside a simulated X
	@$(BIN)/twbot up

aws: $(VENV)/.dev ## set up what stages on AWS need, too
	@echo "twbot: ready for AWS. Next: . $(BIN)/activate && twbot init"

test: $(VENV)/.dev lint ## set up, lint, type-check and test
	@echo "twbot: testing"
	@$(BIN)/python -m pytest -q -n auto

lint: $(VENV)/.dev
	@echo "twbot: linting and type-checking"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/.dev ## measure on this machine: ratios taken in one run
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench_bundles

docs: $(VENV)/.dev ## generate what docs/ says of the code
	@$(BIN)/python -m docs.generate

# Needs uv. Versions and hashes only: no index address gets into a lock.
UV_COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml
lock: ## renew the locked requirements (needs uv)
	$(UV_COMPILE) --extra local --group build --output-file requirements/local.txt
	$(UV_COMPILE) --extra local --extra aws --group dev --constraints requirements/local.txt --output-file requirements/dev.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "twbot needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@echo "twbot: making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.local: requirements/local.txt pyproject.toml | $(BIN)/python
	@echo "twbot: installing what the local platform needs (a minute or two, once)"
	@$(PIP) -r requirements/local.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(VENV)/.local
	@echo "twbot: installing what the tests and the AWS platform need (a minute or two, once)"
	@$(PIP) -r requirements/dev.txt
	@touch $@

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
