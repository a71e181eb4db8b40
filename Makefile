# Every command a maintainer needs; `make` alone lists them.
# PYTHON=python3.12 chooses the interpreter; ARGS="..." goes on to `netmon run` or to pytest.

.DEFAULT_GOAL := help
.PHONY: help run test check bench install lock clean
MAKEFLAGS += --no-print-directory
# snmpd and ip live there, and an ordinary user's path leaves them out
export PATH := $(PATH):/usr/sbin:/sbin
export PYTHON
BIN := .venv/bin

help:
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 16

run: ## start netmon on this machine; ARGS="--config FILE" passes options on
	@.ci/bootstrap run
	@exec $(BIN)/netmon run $(ARGS)

test: ## environment, real servers where possible, checks, all tests, the wheel
	@.ci/bootstrap dev
	@.ci/servers
	@$(MAKE) check
	$(BIN)/python -m pytest -q $(ARGS)
	@.ci/wheel

check: ## format, lint, types, import contracts, sizes
	@.ci/bootstrap dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/docs/test_sizes.py

bench: ## all benchmarks, JSON lines on stdout; ONLY=name runs one
	@.ci/bootstrap dev
	@.ci/servers fping prometheus-blackbox-exporter prometheus-smokeping-prober
	@.ci/bench $(ONLY)

install: ## install netmon as a service of this machine (root)
	@[ "$$(id -u)" = 0 ] || { echo "make install writes to the system: run it as root, for example with sudo" >&2; exit 1; }
	@systemd/install "$(CURDIR)"

lock: ## write the locks anew from pyproject.toml; UPGRADE=1 takes newer versions too
	@.ci/bootstrap dev
	@.ci/lock $(if $(UPGRADE),--upgrade)

clean: ## remove the environment and everything that was built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
