"""The data of a Stan program, checked against what it declares.

stanli compares no more than the number of elements and reads them column by column, so that a
matrix that is given transposed is accepted and scrambled. CmdStan compares shapes, and so does
this module, before stanli sees anything.
"""

import ast
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np

from fluvial.errors import InputError
from fluvial.targets.stan.compiler import stan_to_mir
from fluvial.targets.stan.inputs import missing_sentence
from fluvial.targets.stan.model import StanModel
from fluvial.targets.stan.source import Declaration, blocks, declarations
from fluvial.targets.stan.values import as_array, as_json

__all__ = ["checked_data"]


def checked_data(source: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared fields, but for those never used, as nested lists for JSON.

    As in CmdStan, a variable that has no elements may be given by any empty list, or not at all.

    Args:
        source: a program that compiles, its includes in place.
        fields: the user's values by name.

    Raises:
        InputError: if a field is missing, has another shape than declared, or holds what its type
            does not allow.
    """
    parts = blocks(source)
    declared = declarations(parts.get("data", ""))
    arrays = {
        variable.name: as_array(variable.name, fields[variable.name], integer=variable.integer)
        for variable in declared
        if variable.name in fields and variable.sizes is not None
    }
    sizes = _Sizes(parts.get("functions", ""), declared, arrays)
    return {variable.name: _checked(variable, fields, arrays, sizes) for variable in declared}


def _checked(
    variable: Declaration,
    fields: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    sizes: "_Sizes",
) -> Any:
    name = variable.name
    if variable.sizes is None and name in fields:
        return fields[name]  # complex numbers and tuples, which stanli refuses by name
    shape = sizes.of(variable)
    if name in arrays:
        return as_json(_fitted(variable, arrays[name], shape))
    if shape is None or prod(shape):
        raise InputError(missing_sentence(name, list(fields)))
    return np.zeros(shape).tolist()


def _fitted(variable: Declaration, array: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray:
    if shape is None or array.shape == shape:
        return array
    if min(shape, default=0) < 0:
        raise InputError(
            f"the data do not fit the program: {variable.name!r} is declared {variable.type}, of a "
            f"negative size: {_text(shape)}."
        )
    if array.size == 0 == prod(shape):
        return array.reshape(shape)
    raise InputError(
        f"the data do not fit the program: {variable.name!r} is declared {variable.type}, of shape "
        f"{_text(shape)}, but given {_text(array.shape)}{_hint(array.shape, shape)}."
    )


def _text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})" if shape else "() (one number)"


def _hint(given: tuple[int, ...], declared: tuple[int, ...]) -> str:
    if len(given) > 1 and given[::-1] == declared:
        return ": transpose it"
    if not declared and prod(given) == 1:
        return ": give the number itself"
    if not given and declared == (1,):
        return ": write a list of one number"
    if prod(given) == prod(declared):
        return ": give a flat list" if len(declared) == 1 else ": reshape it, a list for each row"
    return ""


class _Sizes:
    """Evaluates the expressions of declared sizes on the data: simple ones here, others by Stan."""

    def __init__(
        self, functions: str, declared: list[Declaration], arrays: Mapping[str, np.ndarray]
    ):
        self._functions = functions
        self._declared = {variable.name: variable for variable in declared}
        self._arrays = arrays
        self._integers = {
            name: int(array)
            for name, array in arrays.items()
            if array.shape == () and array.dtype.kind == "i"
        }

    def of(self, variable: Declaration) -> tuple[int, ...] | None:
        """Return a variable's shape, or None if its sizes cannot be known without the model."""
        shape = [self._size(expression) for expression in variable.sizes or ()]
        return tuple(n for n in shape if n is not None) if None not in shape else None

    def _size(self, expression: str) -> int | None:
        try:
            tree = ast.parse(expression.replace("%/%", "//"), mode="eval")
            return _evaluate(tree.body, self._integers)
        except (_NotSimpleError, SyntaxError, ZeroDivisionError):
            return self._by_stan.get(expression)

    @cached_property
    def _by_stan(self) -> dict[str, int]:
        """The value of every size that Stan can compute: all at once, or else one by one."""
        every = sorted({e for v in self._declared.values() for e in v.sizes or ()})
        values = self._ask_stan(every)
        return values or {e: n for one in every for e, n in self._ask_stan([one]).items()}

    def _ask_stan(self, expressions: Sequence[str]) -> dict[str, int]:
        """Evaluate sizes by a program that has nothing but the data to which they refer."""
        needed = self._needed(expressions)
        statements = dict.fromkeys(self._declared[name].statement for name in needed)
        code = (
            f"functions {{ {self._functions} }} data {{ {''.join(s + ';' for s in statements)} }} "
            "generated quantities { "
            + " ".join(f"int fluvial_size_{i} = {e};" for i, e in enumerate(expressions))
            + " }"
        )
        data = {name: as_json(self._arrays[name]) for name in needed if name in self._arrays}
        try:
            model = StanModel(stan_to_mir(code, None), json.dumps(data))
        except RuntimeError:
            return {}
        values = model.rows(np.zeros((1, 0)), 0)[0]
        if len(values) != len(expressions) or not np.isfinite(values).all():
            return {}
        return dict(zip(expressions, values.astype(int).tolist(), strict=True))

    def _needed(self, expressions: Sequence[str]) -> list[str]:
        needed: set[str] = set()
        texts = list(expressions)
        while texts:
            new = set(re.findall(r"[A-Za-z]\w*", texts.pop())) & set(self._declared) - needed
            needed |= new
            texts += [self._declared[name].statement for name in new]
        return [name for name in self._declared if name in needed]


class _NotSimpleError(Exception):
    """An expression that only Stan can evaluate."""


def _truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)  # Stan rounds toward zero


_OPERATORS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _truncated,
    ast.FloorDiv: _truncated,
}


def _evaluate(node: ast.expr, scalars: Mapping[str, int]) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name) if name in scalars:
            return scalars[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            inner = partial(_evaluate, scalars=scalars)
            return _OPERATORS[type(op)](inner(left), inner(right))
    raise _NotSimpleError
