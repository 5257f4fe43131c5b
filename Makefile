# Everything starts from the virtual environment, which is made when a target first needs it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: venv run test test-slow notebooks lint types imports wheel clean

venv: .venv/made

.venv/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[numpyro,pymc,plots,studies,notebooks,dask]" --group dev
	touch $@

run: venv
	$(BIN)/fluvial fit examples/eight_schools.stan --data examples/eight_schools.json

test: venv
	$(BIN)/python -m pytest -n auto --dist loadgroup

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

clean:
	rm -rf .venv dist
