"""Data in a table of comma- or tab-separated values, one column a vector."""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from fluvial.errors import InputError
from fluvial.targets.stan.source import Declaration

__all__ = ["DELIMITERS", "is_table", "read_table", "with_sizes"]

DELIMITERS = {".csv": ",", ".tsv": "\t"}
"""Suffix of a file -> what separates its columns."""

_ROWS = "N"


def is_table(data: object) -> bool:
    """Whether data are given as a path to a table.

    Example:
        >>> is_table("data.CSV"), is_table(Path("data.json")), is_table({"N": 2})
        (True, False, False)
    """
    return isinstance(data, str | Path) and Path(data).suffix.lower() in DELIMITERS


def with_sizes(columns: Mapping[str, Any], declared: Iterable[Declaration]) -> dict[str, Any]:
    """Return a table's columns, and its number of rows under whichever names a program has for it.

    Those are the declared integers that are the whole size of a column, such as J in
    ``vector[J] y``.

    Args:
        columns: from ``read_table``.
        declared: the data of the program.

    Raises:
        InputError: if the program declares a number that is neither a column nor such a size: a
            table has no place for it.

    Example:
        >>> from fluvial.targets.stan.source import declarations
        >>> with_sizes({"y": np.ones(3)}, declarations("int J; vector[J] y;"))["J"]
        3
    """
    declared = tuple(declared)
    numbers = [variable.name for variable in declared if variable.sizes == ()]
    sizes = {
        variable.sizes[0]: len(columns[variable.name])
        for variable in declared
        if variable.name in columns and variable.sizes and len(variable.sizes) == 1
    }
    fields = {name: rows for name, rows in sizes.items() if name in numbers} | dict(columns)
    missing = next((name for name in numbers if name not in fields), None)
    if missing:
        raise InputError(
            f"the data lack {missing!r}, one number that the program declares and that is not the "
            "number of rows; a table holds only columns: give the data as JSON, such as "
            f'{{"{missing}": 3, "y": [1.5, 2, 3]}}.'
        )
    return fields


def read_table(
    text: str, path: Path, delimiter: str
) -> dict[str, int | Int64[np.ndarray, " N"] | Float64[np.ndarray, " N"]]:
    r"""Return each column under its name, and the number of rows as N unless a column is called so.

    Columns of whole numbers are integers.

    Args:
        text: of the file.
        path: what complaints name.
        delimiter: between columns.

    Raises:
        InputError: if a column has no name or that of another one, or a cell is not a number.

    Example:
        >>> read_table("x,y\n1,0.5\n2,1.5\n", Path("data.csv"), ",")
        {'N': 2, 'x': array([1, 2]), 'y': array([0.5, 1.5])}
    """
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    names = [name.strip() for name in rows[0]] if rows else []
    if not names or "" in names or len(set(names)) < len(names):
        raise InputError(f"the first line of {path} must name each column once: {names}.")
    columns: dict[str, list[float]] = {name: [] for name in names}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(names):
            raise InputError(
                f"row {number} of {path} has {len(row)} cells under {len(names)} names: "
                "give one for each column."
            )
        for name, cell in zip(names, row, strict=True):
            columns[name].append(_number(cell, f"row {number} of {path}, column {name!r},"))
    return {_ROWS: len(rows) - 1} | {name: _array(values) for name, values in columns.items()}


def _number(cell: str, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise InputError(
            f"{where} is {cell.strip()[:40]!r}, which is not a number: leave out rows that lack a "
            "value, and number what are words."
        ) from None


def _array(values: list[float]) -> np.ndarray:
    column = np.array(values, np.float64)
    whole = bool(np.all(np.isfinite(column)) and np.all(column == np.round(column)))
    return column.astype(np.int64) if whole and np.all(np.abs(column) < 2**53) else column
