# Two commands on a fresh machine with Python 3.11 to 3.14 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Each of these marks what is installed: what the hub stands on, the hub, the stand-ins' needs besides, the tests' besides.
READY_PACKAGES := $(VENV)/.ready-packages
READY := $(VENV)/.ready
READY_DEMO := $(VENV)/.ready-demo
READY_DEV := $(VENV)/.ready-dev
# Every version is pinned and every file hashed in constraints.txt, so pip takes nothing else.
INSTALL := $(BIN)/python -m pip install --quiet --require-hashes --no-build-isolation --constraint constraints.txt

.PHONY: demo test check format requirements bench soak coverage mutants audit sbom lock clean packages setup setup-dev

demo: $(READY_DEMO)
	$(BIN)/python cli.py demo

test: check
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports pyproject.toml
	$(BIN)/python -m tests.statements

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: setup-dev
	$(BIN)/python -m tests.requirements

bench: setup-dev
	@$(BIN)/python -m benchmarks $(ARGS)

soak: setup-dev
	$(if $(ARGS),,$(BIN)/python cli.py simulate --orders 2000 --seed 1 --faults all --kill 50)
	$(BIN)/python -m tests.soak $(ARGS)

coverage: setup-dev
	$(INSTALL) --group mutants
	$(BIN)/python -m coverage run -m pytest -q tests/core tests/crash
	$(BIN)/python -m coverage report

# A sample: of each function the change of that number. ARGS='core.domain.holds*' tries all of one module.
mutants: setup-dev
	$(INSTALL) --group mutants
	$(BIN)/mutmut run --max-children 2 $(or $(ARGS),'*__mutmut_7')
	$(BIN)/mutmut results

# Known faults of what is pinned; fails where one is known, and where nobody can be asked.
audit: setup
	$(INSTALL) --group supply
	$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement constraints.txt

# What a running hub is made of, for whoever must list it: read from an environment that holds nothing else.
sbom: setup
	$(MAKE) setup VENV=.venv-hub
	$(INSTALL) --group supply
	$(BIN)/cyclonedx-py environment .venv-hub/bin/python --pyproject pyproject.toml --output-format JSON --output-file sbom.json

# After a change of pyproject.toml. Pins stay as they are, ARGS='--upgrade-package aiohttp' moves one.
lock: setup-dev
	$(INSTALL) --group lock
	$(BIN)/uv pip compile pyproject.toml --group build --group sandbox --group dev --group mutants --group supply --group lock --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --quiet --output-file constraints.txt $(ARGS)
	$(BIN)/python -m tests.dependencies

# By itself for an image, whose layer of packages stays while only the code changes.
packages: $(READY_PACKAGES)

setup: $(READY)

setup-dev: $(READY_DEV)

$(READY_PACKAGES): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' \
	  || { echo "crossdock needs Python 3.11 to 3.14; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@sed -n '/^pip==/,/[^\\]$$/p; /^setuptools==/,/[^\\]$$/p' constraints.txt > $(VENV)/build.txt  # an old pip takes no hash from constraints
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/build.txt
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
	  > $(VENV)/run.txt
	$(INSTALL) --requirement $(VENV)/run.txt
	@touch $(READY_PACKAGES)

$(READY): $(READY_PACKAGES)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(READY)

$(READY_DEMO): $(READY)
	$(INSTALL) --group sandbox
	@touch $(READY_DEMO)

$(READY_DEV): $(READY_DEMO)
	$(INSTALL) --group dev
	@touch $(READY_DEV)

clean:
	rm -rf $(VENV) .venv-hub sbom.json mutants .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
