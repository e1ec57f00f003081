# Every command works from a fresh checkout with Python 3.11+ and make; the first one installs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
LAKE := .venv-lake
LAKE_INSTALLED := $(LAKE)/installed
KNOWING_WAREHOUSES := analytics assets automation commands landing outcome_map project reports warehouse

.PHONY: demo dev test test-lake test-distributed check format bench clean

demo: $(INSTALLED)
	@$(BIN)/cleargrid demo

dev: $(INSTALLED)
	@$(BIN)/cleargrid dev

test: $(INSTALLED)
	$(BIN)/pytest

# The same rules on the lake's version of DuckDB, with a lake in PostgreSQL as the warehouse (apt-get install postgresql).
# Client, emulator and browser tests know no warehouse; ONLY=... runs a part.
test-lake: $(LAKE_INSTALLED)
	$(LAKE)/bin/pytest --warehouse postgres $(or $(ONLY),$(addprefix cleargrid_assets_tests/,$(KNOWING_WAREHOUSES)))

# A whole deployment on loopback, with hosts and services that die: about a quarter of an hour.
test-distributed: $(LAKE_INSTALLED)
	$(LAKE)/bin/pytest --distributed $(or $(ONLY),cleargrid_assets_tests/distributed)

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg --no-cache
	$(BIN)/sqlfluff lint --disable-progress-bar cleargrid_assets
	$(BIN)/pytest --cov --cov-report=term

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv $(LAKE) .dagster .coverage .pytest_cache .ruff_cache .mypy_cache

$(INSTALLED): pyproject.toml constraints.txt
	@$(call install,.venv,constraints.txt,.[dev])

$(LAKE_INSTALLED): pyproject.toml constraints-lake.txt
	@$(call install,$(LAKE),constraints-lake.txt,.[dev-distributed])

define install
$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
echo "Installing into $(1) (once) ..."
$(PYTHON) -m venv $(1)
$(1)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(2) --editable '$(3)'
touch $(1)/installed
endef
