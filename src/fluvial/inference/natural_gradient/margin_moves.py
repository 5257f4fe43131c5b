r"""Natural-gradient moves of sinh-arcsinh's parameters, margin by margin.

A displacement of a coordinate u by a Hermite polynomial of itself, δu = c He_k(u), shifts (k = 0),
scales (1), skews (2) or stretches its tails (3). Sinh-arcsinh's own parameters are displacements
:math:`\sqrt{1 + u^2}` and :math:`\sqrt{1 + u^2} \operatorname{arcsinh} u`, of whose Hermite
coefficients the first ones are undone by shift and scale.

Of independent coordinates the natural gradient is

.. math:: c = \frac{E[r\, He_k(u)]}{k!\,(1 + k)}, \qquad r = \nabla_u \ln p + u

and those of different k do not mix.
"""

import math
from typing import Any, final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from fluvial.flows import Chain, Diagonal, Flow, SinhArcsinh
from fluvial.inference.natural_gradient.natural_moves import Look
from fluvial.inference.settings import DEFAULT, NaturalSettings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian

__all__ = ["MarginMoves", "bases_of", "margins_gain", "margins_moved", "with_margins"]

_NODES = 60  # arithmetic: of Gauss-Hermite quadrature


def with_margins(flow: Flow) -> Chain:
    """Bend each coordinate by itself before a flow; nothing is bent at the start.

    Its text is "sinh-arcsinh+diagonal+" and the flow's own.
    """
    return Chain([SinhArcsinh(flow.dim), Diagonal(flow.dim), flow])


@final
class MarginMoves:
    """The moves of all margins of a flow of ``with_margins``.

    Args:
        settings: the thresholds.
    """

    def __init__(self, settings: NaturalSettings = DEFAULT.natural):
        self._settings = settings

    def __call__(
        self, flow: Any, gaussian: DiagonalGaussian, look: Look, share: float
    ) -> tuple[Chain, DiagonalGaussian]:
        """Move every margin, by a share of a full step.

        Args:
            flow: the flow.
            gaussian: that whitens its target.
            look: at a batch of draws of it.
            share: of a full step.
        """
        moves = [
            share * np.mean(look.scores * basis, axis=0) / (math.factorial(k) * (1.0 + k))
            for k, basis in enumerate(bases_of(look.z))
        ]
        bent, scaled = margins_moved(flow.flows[0], flow.flows[1], moves, self._settings)
        return Chain([bent, scaled, *flow.flows[2:]]), gaussian


def margins_gain(look: Look) -> float:
    """Estimate what bends would gain, in nats: half the squares of the natural gradients.

    Args:
        look: at a batch of a flow without them. What squares of noise add up to is taken off.
    """
    count, gain = len(look.z), 0.0
    for k, basis in enumerate(bases_of(look.z)):
        if k >= 2:
            pulls = look.scores * basis
            squares = pulls.mean(axis=0) ** 2 - pulls.var(axis=0) / count
            gain += float(squares.sum()) / (2.0 * math.factorial(k) * (1.0 + k))
    return gain


def bases_of(u: Float[np.ndarray, "*K"]) -> tuple[np.ndarray, ...]:
    """The Hermite polynomials He_0 to He_3."""
    return np.ones_like(u), u, u**2 - 1.0, u**3 - 3.0 * u


def margins_moved(
    bent: SinhArcsinh,
    scaled: Diagonal,
    moves: list[np.ndarray],
    settings: NaturalSettings = DEFAULT.natural,
) -> tuple[SinhArcsinh, Diagonal]:
    """Displace what goes into a sinh-arcsinh and a scale by Hermite polynomials of itself.

    Args:
        bent: the first layer.
        scaled: the second one.
        moves: coefficients of He_0 to He_3, each of shape (D,).
        settings: the thresholds.
    """
    more_skew = np.clip(moves[2] / _SKEW[2], -settings.most_skew, settings.most_skew)
    more_tail = np.clip(moves[3] / _TAIL[3], -settings.most_tail, settings.most_tail)
    shift = np.asarray(scaled.scale(), float) * (moves[0] - _SKEW[0] * more_skew)
    log_scale = moves[1] - _TAIL[1] * more_tail
    bent = eqx.tree_at(
        lambda f: (f.raw_skew, f.raw_log_exponent),
        bent,
        (_more(bent.raw_skew, more_skew), _more(bent.raw_log_exponent, more_tail)),
    )
    scaled = eqx.tree_at(
        lambda f: (f.shift, f.raw_log_scale),
        scaled,
        (_more(scaled.shift, shift), _more(scaled.raw_log_scale, log_scale)),
    )
    return bent, scaled


def _more(old: Any, added: np.ndarray) -> Any:
    return old + jnp.asarray(added, old.dtype)


def _coefficients(factor: Any) -> Float[np.ndarray, "4"]:
    """Of the displacement √(1 + u²) f(u) in the Hermite polynomials He_0 to He_3."""
    u, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    values = weights / weights.sum() * np.sqrt(1.0 + u**2) * factor(u)
    return np.array([values @ basis / math.factorial(k) for k, basis in enumerate(bases_of(u))])


_SKEW, _TAIL = _coefficients(np.ones_like), _coefficients(np.arcsinh)
