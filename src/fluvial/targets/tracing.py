"""A user's function of one point, traced once, in float64, apart from the user's own use of it."""

import inspect
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, jaxpr_as_fun
from jaxtyping import PyTree

__all__ = ["Traced", "widest"]


class Traced:
    """A function of one point as JAX saw it in float64, with its own copy of what it captured.

    A NumPy array that a function has captured has one canonical form in JAX (0.10), kept for as
    long as anything refers to it: the form of whichever mode, with 64-bit types or without, met
    the array first. Were the user's function itself compiled here, in float64, the user could not
    use it in float32 afterwards, nor the other way round. Hence the copy, and hence the caches
    are cleared where a form of the other mode turns up.

    Args:
        function: from a vector of shape (D,) to a PyTree of arrays.
        dim: D.

    Attributes:
        shapes: the PyTree of `jax.ShapeDtypeStruct` that it returns.
    """

    def __init__(self, function: Callable, dim: int):
        # A function that the user has compiled would remember the trace.
        function = inspect.unwrap(function, stop=lambda f: not isinstance(f, jax.stages.Wrapped))
        with jax.enable_x64(True):
            jaxpr, self.shapes = _jaxpr(function, dim)
            if _mixes_modes(jaxpr, dim):
                del jaxpr  # which would keep the foreign form alive
                jax.clear_caches()
                jaxpr, self.shapes = _jaxpr(function, dim)
            own = ClosedJaxpr(jaxpr.jaxpr, [jnp.array(const) for const in jaxpr.consts])
        self._function = jaxpr_as_fun(own)

    def __call__(self, x: jax.Array) -> PyTree:
        """Return what the function returns; call it with 64-bit types enabled."""
        return jax.tree.unflatten(jax.tree.structure(self.shapes), self._function(x))


def _jaxpr(function: Callable, dim: int):
    # A new function every time, so that JAX remembers nothing of this trace.
    trace = jax.make_jaxpr(lambda x: function(x), return_shape=True)
    return trace(jax.ShapeDtypeStruct((dim,), np.float64))


def _mixes_modes(jaxpr: ClosedJaxpr, dim: int) -> bool:
    """Tell whether a captured array has come in another dtype than its use was traced for."""
    try:
        jax.eval_shape(jaxpr_as_fun(jaxpr), jax.ShapeDtypeStruct((dim,), np.float64))
    except TypeError:
        return True
    return False


def widest(function: Callable, dim: int) -> int:
    """Return the size of the largest array that a function computes from one float64 point."""
    with jax.enable_x64(True):
        return max(dim, _widest(_jaxpr(function, dim)[0].jaxpr))


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
