# make run     set everything up and serve the example organisation on http://localhost:8000
# make test    set everything up and run every check
# make chaos   hundreds of kills, long outages, thousands of races: about 45 minutes
# make bench   one table of speeds, as ratios against floors measured in the same run: about 10 minutes
PORT ?= 8000
DATA ?= data$(if $(filter-out 8000,$(PORT)),-$(PORT))
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

.PHONY: run test setup check unit browser chaos bench bench-rivals lock format clean

run: setup
	@SIGNOFF_DATA_DIR=$(DATA) SIGNOFF_PORT=$(PORT) exec $(BIN)/signoff up

test: setup check unit

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Signoff needs Python 3.11 or newer, and found none on the PATH."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: setup
	$(BIN)/python -m pytest -n 4 --dist loadgroup

browser: setup
	$(BIN)/python -m pytest tests/browser

# Prints the seed of its dice; SEED=… throws them again.
chaos: setup
	$(BIN)/python -m pytest -s -v tests/faults --chaos $(if $(SEED),--seed $(SEED))

bench: setup
	$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

# Rivals from PyPI, each in an environment of its own.
bench-rivals: setup
	$(BIN)/python -m benchmarks --rivals

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Maintainers only: pins the whole tree anew, without index addresses.
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --group dev --no-emit-index-url --no-header --no-annotate \
		--upgrade pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) data data-* .pytest_cache .mypy_cache .ruff_cache .hypothesis
