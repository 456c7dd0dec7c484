# Everything a fresh machine needs: `make demo` or `make test`. Each target sets up what it lacks.
# Tests run in JOBS processes of one thread each.
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

.PHONY: help install demo docs test test-fast fuzz mutants lint clean

help:
	@echo "make install | demo | docs | test | test-fast | fuzz | mutants | lint | clean"

install: $(STAMP)

$(STAMP): setup.py pyproject.toml restorekit/version.py $(wildcard requirements/*.txt)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q \
	    -c requirements/constraints.txt -e '.[all,tests,docs]'
	touch $@

demo: $(STAMP)
	$(BIN)/restorekit demo

# Into site/; needs Python 3.11. Any warning is an error.
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

test: $(STAMP)
	$(PYTEST)

test-fast: $(STAMP)
	$(PYTEST) -m "not slow"

# make fuzz CASES=10000 SEED=1
CASES ?= 300
SEED ?= 0

fuzz: $(STAMP)
	$(BIN)/python -m tests.fuzz --cases $(CASES) --seed $(SEED)

# make mutants MUTANTS="functional metrics --sample 100"
MUTANTS ?= functional transforms metrics io inference engine

mutants: $(STAMP)
	$(BIN)/python -m tools.mutants $(MUTANTS) --seed $(SEED)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info
