"""The approximation itself: one flow or Gaussian for each mode, and their weights."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int

from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.component import (
    EVEN,
    Component,
    FlowComponent,
    GaussianComponent,
    batch_size,
)
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.gaussian_densities import gaussian_densities

__all__ = ["Component", "FlowComponent", "GaussianComponent", "Mixture"]


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

    @property
    def attainable_share(self) -> float:
        """What draws are worth, as a share of their number, for what the mixture is made of."""
        return min(component.attainable_share for component in self.components)

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
        batch = batch_size(self.dim)
        rows = batch if batch % EVEN == 0 else EVEN * batch
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
        return log_sum_exp(self._each(x) + np.log(self.weights)[:, None], axis=0)

    def _each(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "M N"]:
        """The log density of each component, of Gaussians all at once."""
        gaussians = [c.gaussian for c in self.components if c.is_gaussian]
        dense = [g for g in gaussians if isinstance(g, Gaussian)]
        # of fewer points than coordinates, inverting the factors would take longer
        if len(dense) < len(self.components) or len(x) < self.dim:
            return np.stack([component.log_prob(x) for component in self.components])
        means, factors = np.stack([g.mean for g in dense]), np.stack([g.cholesky for g in dense])
        found = gaussian_densities(means, factors, x)
        for component, row in zip(self.components, found, strict=True):
            row[:] = component.of_gaussian(row)
        return found
