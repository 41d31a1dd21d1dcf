# Everything a person does with this house. `make help` lists it.

DATA ?= .iljari
PORT ?= 8765
PYTHON ?= python3
CHECKOUT_DATA := ../shared/data
ILJARI_DATA ?= $(if $(wildcard $(CHECKOUT_DATA)),$(abspath $(CHECKOUT_DATA)))
export ILJARI_DATA
# Containers for development often forbid Python to keep what it compiled: each of a system's processes, and each command,
# would compile all that it imports again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
PINS := requirements
# A stamp says which pins the environment was made from: a second `make run` does not look again.
READY := $(VENV)/.ready
READY_TO_TEST := $(VENV)/.ready-to-test
READY_TO_CHECK := $(VENV)/.ready-to-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

install: $(READY) ## make the environment, nothing else

run: $(READY) ## start the whole system on this machine (DATA=.iljari PORT=8765); Ctrl-C stops it
	@exec $(BIN)/iljari up --data "$(DATA)" --port $(PORT)

test: $(READY_TO_TEST) ## install what the tests need and pass them all
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not campaign" $(PYTEST)

campaign: $(READY_TO_TEST) ## the long tests: crash points, fuzzing, chaos in small
	$(BIN)/pytest -m "campaign and not long" $(PYTEST)

long-campaign: $(READY_TO_TEST) ## the longest: every kill of a sender, every route asked at length
	$(BIN)/pytest -m long $(PYTEST)

benchmark: $(READY_TO_TEST) ## the engine beside its peers, the path of an event, and the main job on real input
	$(BIN)/iljari bench
	$(BIN)/python -m tests.benchmarks

check: $(READY_TO_CHECK) ## formatting, lint, types, and which way imports point
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

format: $(READY_TO_CHECK) ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

migration: $(READY_TO_CHECK) ## draft a schema revision: SERVICE=registry NAME=pre_add_shift
	$(BIN)/python -m deploy.schema $(SERVICE) $(NAME)
	$(BIN)/ruff format -q deploy/migrations
	$(BIN)/ruff check -q --fix deploy/migrations

lock: $(READY) ## choose versions anew and pin them, with hashes and without addresses
	$(UV) lock --upgrade
	$(UV) export -q --frozen --no-emit-project --no-header --no-annotate -o $(PINS)/run.txt
	$(UV) export -q --frozen --no-emit-project --no-header --no-annotate --extra test -o $(PINS)/test.txt
	$(UV) export -q --frozen --no-emit-project --no-header --no-annotate --extra test --extra check -o $(PINS)/check.txt

clean: ## remove the environment and caches; the data folder stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The pins say all; the project itself is laid beside them. What is for tests and checks is added, never taken away.
LAY_PROJECT = $(UV) pip install -q --no-deps --editable .
ADD = $(UV) pip install -q --require-hashes -r

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(READY): $(PINS)/run.txt pyproject.toml | $(UV)
	@rm -f $(READY_TO_TEST) $(READY_TO_CHECK)
	$(UV) pip sync -q --require-hashes $(PINS)/run.txt
	$(LAY_PROJECT)
	@touch $@

$(READY_TO_TEST): $(PINS)/test.txt $(READY)
	$(ADD) $(PINS)/test.txt
	@if [ -x tests/prepare ]; then tests/prepare; fi
	@touch $@

$(READY_TO_CHECK): $(PINS)/check.txt $(READY)
	$(ADD) $(PINS)/check.txt
	@touch $@

.PHONY: help install run test campaign long-campaign benchmark check format migration lock clean
