.DEFAULT_GOAL := help
PYTHON ?= python3
# Not by the scripts beside it: they name the whole path, in which anything can be. -P ignores modules of this folder.
RUN := .venv/bin/python -P -m
# More than cores: much of the time, tests wait for servers and for connections that time out
WORKERS ?= 5
# Services that are generated and tested here find uv on the PATH and share its cache.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade
CHECKED_PRESETS := minimal full
# Values that people give are data: neither make nor the shell expands them.
unexport PYTHON WORKERS

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-13s %s\n", $$1, $$2}'

setup: .venv/ready  ## install the packages pinned in requirements-dev.lock, and shipsmith from this checkout

.venv/ready: export INTERPRETER := $(value PYTHON)
.venv/ready: requirements-dev.lock pyproject.toml
	"$$INTERPRETER" -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	"$$INTERPRETER" -m venv .venv
	$(RUN) pip install --quiet uv
	$(RUN) uv pip install --quiet --python .venv --requirement requirements-dev.lock
	$(RUN) uv pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
	touch $@

demo: setup  ## create a service, start it, call it over HTTP and gRPC, stop it
	.venv/bin/python demo/demo.py

test test-all test-fast: export PROCESSES := $(value WORKERS)
test: setup  ## all tests, with real servers; with STRICT=1, a skipped test is a failure
	$(RUN) pytest -n "$$PROCESSES"

test-all: setup  ## the same, and those that last: faults of databases and brokers under load
	$(RUN) pytest -n "$$PROCESSES" -m ""

test-fast: setup  ## tests of the command line, the rules of the template and the smallest service
	$(RUN) pytest -n "$$PROCESSES" tests/generator tests/template/test_rules.py \
		"tests/template/test_matrix.py::test_service_passes_its_own_checks_and_tests[minimal]"

check: check-generator $(CHECKED_PRESETS:%=check-%)  ## lint, formatting, types and imports of the generator and of generated services

check-generator: setup
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	.venv/bin/python .venv/bin/lint-imports --no-cache

$(CHECKED_PRESETS:%=check-%): check-%: setup
	rm -rf build/check/$* && mkdir -p build/check
	$(RUN) shipsmith new build/check/$* --preset $* --defaults
	MYPY_CACHE_DIR=../../mypy/$* "$(MAKE)" -C build/check/$* setup check

lock: setup  ## update our own pinned dependencies
	$(COMPILE) pyproject.toml --group dev --output-file requirements-dev.lock

universe-add: setup  ## pin new entries of universe.in for generated services, without updating others
	cd template/_shared/python && $(filter-out --upgrade,$(COMPILE)) universe.in --output-file universe.lock

universe: setup  ## update the pinned dependencies of generated services, and of shipsmith in them
	cd template/_shared/python && $(COMPILE) universe.in --output-file universe.lock
	$(COMPILE) pyproject.toml --output-file template/_shared/shipsmith.lock

updates: setup  ## update edited projects with shipsmith and with copier, and write docs/updates.md
	.venv/bin/python -m tools.updates

faults: setup  ## make every step of update, continue and undo fail in every way, and write docs/faults.md
	.venv/bin/python -m tools.faults

model-changes: setup  ## change the model of services in use: also twenty changes at random, with five seeds
	MODEL_CHANGES=5 $(RUN) pytest -n 2 tests/update/test_model_changes.py

values: setup  ## send 20,000 values of every type through REST, gRPC and commands, by database
	.venv/bin/python -m tools.values

overload: setup  ## load a service three times over, with the adaptive limit and without it
	.venv/bin/python -m benchmarks.overload

budget: setup  ## whether `make budget` of a service finds five planted faults, and nothing in five runs without one
	.venv/bin/python -m benchmarks.budget

clean:  ## remove the environment and build output
	rm -rf .venv build

.PHONY: help setup demo test test-all test-fast check check-generator lock universe universe-add updates faults model-changes values overload budget clean
