# make run opens the dashboard, make test runs all tests; both set everything up first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: run install test lint types check bench screenshot clean
.DEFAULT_GOAL := run

run: install
	$(BIN)/maxwhisper-tui $(ARGS)

install: $(READY)

$(READY): pyproject.toml constraints.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-r requirements-dev.txt -e .
	touch $(READY)

test: install lint types
	$(BIN)/pytest $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: install
	$(BIN)/basedpyright

check: install
	$(BIN)/maxwhisper check $(ARGS)

bench: install
	$(BIN)/python benchmarks/reload.py $(ARGS)

screenshot: install
	$(BIN)/python -m scripts.screenshots docs/dashboard.svg

clean:
	rm -rf $(VENV)
