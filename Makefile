# Every target sets up what it needs; a second run is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
JOBS ?= 2
.DEFAULT_GOAL := help
.PHONY: help demo up check test unit lint fix bench coverage wheel lock corpus clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.plain  ## paint a sample photo, end to end, on this machine
	@$(BIN)/suisai demo

up: $(VENV)/.plain  ## run the bot on this machine
	@$(BIN)/suisai up

check: lint unit  ## lint, types and unit tests: for every commit, under a minute

test: $(VENV)/.dev  ## all tests (JOBS=1 runs them one by one)
	@$(BIN)/python -m pytest -q -n $(JOBS) $(ARGS)

unit: $(VENV)/.dev  ## the tests that start no process of the bot
	@$(BIN)/python -m pytest -q -n $(JOBS) -m unit $(ARGS)

lint: $(VENV)/.dev  ## style, types and import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(VENV)/.dev  ## fix what the linter can fix by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## every benchmark, one after the other
	@set -e; for f in benchmarks/[a-z]*.py; do echo "== $$f"; $(BIN)/python -m benchmarks.$$(basename $$f .py); done

coverage: $(VENV)/.dev  ## all tests with line coverage; fails below the floor in pyproject.toml
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q -m unit
	@$(BIN)/coverage report --skip-covered

wheel: $(VENV)/.dev  ## build the wheel and run it outside the checkout
	@$(BIN)/python -m tools.try_wheel

lock: $(VENV)/.dev  ## renew requirements/*.txt from pyproject.toml
	@$(BIN)/python -m tools.lock

corpus: $(VENV)/.dev  ## open every file of a folder in the sandbox: make corpus DIR=photos/
	@$(BIN)/python -m tests.corpus $(DIR)

clean:  ## remove what the targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage out

$(VENV)/.plain: requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Suisai needs Python 3.11 to 3.14: make PYTHON=python3.12 ...") if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Suisai (once) ..." && $(PIP) --require-hashes -r requirements/runtime.txt && $(PIP) --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.plain
	@echo "Installing what the tests need (once) ..." && $(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
