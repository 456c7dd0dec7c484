# Everything a fresh machine needs: `make demo` or `make test`. Each target sets up what it lacks.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help install demo test lint clean

help:
	@echo "make install | demo | test | lint | clean"

install: $(STAMP)

$(STAMP): setup.py pyproject.toml restorekit/version.py $(wildcard requirements/*.txt)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -q \
	    -c requirements/constraints.txt -e '.[all,tests]'
	touch $@

demo: $(STAMP)
	$(BIN)/restorekit demo

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info
