"""How the functions that define a target take their point: as a vector, or as a PyTree."""

from collections.abc import Callable
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from fluvial.errors import InputError, described
from fluvial.targets.space import Layout, Space, mapped_space
from fluvial.targets.tracing import Traced

__all__ = ["Argument"]


@final
class Argument:
    """What the log density is called with, and where its numbers lie among the coordinates.

    Args:
        dim: D, if it is called with a vector.
        example: otherwise, a PyTree of the argument's structure and shapes.

    Attributes:
        dim: D.

    Raises:
        InputError: if not exactly one of the two is given, or it is invalid.
    """

    def __init__(self, dim: int | None, example: PyTree | None):
        self._layout, self._is_vector = _layout(dim, example), example is None
        self.dim = self._layout.dim

    def at(self, x) -> PyTree:
        """Return the argument whose numbers are x, of shape (D,)."""
        return x if self._is_vector else self._layout.unravel(x)

    def traced(self, function: Callable[[Any], Any], name: str = "log density") -> Traced:
        """Trace a function of the argument as a function of x.

        Args:
            function: from the argument to a real scalar.
            name: what a complaint calls the function.

        Raises:
            InputError: if it fails, or returns anything but a real scalar.
        """
        at_vector = function if self._is_vector else lambda x: function(self.at(x))
        try:
            traced = Traced(at_vector, self.dim)
        except Exception as error:
            raise InputError(
                f"the {name} failed at a point of shape ({self.dim},): {described(error)}"
            ) from error
        _check_scalar(traced.shapes, name)
        return traced

    def space(self, constrain: Callable[[Any], PyTree] | None) -> Space:
        """Return the space to which ``constrain`` maps the argument; without it, its own.

        Raises:
            InputError: if ``constrain`` fails.
        """
        if constrain is None:
            return self._layout.space()
        return mapped_space(lambda x: constrain(self.at(x)), self.dim, self._layout.coordinates)


def _layout(dim: int | None, example: PyTree | None) -> Layout:
    if (dim is None) == (example is None):
        raise InputError(
            "a target needs one of `dim` and `example`: give the number of coordinates, "
            "or a PyTree shaped like the log density's argument."
        )
    if example is not None:
        return Layout(example)
    if isinstance(dim, bool) or not isinstance(dim, int | np.integer) or dim < 1:
        raise InputError(f"dim is {dim!r}: give a whole number of at least 1.")
    return Layout(np.zeros(int(dim)))


def _check_scalar(result: PyTree, name: str) -> None:
    leaves = jax.tree.leaves(result)
    if len(leaves) != 1 or leaves[0] is not result:
        raise InputError(f"the {name} returned a {type(result).__name__}: return one real number.")
    if result.shape != ():
        raise InputError(
            f"the {name} returned an array of shape {result.shape} for one point: "
            "return a scalar, for instance with jnp.sum."
        )
    if not jnp.issubdtype(result.dtype, jnp.floating):
        raise InputError(
            f"the {name} returned a number of type {result.dtype}: return a real "
            "floating-point number."
        )
