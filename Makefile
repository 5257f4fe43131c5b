# Everything starts from the virtual environment, which is made when a target first needs it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: venv run test test-slow lint types imports wheel clean

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
