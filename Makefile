# Two commands on a fresh machine with Python 3.11 to 3.14 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check format requirements bench soak coverage mutants clean setup

demo: setup
	$(BIN)/python cli.py demo

test: check
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports pyproject.toml
	$(BIN)/python -m tests.statements

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: setup
	$(BIN)/python -m tests.requirements

bench: setup
	$(BIN)/python -m benchmarks

soak: setup
	$(if $(ARGS),,$(BIN)/python cli.py simulate --orders 2000 --seed 1 --faults all --kill 50)
	$(BIN)/python -m tests.soak $(ARGS)

coverage: setup
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group mutants
	$(BIN)/python -m coverage run -m pytest -q tests/core tests/crash
	$(BIN)/python -m coverage report

# A sample: of each function the change of that number. ARGS='core.domain.holds*' tries all of one module.
mutants: setup
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group mutants
	$(BIN)/mutmut run --max-children 2 $(or $(ARGS),'*__mutmut_7')
	$(BIN)/mutmut results

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' \
	  || { echo "crossdock needs Python 3.11 to 3.14; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable . --group sandbox --group dev
	@touch $(READY)

clean:
	rm -rf $(VENV) mutants .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
