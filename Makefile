# make demo    run the sample sweep on this machine, from nothing
# make test    every test; make test-fast: those of a minute
# make check   style, types, imports, template

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
WORKERS ?= auto

.PHONY: help demo up down test test-fast check bench lock clean

help:
	@sed -n 's/^# //p' Makefile

# --- what is installed: a stamp per set of requirements, renewed when they change -------------------------------------

.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Muster needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.local: .venv/bin/uv requirements/local.txt pyproject.toml
	$(UV) --require-hashes -r requirements/local.txt
	$(UV) --no-deps --editable .
	@touch $@

.venv/.demo: .venv/.local requirements/demo.txt
	$(UV) --require-hashes -r requirements/demo.txt
	@touch $@

.venv/.dev: .venv/.demo requirements/dev.txt
	$(UV) --require-hashes -r requirements/dev.txt
	@touch $@

# --- use --------------------------------------------------------------------------------------------------------------

demo: .venv/.demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh

up: .venv/.local
	@$(BIN)/python -m local up

down: .venv/.local
	@$(BIN)/python -m local down

# --- work on it -------------------------------------------------------------------------------------------------------

test: .venv/.dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-fast: .venv/.dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow"

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.dev
	$(BIN)/python -m bench

lock: .venv/bin/uv
	for set in dev demo local; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header requirements/$$set.in -o requirements/$$set.txt \
	    $$([ $$set = dev ] || echo -c requirements/dev.txt); done

clean: down
	rm -rf .venv .muster .aws-sam build
