"""The approximation itself: one flow or Gaussian for each mode, and their weights."""

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
from fluvial.log_sum_exp import log_sum_exp
from fluvial.objectives import base_log_prob
from fluvial.posterior.colored import Colored
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Component", "FlowComponent", "GaussianComponent", "Mixture"]

_BATCH = 1024
_NUMBERS = 2**22  # of a batch: 32 MB
_EVEN = 20  # rows, of which a proposal may scale every tenth: parts have as many of each kind


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
        x = self.gaussian.color(z)
        return x, self.gaussian.log_prob(x)

    def locate(
        self, x: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
        """Log densities at points, and squared Mahalanobis distances."""
        log_q = self.gaussian.log_prob(x)
        peak = -0.5 * self.gaussian.dim * LOG_2PI - self.gaussian.log_det
        return log_q, 2.0 * (peak - log_q)

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
    batch = _batch(points.shape[1])
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


def _batch(dim: int) -> int:
    """Return how many rows are mapped at once: what is made of all would not fit in memory."""
    fit_in = _NUMBERS // dim
    return _BATCH if fit_in >= _BATCH else max(fit_in // _EVEN * _EVEN, 1)


@final
@dataclass(frozen=True, eq=False)
class Mixture:
    r"""q(x) = Σ_k w_k q_k(x).

    Args:
        components: q_1 … q_M, of one dimension.
        weights: shape (M,), positive, summing to 1.
    """

    components: tuple[Component, ...]
    weights: Float[np.ndarray, " M"]

    @property
    def dim(self) -> int:
        """D, the number of unconstrained coordinates."""
        return self.components[0].gaussian.dim

    @property
    def has_flows(self) -> bool:
        """Whether any component is a flow's."""
        return any(isinstance(component, FlowComponent) for component in self.components)

    @property
    def gaussians(self) -> list[Gaussian]:
        """The components, if all are Gaussians with a covariance matrix; none otherwise."""
        found = [
            component.gaussian
            for component in self.components
            if isinstance(component, GaussianComponent) and isinstance(component.gaussian, Gaussian)
        ]
        return found if len(found) == len(self.components) else []

    def sample(
        self, rng: np.random.Generator, size: int
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]:
        """Draw ``size`` points, stratified by component; also their log densities, in nats."""
        x, log_q, _ = self.sample_strata(rng, size)
        return x, log_q

    def sample_strata(
        self, rng: np.random.Generator, size: int
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"], Int[np.ndarray, " N"]]:
        """Draw as ``sample`` does; also the stratum of each draw, an integer from 0.

        Of M components the first M strata are their own, the others those of wider bases.
        How many draws each stratum has is not left to chance, so that the differences between
        strata add nothing to the error of a mean over all draws.
        """
        batch = _batch(self.dim)
        rows = batch if batch % _EVEN == 0 else _EVEN * batch
        if len(self.components) > 1 or size <= rows:
            return self._pushed(rng.standard_normal((size, self.dim)), rng)
        x, log_q, strata = np.empty((size, self.dim)), np.empty(size), np.empty(size, int)
        for start in range(0, size, rows):
            part = slice(start, min(start + rows, size))
            z = rng.standard_normal((part.stop - start, self.dim))
            x[part], log_q[part], strata[part] = self._pushed(z, rng)
        return x, log_q, strata

    def push(
        self, z: Float[np.ndarray, "N D"], rng: np.random.Generator
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"], Int[np.ndarray, " N"]]:
        """Map base draws (N, D), stratified by component, as ``sample_strata`` does.

        How many draws a component has is rounded by chance, so that means over several calls with
        few draws each are unbiased.
        """
        return self._pushed(z, rng, float(rng.uniform()))

    def _pushed(
        self, z: Float[np.ndarray, "N D"], rng: np.random.Generator, rounding: float = 0.5
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"], Int[np.ndarray, " N"]]:
        size = len(z)
        edges = np.cumsum([0.0, *self.weights]) * size + rounding
        edges[-1] = size
        counts = np.diff(np.floor(edges).astype(int))
        parts = np.split(z, np.cumsum(counts)[:-1])
        pushed = [
            component.sample_and_log_prob(part)
            for component, part in zip(self.components, parts, strict=True)
            if len(part)
        ]
        x = np.concatenate([points for points, _ in pushed])
        strata = self._strata([len(part) for part in parts])
        if len(self.components) == 1:
            return x, pushed[0][1], strata
        order = rng.permutation(size)
        return x[order], self.log_prob(x[order]), strata[order]

    def _strata(self, counts: list[int]) -> Int[np.ndarray, " N"]:
        kinds = [c.kinds(n) for c, n in zip(self.components, counts, strict=True)]
        return np.concatenate([k + of * len(kinds) for k, of in enumerate(kinds)])

    def log_prob(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " N"]:
        """Normalized log density at points (N, D), in nats."""
        if len(self.components) == 1:
            return self.components[0].log_prob(x)
        terms = np.stack([component.log_prob(x) for component in self.components])
        return log_sum_exp(terms + np.log(self.weights)[:, None], axis=0)
