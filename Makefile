# The two commands: `make lab` opens the course, `make test` proves it.
# Both set up .venv first when it is missing or older than the pinned requirements.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
INSTRUCTOR := $(VENV)/instructor
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
FIRST := notebooks/01_numpy_rnn_loop.ipynb
# JupyterLab refuses to start as root unless told to; containers often are root.
LAB_FLAGS := $(if $(filter 0,$(shell id -u)),--allow-root)
# A lesson that was only opened is saved as it was, with any version of Python.
KEEP := --FileContentsManager.pre_save_hook=course_utils.saving.keep_language_info

.DEFAULT_GOAL := help
.PHONY: help lab test setup lint format types lock execute solutions test-solutions \
	slides present test-browser timing benchmark scoreboard clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

lab: $(READY)  ## open the course in JupyterLab, at the first lesson
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url="/lab/tree/$(FIRST)" $(KEEP) $(LAB_FLAGS) $(LAB_OPTIONS)

test: $(READY) lint types  ## everything: style, types, unit and hygiene tests, every notebook, every exercise solved
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest -c tests/nbval.ini --rootdir . --nbval-current-env notebooks
	$(BIN)/python -m tools.make_solutions --short
	COURSE_PROGRESS=off $(BIN)/python -m pytest -c tests/nbval.ini --rootdir . --nbval-current-env build/solutions-short

setup: $(READY)  ## create .venv and install the pinned requirements

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "The course needs Python 3.11, 3.12 or 3.13 (TensorFlow has no build for others)."; \
		echo "Install one, or name it: make lab PYTHON=/path/to/python3.12"; exit 1; }
	@# Debian ships python3 without ensurepip: then pip is installed from outside.
	$(PYTHON) -m venv $(VENV) 2>/dev/null || { $(PYTHON) -m venv --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@# No pop-up that asks for news from the network at the first start.
	-@$(BIN)/jupyter labextension disable --level=sys_prefix "@jupyterlab/apputils-extension:announcements" 2>/dev/null
	@touch $(READY)

lint: $(READY)  ## check format, style and spelling of code and notebooks
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/codespell

format: $(READY)  ## mend format and style where a tool can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

types: $(READY)  ## check the types of the helper package
	$(BIN)/mypy

execute: $(READY)  ## run lessons from a fresh kernel and keep their outputs: make execute NB=notebooks/02_embedding.ipynb
	$(BIN)/python -m tools.execute_notebook $(or $(NB),notebooks/*.ipynb)

solutions: $(READY)  ## for instructors: solved lessons, a class set without solutions, a set for nbgrader, in build/
	$(BIN)/python -m tools.make_solutions

test-solutions: solutions  ## run every solved lesson from its first cell to its last, as long as the lessons take
	COURSE_PROGRESS=off $(BIN)/python -m pytest -c tests/nbval.ini --rootdir . --nbval-current-env build/solutions

$(INSTRUCTOR): requirements-instructor.txt $(READY)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements-instructor.txt
	@touch $(INSTRUCTOR)

slides: $(INSTRUCTOR)  ## for instructors: decks that need no network, in build/slides (needs npm and chromium)
	$(BIN)/python -m tools.make_slides $(NB)

present: $(INSTRUCTOR)  ## for instructors: present a lesson with a live kernel: make present NB=notebooks/03_simple_rnn_cell.ipynb
	$(BIN)/python -m tools.make_slides --copies
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" \
		--LabApp.default_url="/lab/tree/build/present/$(notdir $(or $(NB),$(FIRST)))" $(LAB_FLAGS) $(LAB_OPTIONS)

test-browser: $(INSTRUCTOR)  ## the decks and JupyterLab in a real browser (needs npm and chromium)
	$(BIN)/python -m pytest -p no:cacheprovider tests/browser_tests.py

timing: $(READY)  ## for authors: run lessons on two idle cores, keep outputs, write minutes: make timing NB=notebooks/02_embedding.ipynb
	$(BIN)/python -m tools.lesson_minutes $(or $(NB),$(wildcard notebooks/*.ipynb))

benchmark: $(READY)  ## time the engine beside Keras and PyTorch, on an otherwise idle machine
	$(BIN)/python -m tools.benchmark

scoreboard: $(READY)  ## train every system to the end (resumable, an hour or more), write the results and the README's table
	$(BIN)/python -m tools.train_scoreboard

clean:  ## remove .venv, build and every cache inside this folder
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name .ipynb_checkpoints -prune -exec rm -rf {} +

lock:  ## solve the requirements anew (needs uv: pip install uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade -o requirements.txt
	uv pip compile --group pyproject.toml:instructor --no-deps --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --upgrade -o requirements-instructor.txt
