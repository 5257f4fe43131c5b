"""How a log density is evaluated: traced by JAX one point at a time, or by the host in batches."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from fluvial.targets.batching import batched
from fluvial.targets.tracing import Traced

__all__ = ["Density", "JaxDensity", "in_float64", "with_gradient"]


class Density(ABC):
    """The logarithm of an unnormalized density on R^D, in nats, and its gradient.

    Attributes:
        dim: D, the number of unconstrained coordinates.
        on_host: whether the host computes it, whatever devices there are.
        costly: whether a million evaluations are too many: each is a call of Python's, or a pass
            over rows.
        up_to_constant: whether constants are missing from it that cannot be restored.
    """

    dim: int
    on_host: bool = False
    costly: bool = False
    up_to_constant: bool = False

    @abstractmethod
    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point, traceable by JAX, in the dtype of the point."""

    def as_argument(self) -> Any:
        """Return what stands for the density as an argument of a compiled function, or None.

        It has ``log_prob``, and an array in it tells two densities apart. None stands for a density
        that can only be part of the program.
        """
        return None

    @abstractmethod
    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and their gradients, computed by the host in float64."""

    @abstractmethod
    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities, computed by the host in float64."""


@final
class JaxDensity(Density):
    """A log density that JAX can trace, always evaluated in float64.

    Evidence is a difference of large numbers, so float32 would hurt the density long before it
    hurts a flow: a point in float32 is cast, and so are the value and the
    gradient.

    Args:
        log_density: from a vector of shape (D,) to a real scalar.
        dim: D.

    Attributes:
        traced: that function.
    """

    def __init__(self, log_density: Traced, dim: int):
        self.dim = dim
        self.traced = log_density
        self._value_and_grad = jax.value_and_grad(log_density)
        self._log_prob = with_gradient(in_float64(self.traced), in_float64(self._value_and_grad))

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point."""
        return self._log_prob(x)

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and their gradients, compiled once for each size of batch."""
        return self._batched_value_and_grad(points)

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities, compiled once for each size of batch."""
        return self._batched_values(points)

    @cached_property
    def _batched_value_and_grad(self):
        return batched(self._value_and_grad)

    @cached_property
    def _batched_values(self):
        return batched(self.traced)


def in_float64(function: Callable) -> Callable:
    """Evaluate a function of x in float64, and return what it returns in the dtype of x."""

    def wrapped(x, *data):
        with jax.enable_x64(True):
            result = function(jnp.asarray(x, jnp.float64), *data)
            return jax.tree.map(lambda leaf: jnp.asarray(leaf).astype(x.dtype), result)

    return wrapped


def with_gradient(value: Callable, value_and_grad: Callable) -> Callable:
    """Give a traceable function of x its derivative rule, d value = gradient . dx.

    Arguments before x, such as integers, have no derivative. The rule is linear in dx, so that it
    serves forward and reverse mode alike.
    """
    function = jax.custom_jvp(value)

    @function.defjvp
    def _(primals, tangents):
        result, gradient = value_and_grad(*primals)
        return result, jnp.vdot(gradient, tangents[-1])

    return function
