r"""Which coordinates modulate the others: structure found from gradients alone.

In hierarchies, state-space models and scale mixtures a handful of coordinates, the heads (log
scales, autocorrelations), decide the curvature of the log density in all others. Their influence is
a third derivative. With x drawn from the fitted Gaussian, u a step of one standard deviation with
random signs in every coordinate and s = ∇ln p,

.. math:: t = \frac{s(x + hu) - 2 s(x) + s(x - hu)}{h^2} \approx T[u, u, \cdot],
          \qquad \text{influence}_i = \operatorname{median} (t_i\,\mathrm{sd}_i)^2

measures how much the curvature along u changes with coordinate i, in units of its standard
deviation: 3 gradients a probe, whatever D is. A Gaussian target has none. The median over probes
does without the few where h reaches into a tail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.counted_target import Meter
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Structure", "find_structure"]

_PROBES = 128
_STEP = 0.5  # standard deviations: small for a derivative, large against rounding
# Of the largest influence: the heads of a centered hierarchy, a funnel and a model of stochastic
# volatility are above 0.07, the other coordinates below 0.01.
_LEAST = 0.03
_NEGLIGIBLE = 1e-3  # (nats per sd^3)^2, summed over coordinates: a Gaussian target's is rounding


@dataclass(frozen=True, eq=False)
class Structure:
    """Which coordinates modulate the others.

    Attributes:
        heads: their indices, the most influential first, shape (H,); empty if nothing modulates.
        influence: of every coordinate, as a share of all influence, shape (D,).
    """

    heads: Int[np.ndarray, " H"]
    influence: Float[np.ndarray, " D"]


@np.errstate(over="ignore", invalid="ignore")
def find_structure(meter: Meter, gaussian: Gaussian, rng: np.random.Generator) -> Structure:
    """Find the coordinates whose influence stands out.

    Args:
        meter: the target, asked for 3 gradients a probe.
        gaussian: where to probe, and how far a standard deviation is.
        rng: decides the probes.
    """
    sd = np.sqrt(np.sum(gaussian.cholesky**2, axis=1))
    x = gaussian.color(rng.standard_normal((_PROBES, gaussian.dim)))
    u = sd * rng.choice([-1.0, 1.0], size=x.shape)
    scores = [meter.value_and_grad(x + h * u)[1] for h in (_STEP, 0.0, -_STEP)]
    third = (scores[0] - 2.0 * scores[1] + scores[2]) / _STEP**2 * sd
    usable = third[np.isfinite(third).all(axis=1)]
    if len(usable) < _PROBES // 2:
        return Structure(np.empty(0, int), np.zeros(gaussian.dim))
    influence = np.median(usable**2, axis=0)
    total = influence.sum()
    if not total > _NEGLIGIBLE:
        return Structure(np.empty(0, int), np.zeros(gaussian.dim))
    order = np.argsort(-influence)
    count = int(np.sum(influence >= _LEAST * influence.max()))
    return Structure(order[:count], influence / total)
