# Three commands: `make report`, `make test-fast`, `make test`. Each sets up what it needs: git, make and Python >= 3.11 are enough.
PYTHON ?= python3
# The build of torch: cpu where there is no NVIDIA GPU; `make report TORCH=cuda` overrides it. Only Linux has both builds.
TORCH ?= $(if $(shell command -v nvidia-smi)$(filter-out Linux,$(shell uname -s)),cuda,cpu)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The CUDA lock has everything; the CPU build has one lock for running and one with the development tools.
LOCK_cuda := requirements.lock
LOCK_cpu := requirements-cpu.lock
DEV_LOCK_cuda := requirements.lock
DEV_LOCK_cpu := requirements-cpu-dev.lock
GIGABYTES_cuda := 7
GIGABYTES_cpu := 2

.PHONY: report resume test test-fast reliability docs lint format setup develop lock

report: setup
	snakemake --config suite=smoke
	snakemake

resume: setup
	snakemake --unlock --quiet all
	snakemake

# A process per core, four at most (each imports torch); a process runs whole files, and makes their fixtures once.
test: lint
	pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Tests that need no browser, no clone of the project and no long training: two minutes on one core (CONTRIBUTING.md).
test-fast: develop
	pytest -m "not slow"

# What docs/reliability.md prints: an hour, of 200 kills for the most part.
reliability: develop
	pytest tests -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder -m counts --kills=200 --reliability=docs/reliability.md

# The documentation as a site, site/index.html, with the report of quick as an example where that has been made.
docs: develop
	sphinx-build --fail-on-warning --quiet docs site

lint: develop
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

format: develop
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow

setup: .venv/.$(TORCH)

develop: .venv/.$(TORCH)-dev

.venv/.$(TORCH): $(LOCK_$(TORCH)) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "selfsup needs Python >= 3.11; name one: make PYTHON=python3.12")'
	@test -d .venv || $(PYTHON) -c 'import shutil, sys; sys.exit(shutil.disk_usage(".").free < $(GIGABYTES_$(TORCH))e9 and "selfsup: .venv takes $(GIGABYTES_$(TORCH)) GB with TORCH=$(TORCH), this disk has less: free some, or clone to another")'
	$(PYTHON) -m venv .venv
	$(call install,$(LOCK_$(TORCH)))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f .venv/.c* && touch $@

.venv/.$(TORCH)-dev: $(DEV_LOCK_$(TORCH)) | .venv/.$(TORCH)
	$(call install,$(DEV_LOCK_$(TORCH)))
	@touch $@

# torch's CPU builds have an index of their own: pip uses it if PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS names it; uv knows it.
# Compiled now: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would compile all of torch again.
define install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --require-hashes -r $(1) \
		$(if $(filter cpu,$(TORCH)),|| { $(BIN)/python -m pip install --quiet --disable-pip-version-check uv && \
		$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --torch-backend cpu --require-hashes -r $(1); })
endef

COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

lock:
	echo "torch==2.14.1\ntorchvision==0.29.1" | $(COMPILE) --extra all --extra dev --constraint - --output-file requirements.lock
	echo "torch==2.13.0" | $(COMPILE) --extra run --torch-backend cpu --constraint - --output-file requirements-cpu.lock
	echo "torch==2.13.0" | $(COMPILE) --extra run --extra dvc --extra dev --torch-backend cpu --constraint - --output-file requirements-cpu-dev.lock
