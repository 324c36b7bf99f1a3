# The chores, one word each. `make help` lists them.
SHELL := /bin/sh
PYTHON := .venv/bin/python
BIN := .venv/bin
T ?= tests
PORT ?= 8631
PROFILE ?= embedded
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench faults soak fresh

help:  ## lists these words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 15

setup:  ## installs what is missing (Debian packages, Python libraries into .venv)
	@setup/install.sh

demo: setup  ## shows the main job on real parts, then serves the pages (EXIT=1 KEEP=1 PORT=8631 PROFILE=scaleout)
	@$(PYTHON) -m deploy --profile $(PROFILE) demo $(if $(EXIT),--exit) $(if $(KEEP),--keep) --port $(PORT)

test: setup  ## runs the whole suite; one part of it with T=tests/quotas
	@$(PYTHON) -m pytest -q -n 2 --dist loadfile $(T)

check: setup  ## format, lint, types, import contracts, dead code, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture
	@$(MAKE) --no-print-directory test

bench: setup  ## benchmarks against a named peer in one run (build/bench.json); a part with B=print-job
	@$(PYTHON) -m tests.bench $(B)

faults: setup  ## kills, full disks, dead printers, abuse: each fault ten times (FAULT_ROUNDS=10)
	@FAULT_ROUNDS=$(or $(FAULT_ROUNDS),10) $(PYTHON) -m pytest -q -o timeout=3600 tests/faults
	@$(PYTHON) -m tests.faults.fuzz 200000

soak: setup  ## random traffic while parts are killed, exact counts at the end (N=2000)
	@$(PYTHON) -m tests.faults.soak $(or $(N),2000)

fresh:  ## proves `make demo` and `make test` on a fresh Debian 12 (needs root)
	@setup/fresh.sh
