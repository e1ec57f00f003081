# Every command works from a fresh checkout with Python 3.11 to 3.13 and make; the first one installs.
PYTHON ?= python3
VENV ?= .venv
LAKE_VENV ?= .venv-lake
LOCK_VENV := .venv-lock
BIN := $(VENV)/bin
LAKE_BIN := $(LAKE_VENV)/bin
TESTS := cleargrid_assets_tests
# Tests share processors file by file, because those of one file may share what was started for them. Reordered, the files of
# few slow tests would come last, one processor idle. One worker more than processors: the end-to-end tests mostly wait.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PARALLEL := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
WAREHOUSE_TESTS := analytics assets/test_io_manager.py commands/test_doctor.py commands/test_status.py \
	$(foreach name,as_of comparison kills month_lands moved_rows overlapping_loads preview rereads \
	warehouse_identity,landing/test_$(name).py) \
	life/test_life.py::test_a_life_goes_on_in_a_lake_and_back_in_a_file reports/test_collections_report.py reports/test_published_in_a_bucket.py warehouse \
	$(foreach name,duckdb_1_5_5_reads_everything_that_duckdb_2_wrote a_tool_that_keeps_it_open_disturbs_no_load_and_no_publication,reports/test_published_database.py::test_$(name)) \
	automation/test_quiet_nights.py::test_a_load_by_hand_that_finds_nothing_changed_writes_what_depends_on_its_time

.PHONY: demo dev test test-all test-package test-lake test-life test-distributed lint check coverage format bench lock clean

# The package alone. Whatever develops or tests it goes into the same environment later; a demo after that installs nothing.
demo: $(VENV)/installed
	@$(BIN)/cleargrid demo

dev: $(VENV)/installed
	@$(BIN)/cleargrid dev

# Without the files of tests that are marked slow; ONLY=... runs a part, slow or not, here and below.
test: $(VENV)/installed-development
	$(BIN)/pytest $(PARALLEL) $(or $(ONLY),-m "not slow")

# DAYS, because CI simulates more of them beside this, and only one here.
test-all: $(VENV)/installed-development
	$(BIN)/pytest $(PARALLEL) $(if $(DAYS),--life-days=$(DAYS))

# The tests take half as long again, because Python reports each call within each library to whoever measures.
coverage: $(VENV)/installed-development
	$(BIN)/pytest $(PARALLEL) --cov --cov-report=term $(ONLY)

# The wheel and the sdist: what they hold, and a demo from the wheel in an environment of its own, far from the checkout.
test-package: $(VENV)/installed-development
	$(BIN)/pytest --package $(or $(ONLY),$(TESTS)/project/test_package.py $(TESTS)/project/test_dbt_sources.py)

# The same rules on the lake's version of DuckDB, with a lake in PostgreSQL as the warehouse (apt-get install postgresql).
# Left out is what neither opens a warehouse itself nor depends on its kind.
test-lake: $(LAKE_VENV)/installed
	$(LAKE_BIN)/pytest $(PARALLEL) --warehouse postgres $(or $(ONLY),$(addprefix $(TESTS)/,$(WAREHOUSE_TESTS)))

# DAYS in the life of a warehouse: whatever happens in them, each ends with exactly what ClearGrid holds.
test-life: $(VENV)/installed-development
	$(BIN)/pytest -o faulthandler_timeout=0 --life-days=$(or $(DAYS),400) $(TESTS)/life

# A whole deployment on loopback, with hosts and services that die: about a quarter of an hour.
test-distributed: $(LAKE_VENV)/installed
	$(LAKE_BIN)/pytest --distributed $(or $(ONLY),$(TESTS)/distributed)

lint: $(VENV)/installed-development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/sqlfluff lint --disable-progress-bar cleargrid_assets

check: lint test-all

format: $(VENV)/installed-development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-development
	$(BIN)/python -m benchmarks

# What was built and installed. Dagster's history in .dagster stays: it may be a real account's.
clean:
	rm -rf .venv* .coverage .pytest_cache .ruff_cache .mypy_cache build dist

$(VENV)/installed: pyproject.toml requirements/demo.txt
	@$(call install,$(VENV),requirements/demo.txt)

$(VENV)/installed-development: $(VENV)/installed requirements/development.txt
	@$(call install,$(VENV),requirements/development.txt)

$(LAKE_VENV)/installed: pyproject.toml requirements/distributed-development.txt
	@$(call install,$(LAKE_VENV),requirements/distributed-development.txt)

# Only what a hash in the file names is installed, and only as wheels, because building one would fetch what no hash names.
# The project's own modules are compiled as pip compiles the others: where Python may not write bytecode, each start would do it.
define install
$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; set PYTHON=/path/to/python3.11")'
echo "Installing $(2) into $(1) (once) ..."
started=$$(date +%s) && $(PYTHON) -m venv $(1) \
&& $(1)/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes --requirement $(2) \
&& $(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . \
&& $(1)/bin/python -m compileall -q cleargrid_assets \
&& echo "Installed $$(ls -d $(1)/lib/python*/site-packages/*.dist-info | wc -l | tr -d ' ') packages," \
"$$(du -sm $(1) | cut -f1) MB, in $$(($$(date +%s) - started)) s into $(1)"
touch $@
endef

# Writes requirements/ anew from pyproject.toml: one version of each package for Python 3.11 to 3.13 and every platform, with
# the hashes of all its files. It keeps the versions that are there and still fit; UPGRADE=--upgrade takes the newest,
# UPGRADE='--upgrade-package NAME' that of one package. The smaller sets start from the versions of the set that was tested.
# Extras stay in the names because the pip of Python 3.11 and 3.12 refuses a hashed file that leaves them out.
COMPILE := UV_CUSTOM_COMPILE_COMMAND='make lock' $(LOCK_VENV)/bin/uv pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --fork-strategy fewest --no-strip-extras --generate-hashes --output-file

lock:
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(COMPILE) requirements/development.txt --group dev $(UPGRADE)
	cp requirements/development.txt requirements/demo.txt
	$(COMPILE) requirements/demo.txt --group build
	$(COMPILE) requirements/distributed-development.txt --extra distributed --group dev-distributed $(UPGRADE)
	cp requirements/distributed-development.txt requirements/distributed.txt
	$(COMPILE) requirements/distributed.txt --extra distributed --group build
	cp requirements/distributed-development.txt requirements/lake.txt
	$(COMPILE) requirements/lake.txt --extra lake --group build
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(LOCK_VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--fork-strategy fewest --no-strip-extras --generate-hashes --only-binary :all: --group dbt --output-file requirements/dbt.txt $(UPGRADE)
