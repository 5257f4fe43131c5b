"""A log density whose data are arguments of its compiled programs, not constants in them."""

from collections.abc import Sequence
from functools import cached_property
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from fluvial.targets.batching import batched
from fluvial.targets.density import Density, in_float64, with_gradient
from fluvial.targets.tracing import Traced

__all__ = ["DataDensity", "DataProgram"]


@final
class DataProgram:
    """A log density as a function of a point and of data, compiled once for all data of a shape.

    Args:
        log_density: from a vector of shape (D,) and data to a real scalar.
        dim: D.
    """

    def __init__(self, log_density: Traced, dim: int):
        self.dim = dim
        self._log_density = log_density
        self._value_and_grad = jax.value_and_grad(log_density)
        value, both = in_float64(log_density), in_float64(self._value_and_grad)
        # The rule for derivatives is one for the last argument.
        self.log_prob = with_gradient(
            lambda *data_x: value(data_x[-1], *data_x[:-1]),
            lambda *data_x: both(data_x[-1], *data_x[:-1]),
        )

    @cached_property
    def values(self):
        """From points and data to log densities."""
        return batched(self._log_density)

    @cached_property
    def value_and_grad(self):
        """From points and data to log densities and gradients."""
        return batched(self._value_and_grad)


@final
class DataDensity(Density):
    """A program with its data.

    Args:
        program: which other densities may share.
        data: its further arguments.
    """

    def __init__(self, program: DataProgram, data: Sequence[np.ndarray]):
        self.dim, self._program = program.dim, program
        self._data = tuple(data)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point."""
        return self.as_argument().log_prob(x)

    def as_argument(self) -> "_DataArgument":
        """Return the data as an argument of one program for all data of a shape."""
        with jax.enable_x64(True):
            return _DataArgument(self._program, tuple(jnp.asarray(array) for array in self._data))

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and their gradients."""
        return self._program.value_and_grad(points, *self._data)

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities."""
        return self._program.values(points, *self._data)


@final
class _DataArgument(eqx.Module):
    program: DataProgram = eqx.field(static=True)
    data: tuple[Array, ...]

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        return self.program.log_prob(*self.data, x)
