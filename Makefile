# `make demo` shows what wscost does, `make test` proves it. GNU make and Python 3.11 or newer.
# The network is used once, to fill .venv; again only after pyproject.toml or a loop has changed.

VENV := .venv
BIN  := $(VENV)/bin

# The first of these that starts, is new enough and can make environments (a shim may exist and not start).
ABLE  := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON = $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
           $$p -c '$(ABLE)' 2>/dev/null && { echo $$p; break; }; done)

# What is compiled when the package is installed.
LOOPS := $(wildcard wscost/loops/*.py wscost/loops/*.pxd)

.DEFAULT_GOAL := help
.PHONY: help demo test lint format docs notebooks bench coverage clean

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

demo: $(VENV)/.installed  ## price a recorded evening of a chat on Cloudflare
	@echo '$$ wscost estimate sample_traces/hib-evening-11.ndjson.gz'
	@$(BIN)/wscost estimate sample_traces/hib-evening-11.ndjson.gz

test: lint  ## check style and types, then run every test on all cores
	$(BIN)/python -m pytest -n auto --dist loadgroup

lint: $(VENV)/.developed  ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.developed  ## let ruff lay out the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.developed  ## run the docs and notebooks again and write down what they show
	$(BIN)/python -m tests.docrunner --update
	$(BIN)/python -m tests.notebookrunner

notebooks: $(VENV)/.installed  ## open the stories in notebooks/ in the browser
	$(BIN)/python -m pip install --quiet --editable '.[notebooks]'
	$(BIN)/jupyter lab notebooks

bench: | $(VENV)/.made  ## measure speed beside other tools, as users have them, and write docs/performance.md
	$(BIN)/python -m venv $(VENV)/bench
	$(BIN)/python -m pip --python $(VENV)/bench/bin/python install --quiet . --group bench
	$(VENV)/bench/bin/python benchmarks/run.py

coverage: $(VENV)/.developed  ## tell which lines no test reaches
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term

clean:  ## remove everything that make made
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache wscost/loops/*.so wscost/loops/*.pyd
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml $(LOOPS) | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.developed: pyproject.toml $(LOOPS) | $(VENV)/.made
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@ $(VENV)/.installed

# Dependency groups need pip 25.1; Python 3.11 comes with an older one.
$(VENV)/.made:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(ABLE)' || { echo >&2 "wscost needs Python 3.11 or newer with the\
	 venv module (on Debian: apt install python3-venv). If yours has another name: make PYTHON=/path/to/python."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@
