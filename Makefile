# Everything starts from the virtual environment, which is made when a target first needs it.
PYTHON ?= python3
PYTHON_OF_TESTS ?= $(PYTHON)
BIN := .venv/bin

.PHONY: venv run test coverage test-slow notebooks lint types imports wheel newcomer newcomer-all
.PHONY: newest lowest pinned docs clean

venv: .venv/made

.venv/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all]" --group dev
	touch $@

run: venv
	$(BIN)/fluvial fit examples/eight_schools.stan --data examples/eight_schools.json

test: venv
	$(BIN)/python -m pytest -n auto --dist loadgroup

# At least 90 % of the lines, and which are not reached.
coverage: venv
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov=fluvial \
	  --cov-report=term-missing:skip-covered --cov-fail-under=90

test-slow: venv
	$(BIN)/python -m pytest -n auto --dist loadgroup -m slow

# Durations are told apart by a factor of 30 only: a machine that tests may be busy.
notebooks: venv
	set -e; for notebook in notebooks/*.ipynb; do \
	  $(BIN)/fluvial replicate $$notebook --yes --quiet --rtol 1e-3 --time-ratio 30; done

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: venv
	$(BIN)/pyright

imports: venv
	$(BIN)/lint-imports

wheel: venv
	$(BIN)/python -m build --wheel --outdir dist .

# All that people are told to type, from the wheel, as a stranger would run it.
newcomer: venv wheel
	$(BIN)/python -m newcomer.environments bare all
	$(BIN)/python -m pytest newcomer -n auto --environment bare --environment all

EXTRAS = $(shell $(BIN)/python -c 'from newcomer.environments import EXTRAS; print(*EXTRAS)')
newcomer-all: venv wheel
	$(BIN)/python -m newcomer.environments bare $(EXTRAS) all
	$(BIN)/python -m pytest newcomer -n auto $(patsubst %,--environment %,bare $(EXTRAS) all)

# The tests, on the wheel with the newest release of every dependency, with the oldest that
# pyproject.toml allows, or with constraints.txt. TESTS=tests is all of them; by default it is those
# of what talks to other packages.
TESTS ?= $(wildcard $(addprefix tests/,cli inference objectives posterior replication report reproduction storage targets test_*.py))
newest lowest pinned: venv wheel
	$(BIN)/python -m newcomer.environments $@ --python $(PYTHON_OF_TESTS)
	.newcomer/$@/bin/python -m pytest $(TESTS) -n auto --dist loadgroup $(WARNINGS)

# What old packages say of each other is not to be mended here.
lowest: WARNINGS = -W ignore::DeprecationWarning

# The site, in site/; a warning, as of a link that leads nowhere, is an error (with --quiet it is not
# even counted). `.venv/bin/mkdocs serve` shows the site as you write.
docs: venv
	$(BIN)/python -m pip install --quiet -c constraints.txt --group docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clean:
	rm -rf .venv dist .newcomer site
