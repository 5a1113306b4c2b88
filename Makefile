.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# More than cores: much of the time, tests wait for servers and for connections that time out
WORKERS ?= 4
# The services made and tested here find uv on the PATH and share its cache.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade
CHECKED_PRESETS := minimal full

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-13s %s\n", $$1, $$2}'

setup: .venv/ready  ## install exactly what requirements-dev.lock names, and shipsmith from this checkout

.venv/ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv
	uv pip install --quiet --python $(BIN)/python --requirement requirements-dev.lock
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

demo: setup  ## make a service, start it, call it over HTTP and gRPC, stop it
	$(BIN)/python demo/demo.py

test: setup  ## all tests, with real servers; STRICT=1 fails where one would be skipped
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

test-fast: setup  ## what most changes break: the command line, the rules of the template, the smallest service
	$(BIN)/pytest -n $(WORKERS) tests/generator tests/template/test_rules.py \
		"tests/template/test_matrix.py::test_service_passes_its_own_checks_and_tests[minimal]"

check: setup $(CHECKED_PRESETS:%=check-%)  ## lint, format, types and imports, of the generator and of what it makes
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

check-%: setup
	rm -rf build/check/$* && mkdir -p build/check
	$(BIN)/shipsmith new build/check/$* --preset $* --defaults
	$(MAKE) -C build/check/$* setup check

lock: setup  ## resolve our own dependencies anew
	$(COMPILE) pyproject.toml --group dev --output-file requirements-dev.lock

universe-add: setup  ## add to the lock of the generated services what universe.in names anew; no version moves
	cd template/_shared/python && $(filter-out --upgrade,$(COMPILE)) universe.in --output-file universe.lock

universe: setup  ## resolve the dependencies of the generated services, and of shipsmith in them, anew
	cd template/_shared/python && $(COMPILE) universe.in --output-file universe.lock
	$(COMPILE) pyproject.toml --output-file template/_shared/shipsmith.lock

updates: setup  ## update edited projects with shipsmith and with copier, and write docs/updates.md
	$(BIN)/python -m tools.updates

faults: setup  ## let every step of update, continue and undo fail in every way, and write docs/faults.md
	$(BIN)/python -m tools.faults

clean:  ## remove everything that is made here
	rm -rf .venv build

.PHONY: help setup demo test test-fast check lock universe universe-add updates faults clean
