# Every target does its own set-up: .venv is made at the first call, and renewed when pyproject.toml changes.
# Choose an interpreter with `make test PYTHON=python3.12`.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check docs bench

help:
	@echo "make demo    take a gift shop's campaign from a check to a Mailchimp sandbox and back"
	@echo "make test    run the tests"
	@echo "make check   format, lint, types, arrows, and that the printed pages are current"
	@echo "make docs    print the pages that are made from the code"
	@echo "make bench   measure the speeds that the README promises"

$(READY): pyproject.toml
	@test -n "$(PYTHON)" || { echo "contextmail needs Python 3.11, 3.12 or 3.13 with its venv module;" \
		"on Debian: apt-get install python3 python3-venv; elsewhere: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Creating .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "Installing contextmail[all] and its tools into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[all,dev]"
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: $(READY)
	@$(BIN)/python -m pytest -q -n auto

check: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy src $(wildcard adapters/*/*.py)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python docs/generate.py --check

docs: $(READY)
	@$(BIN)/python docs/generate.py

bench: $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@$(BIN)/python benchmarks/run.py
