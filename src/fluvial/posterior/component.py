"""Components of an approximation: densities pushed forward from N(0, I)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from fluvial.compiling import compiled
from fluvial.constants import LOG_2PI
from fluvial.flows import Chain, Flow
from fluvial.flows.precision import as_float64
from fluvial.objectives import base_log_prob
from fluvial.posterior.colored import Colored
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["EVEN", "Component", "FlowComponent", "GaussianComponent", "batch_size", "squared_radii"]

EVEN = 20
"""Rows, of which a proposal may scale every tenth: parts have as many of each kind."""

_BATCH = 1024
_NUMBERS = 2**22  # of a batch: 32 MB


class Component(ABC):
    """A normalized density on R^D that is pushed forward from N(0, I), evaluated by the host.

    Attributes:
        gaussian: where the component lies; a flow's is the one that whitened its target.
    """

    gaussian: Gaussian | DiagonalGaussian

    @property
    @abstractmethod
    def flow(self) -> Flow:
        """The map from N(0, I) to the target's unconstrained space, float64."""

    @abstractmethod
    def sample_and_log_prob(
        self, z: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]:
        """Map base draws (N, D) to draws (N, D); also their log densities (N,), in nats."""

    @abstractmethod
    def locate(
        self, x: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
        """Log densities (N,) at points (N, D), in nats; also |z|² (N,) of their base points."""

    @property
    def is_gaussian(self) -> bool:
        """Whether the density at a point depends on that of ``gaussian`` there alone."""
        return False

    @property
    def attainable_share(self) -> float:
        """What draws are worth, as a share of their number, for what the component is made of."""
        return 1.0

    def of_gaussian(self, log_g: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
        """Log densities (N,), in nats, from those of ``gaussian``, if ``is_gaussian``."""
        return log_g

    @abstractmethod
    def kinds(self, size: int) -> Int[np.ndarray, " N"]:
        """Of each of so many base draws the stratum that it is mapped in, from 0."""

    @final
    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Log densities (N,) at points (N, D), in nats."""
        return self.locate(x)[0]


@final
@dataclass(frozen=True, eq=False)
class GaussianComponent(Component):
    """A Gaussian; evaluated without compiling anything."""

    gaussian: Gaussian | DiagonalGaussian

    @property
    def flow(self) -> Flow:
        """The affine map x = μ + Lz."""
        return Colored(self.gaussian)

    def sample_and_log_prob(
        self, z: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]:
        """Map base draws to draws, with their log densities."""
        peak = -0.5 * self.gaussian.dim * LOG_2PI - self.gaussian.log_det
        return self.gaussian.color(z), peak - 0.5 * np.vecdot(z, z)

    def locate(
        self, x: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
        """Log densities at points, and squared Mahalanobis distances."""
        log_q = self.gaussian.log_prob(x)
        return log_q, squared_radii(self.gaussian, log_q)

    @property
    def is_gaussian(self) -> bool:
        """It is."""
        return True

    def kinds(self, size: int) -> Int[np.ndarray, " N"]:
        """All draws are of one stratum."""
        return np.zeros(size, int)


@final
@dataclass(frozen=True, eq=False)
class FlowComponent(Component):
    """A trained flow followed by the Gaussian that whitened its target.

    Args:
        trained: the flow in whitened coordinates, in any floating dtype.
        gaussian: what whitened them.
    """

    trained: Flow
    gaussian: Gaussian | DiagonalGaussian

    @cached_property
    def flow(self) -> Flow:
        """The trained flow in float64, then the affine map to the target's coordinates."""
        # What is asked for first while JAX traces, as of a loaded posterior, must not be a tracer.
        with jax.enable_x64(True), jax.ensure_compile_time_eval():
            return Chain([as_float64(self.trained), Colored(self.gaussian)])

    def sample_and_log_prob(
        self, z: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]:
        """Map base draws to draws, with their log densities."""
        return _in_batches(_push, self.flow, z)

    def locate(
        self, x: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
        """Log densities at points, and squared radii of what they were pushed from."""
        return _in_batches(_locate, self.flow, x)

    def kinds(self, size: int) -> Int[np.ndarray, " N"]:
        """All draws are of one stratum."""
        return np.zeros(size, int)


@compiled
def _push(flow: Flow, z: Float[Array, "N D"]):
    x, log_det = jax.vmap(flow.forward)(z)
    return x, jax.vmap(base_log_prob)(z) - log_det


@compiled
def _locate(flow: Flow, x: Float[Array, "N D"]):
    def one(point):
        z, log_det = flow.inverse(point)
        return base_log_prob(z) + log_det, jnp.sum(z**2)

    return jax.vmap(one)(x)


def _in_batches(function: Callable, flow: Flow, points: Float[np.ndarray, "N D"]):
    """Apply a compiled function to batches of one size, so that it is compiled once a flow."""
    batch = batch_size(points.shape[1])
    whole: Any = None
    padded = np.zeros((batch, points.shape[1]))
    for start in range(0, max(len(points), 1), batch):
        rows = slice(start, min(start + batch, len(points)))
        padded[: rows.stop - start] = points[rows]
        with jax.enable_x64(True):
            part = function(flow, jnp.array(padded, jnp.float64))
        if whole is None:
            whole = tuple(np.empty((len(points), *leaf.shape[1:]), leaf.dtype) for leaf in part)
        for all_rows, leaf in zip(whole, part, strict=True):
            all_rows[rows] = np.asarray(leaf)[: rows.stop - start]
    return whole


def batch_size(dim: int) -> int:
    """Return how many rows are mapped at once: what is made of all would not fit in memory."""
    fit_in = _NUMBERS // dim
    return _BATCH if fit_in >= _BATCH else max(fit_in // EVEN * EVEN, 1)


def squared_radii(
    gaussian: Gaussian | DiagonalGaussian, log_g: Float[np.ndarray, " N"]
) -> Float[np.ndarray, " N"]:
    """Return |z|² where a Gaussian has given log densities, in nats."""
    peak = -0.5 * gaussian.dim * LOG_2PI - gaussian.log_det
    return 2.0 * (peak - log_g)
