# The two commands: `make lab` opens the course, `make test` proves it.
# Both set up .venv first when it is missing, older than the pinned requirements, or of another folder.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEV := $(VENV)/dev
INSTRUCTOR := $(VENV)/instructor
SITE := $(VENV)/site
NBGRADER := build/nbgrader-environment
LITE := build/lite-environment
PIP := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
FIRST := notebooks/01_numpy_rnn_loop.ipynb
# JupyterLab refuses to start as root unless told to; containers often are root.
LAB_FLAGS := $(if $(filter 0,$(shell id -u)),--allow-root)
# A lesson that was only opened is saved as it was, with any version of Python.
KEEP := --FileContentsManager.pre_save_hook=course_utils.saving.keep_language_info
NBVAL := $(BIN)/python -m pytest -c tests/nbval.ini --rootdir . --nbval-current-env

LESSONS := $(wildcard notebooks/*.ipynb)
# These hold cells that compare seconds: they run alone. The others run two at a time, their lines kept together
# where make can do it (macOS has an older one).
ALONE := $(foreach number,08 09 10 15,$(wildcard notebooks/$(number)_*.ipynb))
TWO := -j2 --keep-going $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# What a user has set for other work reaches neither the installation nor a lesson. What pip needs to
# reach its packages (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_CERT, pip.conf …) stays.
unexport PYTHONPATH PYTHONHOME PYTHONOPTIMIZE PYTHONSTARTUP PYTHONSAFEPATH PYTHONWARNINGS PYTHONIOENCODING
unexport PYTEST_ADDOPTS PYTEST_PLUGINS PYTEST_DISABLE_PLUGIN_AUTOLOAD MATPLOTLIBRC MPLBACKEND
unexport KERAS_BACKEND KERAS_MAX_EPOCHS KERAS_MAX_STEPS_PER_EPOCH TF_USE_LEGACY_KERAS
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_REQUIREMENT PIP_EDITABLE PIP_NO_BINARY
export PYTHONNOUSERSITE := 1
export PYTHONUTF8 := 1
export PIP_USER := 0
export PIP_REQUIRE_HASHES := 0
export PIP_DRY_RUN := 0

# An environment works in the folder that it was made for: its commands name their Python in full.
ifneq ($(wildcard $(READY)),)
ifneq ($(shell cat $(READY)),$(CURDIR))
.PHONY: $(READY)
endif
endif

.DEFAULT_GOAL := help
.PHONY: help lab test setup lint format types lock execute solutions test-solutions \
	slides present site book lite bundle test-browser test-nbgrader timing benchmark judges scoreboard clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

lab: $(READY)  ## open the course in JupyterLab, at the first lesson
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url="/lab/tree/$(FIRST)" $(KEEP) $(LAB_FLAGS) $(LAB_OPTIONS)

test: $(DEV) lint types  ## everything: style, types, unit and hygiene tests, every notebook, every exercise solved
	$(BIN)/python -m pytest
	$(MAKE) --no-print-directory $(TWO) $(addprefix nbval/,$(filter-out $(ALONE),$(LESSONS)))
	$(NBVAL) $(ALONE)
	$(BIN)/python -m tools.make_solutions --short
	COURSE_PROGRESS=off $(NBVAL) build/solutions-short

# One lesson, with one thread for each library: so two share two cores without waiting for each other.
nbval/%:
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 $(NBVAL) $*

setup: $(READY)  ## create .venv and install the pinned requirements

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "The course needs Python 3.11, 3.12 or 3.13 (TensorFlow has no build for others)."; \
		echo "Install one, or name it: make lab PYTHON=/path/to/python3.12"; exit 1; }
	@if [ -s $(READY) ] && [ "$$(cat $(READY))" != "$(CURDIR)" ]; then \
		echo "This folder was moved, renamed or copied: its environment $(VENV) is made anew."; rm -rf $(VENV); fi
	@# Debian ships python3 without ensurepip: then pip is installed from outside.
	$(PYTHON) -m venv $(VENV) 2>/dev/null || { $(PYTHON) -m venv --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip==26.3; }
	$(PIP) -r requirements.txt
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@cd notebooks && ../$(BIN)/python -c "import course_utils, numpy, jupyterlab" || { echo "pip has put the packages elsewhere: \
	a setting such as target or prefix? Look at: $(BIN)/python -m pip config list"; exit 1; }
	@# No pop-up that asks for news from the network at the first start.
	-@$(BIN)/jupyter labextension disable --level=sys_prefix "@jupyterlab/apputils-extension:announcements" 2>/dev/null
	@echo "$(CURDIR)" > $(READY)

$(DEV): requirements-dev.txt requirements-export.txt $(READY)
	$(PIP) --quiet --no-deps -r requirements-dev.txt -r requirements-export.txt
	@touch $(DEV)

lint: $(DEV)  ## check format, style and spelling of code and notebooks
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/codespell

format: $(DEV)  ## mend format and style where a tool can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

types: $(DEV)  ## check the types of the helper package
	$(BIN)/mypy

execute: $(DEV)  ## run lessons from a fresh kernel and keep their outputs: make execute NB=notebooks/02_embedding.ipynb
	$(BIN)/python -m tools.execute_notebook $(or $(NB),notebooks/*.ipynb)

solutions: $(DEV)  ## for instructors: solved lessons, a class set without solutions, a set for nbgrader, in build/
	$(BIN)/python -m tools.make_solutions

test-solutions: solutions  ## run every solved lesson from its first cell to its last, as long as the lessons take
	COURSE_PROGRESS=off $(NBVAL) build/solutions

$(INSTRUCTOR): requirements-instructor.txt $(DEV)
	$(PIP) --quiet --no-deps -r requirements-instructor.txt
	@touch $(INSTRUCTOR)

slides: $(INSTRUCTOR)  ## for instructors: decks that need no network, in build/slides (needs npm and chromium)
	$(BIN)/python -m tools.make_slides $(NB)

present: $(INSTRUCTOR)  ## for instructors: present a lesson with a live kernel: make present NB=notebooks/03_simple_rnn_cell.ipynb
	$(BIN)/python -m tools.make_slides --copies
	$(BIN)/jupyter lab --ServerApp.root_dir="$(CURDIR)" \
		--LabApp.default_url="/lab/tree/build/present/$(notdir $(or $(NB),$(FIRST)))" $(LAB_FLAGS) $(LAB_OPTIONS)

$(SITE): requirements-site.txt $(INSTRUCTOR)
	$(PIP) --quiet --no-deps -r requirements-site.txt
	@touch $(SITE)

site: $(SITE)  ## the course as a web site that needs no network, in build/site (needs npm)
	$(BIN)/python -m tools.make_site

book: $(SITE)  ## all lessons as EPUB and PDF, in build/book; make site links them (needs npm and chromium)
	$(BIN)/python -m tools.make_book

COMMA := ,
# An environment of its own that sees the packages of the course through a path file: folder and requirements
# are those of the rule, the argument is what else goes into the path file.
define beside_the_course
rm -rf $(@D)
	$(BIN)/python -m venv --without-pip $(@D)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib')$(1))" > \
		"$$($(@D)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/course.pth"
	$(BIN)/python -m pip --python $(@D)/bin/python install --disable-pip-version-check --quiet \
		--require-hashes --no-deps -r $<
	@touch $@
endef

# JupyterLite lives in an environment of its own: beside the course it would put its kernel into JupyterLab.
$(LITE)/ready: requirements-lite.txt $(READY)
	$(call beside_the_course,)

lite: $(LITE)/ready  ## lesson 1 up to Keras, to run in a browser, in build/lite; make site takes it along (needs npm)
	$(BIN)/python -m tools.make_lite

bundle:  ## one zip of site, reading page, decks, books and project, in build/ (needs npm and chromium)
	$(MAKE) --no-print-directory slides
	$(MAKE) --no-print-directory book
	$(MAKE) --no-print-directory site
	$(BIN)/python -m tools.make_bundle

test-browser: $(SITE)  ## the decks, the site and JupyterLab in a real browser (needs npm and chromium)
	$(BIN)/python -m pytest -p no:cacheprovider tests/browser_tests.py
	$(BIN)/python -m pytest -p no:cacheprovider tests/site_tests.py
	$(BIN)/python -m pytest -p no:cacheprovider tests/lite_tests.py

# nbgrader lives in an environment of its own, which sees the packages of the course through a path file:
# beside the course it would put its menus into JupyterLab.
$(NBGRADER)/ready: requirements-nbgrader.txt $(DEV)
	$(call beside_the_course,$(COMMA) '$(CURDIR)'$(COMMA) sep='\n')

test-nbgrader: $(NBGRADER)/ready  ## release, solve and grade one lesson with nbgrader, as a test
	$(BIN)/python -m pytest -p no:cacheprovider tests/nbgrader_tests.py

timing: $(DEV)  ## for authors: run lessons on two idle cores, keep outputs, write minutes: make timing NB=notebooks/02_embedding.ipynb
	$(BIN)/python -m tools.lesson_minutes $(or $(NB),$(wildcard notebooks/*.ipynb))

benchmark: $(READY)  ## time the engine beside Keras and PyTorch, on an otherwise idle machine
	$(BIN)/python -m tools.benchmark

judges: $(DEV)  ## for authors: judge the judges: mutants of every solution are put to its check, in a few minutes
	COURSE_PROGRESS=off $(BIN)/python -m tools.mutate_answers

scoreboard: $(READY)  ## train every system to the end (resumable, an hour or more), write the results and the README's table
	$(BIN)/python -m tools.train_scoreboard

clean:  ## remove .venv, build and every cache inside this folder
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name .ipynb_checkpoints -prune -exec rm -rf {} +

lock: $(READY)  ## solve the requirements anew (needs uv)
	$(BIN)/python -m tools.lock
