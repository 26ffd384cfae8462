# Two commands: `make report` and `make test`. Each sets up what it needs (git, make and Python >= 3.11 are enough).
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: report test lint setup resume lock

report: setup
	snakemake --config suite=smoke
	snakemake

resume: setup
	snakemake --unlock --quiet all
	snakemake

test: setup lint
	pytest

lint: setup
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint --quiet all

setup: .venv/.installed

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "selfsup needs Python >= 3.11; name one: make PYTHON=python3.12")'
	@test -d .venv || $(PYTHON) -c 'import shutil, sys; sys.exit(shutil.disk_usage(".").free < 7e9 and "selfsup: .venv takes 7 GB (torch brings CUDA), this disk has less: free some, or clone to another")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --output-file requirements.lock
