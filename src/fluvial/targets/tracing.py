"""A user's function of one point, traced once, in float64, apart from the user's own use of it."""

import inspect
from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, jaxpr_as_fun
from jaxtyping import PyTree

from fluvial.errors import InputError
from fluvial.targets.fresh_copy import fresh_copy

__all__ = ["Traced", "widest", "widest_array"]

_MIXED = (
    "the function refers to NumPy arrays that JAX has already used in float32: make it before they "
    "are used, or give it copies of them."
)


class Traced:
    """A function of one point as JAX saw it in float64, with its own copy of what it captured.

    A NumPy array that a function has captured has one canonical form in JAX (0.10), kept for as
    long as anything refers to it: the form of whichever mode, with 64-bit types or without, met
    the array first. Were the user's function itself compiled here, in float64, the user could not
    use it in float32 afterwards, nor the other way round. Hence the copy of what was captured; and
    hence, where JAX has met an array in the other mode already, a copy of the function, which has
    arrays of its own (see fresh_copy.py).

    Args:
        function: from a vector of shape (D,), and arrays of data if there are any, to a PyTree of
            arrays.
        dim: D.
        data: further arguments, of which only shapes and dtypes matter.

    Attributes:
        shapes: the PyTree of `jax.ShapeDtypeStruct` that it returns.

    Raises:
        InputError: if the function has captured an array that JAX has met without 64-bit types, and
            that cannot be copied.
    """

    def __init__(self, function: Callable, dim: int, data: Sequence[np.ndarray] = ()):
        # A function that the user has compiled would remember the trace.
        function = inspect.unwrap(function, stop=lambda f: not isinstance(f, jax.stages.Wrapped))
        with jax.enable_x64(True):
            jaxpr, self.shapes = _jaxpr(function, dim, data)
            if _shares_arrays(jaxpr):
                jaxpr, self.shapes = _jaxpr(fresh_copy(function), dim, data)
                if _mixes_modes(jaxpr):
                    raise InputError(_MIXED)
            own = ClosedJaxpr(jaxpr.jaxpr, [jnp.array(const) for const in jaxpr.consts])
        self._function = jaxpr_as_fun(own)

    def __call__(self, x: jax.Array, *data: jax.Array | np.ndarray) -> PyTree:
        """Return what the function returns; call it with 64-bit types enabled."""
        return jax.tree.unflatten(jax.tree.structure(self.shapes), self._function(x, *data))


def _jaxpr(function: Callable, dim: int, data: Sequence[np.ndarray] = ()):
    # A new function every time, so that JAX remembers nothing of this trace.
    trace = jax.make_jaxpr(lambda x, *data: function(x, *data), return_shape=True)
    specs = (jax.ShapeDtypeStruct(array.shape, array.dtype) for array in data)
    return trace(jax.ShapeDtypeStruct((dim,), np.float64), *specs)


def _shares_arrays(jaxpr: ClosedJaxpr) -> bool:
    """Tell whether captured arrays are in the other mode's form, or out of reach within."""
    return any(inner.consts for inner in _closed(jaxpr.jaxpr)) or _mixes_modes(jaxpr)


def _mixes_modes(jaxpr: ClosedJaxpr) -> bool:
    """Tell whether a captured array has come in another dtype than its use was traced for."""
    try:
        _check_types(jaxpr)
        for inner in _closed(jaxpr.jaxpr):
            if inner.consts:  # of a function that was compiled by itself
                _check_types(inner)
    except TypeError:
        return True
    return False


def _check_types(jaxpr: ClosedJaxpr) -> None:
    shapes = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in jaxpr.in_avals]
    jax.eval_shape(jaxpr_as_fun(jaxpr), *shapes)


def _closed(jaxpr: Jaxpr) -> Iterator[ClosedJaxpr]:
    """Yield the functions within, at any depth, that hold arrays of their own."""
    for equation in jaxpr.eqns:
        for value in jax.tree.leaves(equation.params, is_leaf=_is_jaxpr):
            if isinstance(value, ClosedJaxpr):
                yield value
                yield from _closed(value.jaxpr)
            elif isinstance(value, Jaxpr):
                yield from _closed(value)


def widest(function: Callable, dim: int, data: Sequence[np.ndarray] = ()) -> int:
    """Return the size of the largest array that a function computes from one float64 point."""
    with jax.enable_x64(True):
        return max(dim, _widest(_jaxpr(function, dim, data)[0].jaxpr))


def widest_array(jaxpr: ClosedJaxpr) -> int:
    """Return the size of the largest array that a traced function computes."""
    return _widest(jaxpr.jaxpr)


def _widest(jaxpr: Jaxpr) -> int:
    sizes = [0]
    for equation in jaxpr.eqns:
        sizes += [int(np.prod(getattr(var.aval, "shape", ()))) for var in equation.outvars]
        for value in jax.tree.leaves(equation.params, is_leaf=_is_jaxpr):
            if _is_jaxpr(value):
                sizes.append(_widest(getattr(value, "jaxpr", value)))
    return max(sizes)


def _is_jaxpr(value) -> bool:
    return isinstance(value, ClosedJaxpr | Jaxpr)
