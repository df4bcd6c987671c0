# Two commands for a newcomer: `make demo` and `make test`. Everything else is listed by `make help`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ONCE ?=
SIZE ?= 2000
SEED ?= 1
ONLY ?=
N ?=
TESTS ?= tests

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format types bench docs lock wheel clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

setup: $(READY) ## Create the environment in .venv from the hashed lock

$(READY): requirements.txt pyproject.toml .ci/environment
	@.ci/environment "$(PYTHON)" "$(VENV)"
	@touch $@

demo: $(READY) ## Run the hub with every simulated vendor; ONCE=1 stops when all is synced
	@$(BIN)/python -m hrhub.airflow.demo --size $(SIZE) --seed $(SEED) $(if $(ONCE),--once)

test: $(READY) ## Run the whole test suite
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(TESTS)

lint: $(READY) ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

types: $(READY) ## Check types
	@$(BIN)/mypy

bench: $(READY) ## Measure the hot path; ONLY=a,b N=10000 measures a part or another size
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(N),--size $(N))

docs: $(READY) ## Write the generated pages: contract, model, error codes
	@$(BIN)/python -m hrhub.connector.reference > docs/contract.md
	@$(BIN)/python -m hrhub.model.reference > docs/model.md
	@$(BIN)/python -m hrhub.messages.reference > docs/errors.md

lock: $(READY) ## Bump and pin every dependency with its hashes
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --upgrade --no-annotate --quiet --output-file requirements.txt \
	  --custom-compile-command "make lock"

wheel: $(READY) ## Build the wheel into dist/
	@$(BIN)/uv build --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .

clean: ## Remove what can be made again
	@rm -rf $(VENV) .hrhub build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
