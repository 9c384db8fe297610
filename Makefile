# make demo    run the sample sweep on this machine, from nothing
# make test    every test; make test-fast: those of a minute
# make check   style, types, imports
# make openapi the document of the API, from the handlers
# make bench   what it costs and how fast it is
# make build   the packages for AWS; make deploy-check: build, deploy to the emulator, try
# make local-sam   the built packages in containers by sam local, with moto; needs a container engine

PYTHON ?= python3
BIN := .venv/bin
# The machine's own certificates, as pip uses them: behind a proxy others are of no use.
export UV_SYSTEM_CERTS := true
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
WORKERS ?= auto

.PHONY: help demo up down test test-fast check openapi bench build deploy-check local-sam lock clean

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

openapi: .venv/.local
	@$(BIN)/python -m muster.edge.openapi functions events functions/meta/openapi.json

bench: .venv/.dev .venv-sam/.sam
	$(BIN)/python -m bench

# --- for AWS: SAM in an environment of its own, the functions' Python on its path -------------------------------------

.venv-sam/.sam: .venv/bin/uv requirements/sam.txt
	$(PYTHON) -m venv .venv-sam
	$(BIN)/uv pip install --quiet --python .venv-sam/bin/python --require-hashes -r requirements/sam.txt
	@touch $@

build: .venv/.dev .venv-sam/.sam openapi
	@runtime=$$($(BIN)/python -m tests.deploy.runtime) || exit 1; \
	  PATH="$$runtime:$$PATH" SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam build
	@$(BIN)/python layers/sizes.py .aws-sam/build

deploy-check: .venv/.dev .venv-sam/.sam
	@$(BIN)/python -m tests.deploy.check

local-sam: .venv/.dev .venv-sam/.sam
	@$(BIN)/python -m tests.local_sam

# --- what is pinned ---------------------------------------------------------------------------------------------------

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --no-header

lock: .venv/bin/uv
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt requirements/demo.in -o requirements/demo.txt
	$(COMPILE) -c requirements/dev.txt requirements/local.in -o requirements/local.txt
	$(COMPILE) requirements/sam.in -o requirements/sam.txt
	$(COMPILE) -c requirements/local.txt layers/vendor/requirements.in -o layers/vendor/requirements.txt

clean: down
	rm -rf .venv .venv-sam .muster .aws-sam build
