r"""Weights that a tail cannot ruin: draws from q and, for a fifth, from q made wider.

Where the target has heavier tails than q, the weights p/q of draws from q are unbounded, k-hat
fails although almost all weights are even, and what lies in the tail is not seen at all. A
defensive mixture (Hesterberg 1995, Technometrics 37; Owen & Zhou 2000, JASA 95) bounds them. Here
q's base N(0, I) is replaced by

.. math:: B(z) = (1 - 2\alpha) N(z; 0, I) + \alpha N(z; 0, s_1^2 I) + \alpha N(z; 0, s_2^2 I),

so that p/q' ≤ (p/q)/(1 − 2α) everywhere, and is far smaller where q is thin. The flow is q's own.

What this costs where q is the target already is known: w = q/q' then depends on |z|² alone, and
draws are worth, as a share of their number, 1/E[w] with z from N(0, I).
"""

from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
from jaxtyping import Float, Int

from fluvial.flows import Flow
from fluvial.log_sum_exp import log_sum_exp
from fluvial.posterior.component import Component, squared_radii
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["EVERY", "REACH", "Widened", "attainable_share", "widened", "wider_scales"]

EVERY = 10
"""One draw in ten has each of the scales: α = 0.1, and at most a fifth of the draws is lost."""
REACH = (1.0, 3.0)
"""The radius of N(0, I) is √D ± 0.7. The scales are larger than 1 by these in one dimension, and
reach about as many standard deviations beyond √D in many."""
_RADII = np.linspace(-8.0, 8.0, 1601)  # about √D, of which the density of |z| is that wide


@final
@dataclass(frozen=True, eq=False)
class Widened(Component):
    """A component whose base is the mixture B.

    Args:
        component: q_k.
        every: 1/α, of how many draws one has a given scale.
        reach: of the wider scales; see ``wider_scales``.
    """

    component: Component
    every: int = EVERY
    reach: tuple[float, ...] = REACH

    @property
    def gaussian(self) -> Gaussian | DiagonalGaussian:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Where the component lies."""
        return self.component.gaussian

    @property
    def flow(self) -> Flow:
        """The component's, which no longer starts at N(0, I)."""
        return self.component.flow

    def sample_and_log_prob(
        self, z: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]:
        """Map draws of N(0, I), of which some are scaled, to draws with log densities."""
        scaled = z.copy()
        for offset, scale in enumerate(wider_scales(z.shape[1], self.reach)):
            scaled[offset :: self.every] *= scale
        x, log_q = self.component.sample_and_log_prob(scaled)
        return x, log_q + self._gain(np.sum(scaled**2, axis=1), z.shape[1])

    def locate(
        self, x: Float[np.ndarray, "N D"]
    ) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
        """Log densities, and squared radii in the base space."""
        log_q, squares = self.component.locate(x)
        return self._widened(log_q, squares, x.shape[1]), squares

    @property
    def is_gaussian(self) -> bool:
        """Whether the component's is."""
        return self.component.is_gaussian

    @property
    def attainable_share(self) -> float:
        """See the function of that name."""
        return attainable_share(self.gaussian.dim, self.every, self.reach)

    def of_gaussian(self, log_g: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
        """Log densities from those of ``gaussian``."""
        log_q = self.component.of_gaussian(log_g)
        return self._widened(log_q, squared_radii(self.gaussian, log_g), self.gaussian.dim)

    def kinds(self, size: int) -> Int[np.ndarray, " N"]:
        """0 for draws that are not scaled, which are the component's own, then a number a scale."""
        kinds = np.zeros(size, int)
        for offset in range(len(self.reach)):
            kinds[offset :: self.every] = 1 + offset
        return kinds

    def _widened(self, log_q, squares, dim: int) -> Float[np.ndarray, " N"]:
        """Log densities under B: none where the component has none, as infinitely far out."""
        return log_q + np.where(np.isneginf(log_q), 0.0, self._gain(squares, dim))

    def _gain(self, squares: Float[np.ndarray, " N"], dim: int) -> Float[np.ndarray, " N"]:
        """Ln B(z) − ln N(z; 0, I), a function of |z|²."""
        return _gain(squares, dim, self.every, self.reach)


def _gain(
    squares: Float[np.ndarray, " N"], dim: int, every: int, reach: tuple[float, ...]
) -> Float[np.ndarray, " N"]:
    share, scales = 1.0 / every, wider_scales(dim, reach)
    terms = [np.full(len(squares), np.log(1.0 - share * len(scales)))]
    for scale in scales:
        terms.append(np.log(share) - dim * np.log(scale) + 0.5 * squares * (1.0 - scale**-2))
    return log_sum_exp(np.stack(terms), axis=0)


@cache
def attainable_share(dim: int, every: int = EVERY, reach: tuple[float, ...] = REACH) -> float:
    """Return the effective sample size of draws with a wider base, where q is the target.

    Args:
        dim: D.
        every: see ``Widened``.
        reach: see ``Widened``.

    Returns:
        As a share of their number.

    Example:
        >>> round(attainable_share(10), 2)
        0.89
    """
    r = np.maximum(dim**0.5 + _RADII, 1e-3)
    log_p = (dim - 1) * np.log(r) - 0.5 * r**2
    p = np.exp(log_p - log_p.max()) * (dim**0.5 + _RADII > 0.0)
    return float(p.sum() / np.sum(p * np.exp(-_gain(r**2, dim, every, reach))))


def widened(q: Mixture, every: int = EVERY, reach: tuple[float, ...] = REACH) -> Mixture:
    """Widen every component of a mixture; see ``Widened``."""
    return Mixture(tuple(Widened(component, every, reach) for component in q.components), q.weights)


def wider_scales(dim: int, reach: tuple[float, ...] = REACH) -> list[float]:
    """s_1 and s_2 for D coordinates."""
    return [1.0 + beyond / dim**0.5 for beyond in reach]
