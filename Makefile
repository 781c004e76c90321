# twbot: everything here works on a machine with Python 3.11 or later and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# checkov pins old versions of what we use, too.
AUDIT := .audit
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes

.DEFAULT_GOAL := help
.PHONY: help demo up aws check test coverage lint bench measure-models prove audit docs docs-serve recording lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.local ## set up, then watch the whole bot work
	@$(BIN)/twbot demo

up: $(VENV)/.local ## set up, then run the bot beside a simulated X
	@$(BIN)/twbot up

aws: $(VENV)/.dev ## set up what stages on AWS need, too
	@echo "twbot: ready for AWS. Next: . $(BIN)/activate && twbot init"

# Folders whose tests are calls of functions, but for a few: no bot, no AWS CDK, no bundles.
PURE := tests/lambdas tests/contracts tests/cli/ui tests/cli/x tests/local/bus tests/local/lake
# A random order, the same each time, so that what is red is the change's fault; SEED=$$(date +%s) tries another.
# A worker that has nothing left takes tests from the other.
SEED ?= 1
PYTEST = $(BIN)/python -m pytest -q -n auto --dist worksteal --randomly-seed $(SEED)

check: $(VENV)/.dev lint ## lint, type-check, and run the tests of what is pure: before each commit
	@echo "twbot: testing what is pure (SEED=$(SEED))"
	@$(PYTEST) $(PURE) --ignore tests/lambdas/aws

test: $(VENV)/.dev lint ## set up, lint, type-check and test
	@echo "twbot: testing (SEED=$(SEED))"
	@$(PYTEST)

# Not part of test: on Python 3.11 it costs half as much CPU again. Code that runs in processes of its own is not seen.
coverage: $(VENV)/.dev ## test, measure what the tests run, and fail below the floor
	@echo "twbot: testing and measuring (SEED=$(SEED))"
	@$(PYTEST) --cov --cov-report term:skip-covered

lint: $(VENV)/.dev
	@echo "twbot: linting and type-checking"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# Also by hand: tests.bench.bundles (what the functions on AWS weigh), tests.bench.loop (check and test, ten minutes).
bench: $(VENV)/.dev ## measure on this machine, in five minutes; writes docs/benchmarks.md
	@$(BIN)/python -m tests.bench --write

measure-models: $(VENV)/.dev ## measure what the models understand; writes docs/understanding.md
	@$(BIN)/python -m tests.measure

# The same seed plans the same steps. Atheris has no wheel for every machine: without it Hypothesis fuzzes alone.
MINUTES ?= 10
prove: $(VENV)/.dev ## try every promise on the running bot, in ten minutes; writes docs/proof.md
	@$(PIP) -r requirements/prove.txt || echo "twbot: atheris can't be installed here; going on without it"
	@$(BIN)/python -m tests.prove --seed $(SEED) --minutes $(MINUTES) --write

audit: $(VENV)/.dev $(AUDIT)/.ready ## audit licences, templates and known vulnerabilities
	@$(BIN)/python -m tests.audit $(AUDIT)/bin

docs: $(VENV)/.dev ## generate what docs/ says of the code, and build the site into site/
	@$(BIN)/python -m docs.generate
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "twbot: the site is in site/index.html"

recording: $(VENV)/.dev ## record what docs/ shows of a session and of the console, in two minutes; needs a browser
	@$(BIN)/python -m docs.record
	@$(BIN)/python -m docs.screenshots
	@$(BIN)/python -m docs.generate

docs-serve: $(VENV)/.dev ## show the site, and what you change of it
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve

# Needs uv. Versions and hashes only: no index address gets into a lock.
UV_COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: ## renew the locked requirements (needs uv)
	$(UV_COMPILE) pyproject.toml --extra local --group build --output-file requirements/local.txt
	$(UV_COMPILE) pyproject.toml --extra local --extra aws --group dev --constraints requirements/local.txt --output-file requirements/dev.txt
	$(UV_COMPILE) --group pyproject.toml:audit --output-file requirements/audit.txt
	$(UV_COMPILE) --group pyproject.toml:prove --output-file requirements/prove.txt

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

$(AUDIT)/.ready: requirements/audit.txt | $(BIN)/python
	@echo "twbot: installing what the audits need (a minute, once)"
	@$(PYTHON) -m venv $(AUDIT)
	@$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements/audit.txt
	@touch $@

clean: ## remove the virtual environments and caches
	rm -rf $(VENV) $(AUDIT) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
