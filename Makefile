# Every habit of the house. Each target sets itself up; a second run is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help demo up test lint fix bench corpus clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.plain  ## paint a sample photo, end to end, on this machine
	@$(BIN)/suisai demo

up: $(VENV)/.plain  ## run the bot on this machine
	@$(BIN)/suisai up

test: $(VENV)/.dev  ## all tests
	@$(BIN)/python -m pytest -q $(ARGS)

lint: $(VENV)/.dev  ## what .ci/run checks beside the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: $(VENV)/.dev  ## mend what can be mended by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev  ## every benchmark, one after the other
	@set -e; for f in benchmarks/[a-z]*.py; do echo "== $$f"; $(BIN)/python -m benchmarks.$$(basename $$f .py); done

corpus: $(VENV)/.dev  ## open every file of a folder in the sandbox: make corpus DIR=photos/
	@$(BIN)/python -m tests.corpus $(DIR)

clean:  ## remove what the targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis out

$(VENV)/.plain: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Suisai needs Python 3.11 or newer: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Suisai (once) ..." && $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.plain
	@echo "Installing what the tests need (once) ..." && $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
