"""How a log density is evaluated: traced by JAX one point at a time, or by the host in batches."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from fluvial.targets.batching import batched

__all__ = ["Density", "JaxDensity"]


class Density(ABC):
    """The logarithm of an unnormalized density on R^D, in nats, and its gradient.

    Attributes:
        dim: D, the number of unconstrained coordinates.
    """

    dim: int

    @abstractmethod
    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point, traceable by JAX, in the dtype of the point."""

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
    """A log density that JAX can trace.

    Args:
        log_density: from a vector of shape (D,) to a real scalar.
        dim: D.
    """

    def __init__(self, log_density: Callable, dim: int):
        self.dim = dim
        self._log_density = log_density

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point."""
        return jnp.asarray(self._log_density(x), x.dtype)

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
        return batched(jax.value_and_grad(self.log_prob))

    @cached_property
    def _batched_values(self):
        return batched(self.log_prob)
