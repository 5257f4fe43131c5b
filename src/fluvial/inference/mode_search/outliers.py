r"""How much mass lies where an approximation has next to none.

In the region where p exceeds Z q by far, a Gaussian g that was matched to a place finds

.. math:: \frac{1}{Z} \int_R p(x)\,dx \approx \frac{1}{Z}\, E_g\left[\frac{p}{g} 1_R\right],
          \qquad R = \{x : p(x) > e^3 Z q(x)\}.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.settings import SearchSettings, Settings
from fluvial.objectives import Importance
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["Outlier", "held", "measured"]


@dataclass(frozen=True, eq=False)
class Outlier:
    """A place where q is missing mass.

    Attributes:
        gaussian: fitted there.
        share: the mass there outside q, as a share of the mass that q accounts for.
    """

    gaussian: Gaussian | DiagonalGaussian
    share: float


def measured(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    start: Gaussian,
    rng: np.random.Generator,
    settings: Settings,
) -> Outlier:
    """Match a Gaussian to a place, and measure the mass outside q that it finds.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        start: a Gaussian at the place.
        rng: decides every draw.
        settings: the thresholds.
    """
    search = settings.search
    matching = replace(settings.match, steps=search.match_steps)

    def had(x: np.ndarray, log_p: np.ndarray) -> bool:
        return _has(log_p - q.log_prob(x) - log_evidence, search)

    g = batch_and_match(counted, start, rng, matching, until=had)
    return held(counted, q, log_evidence, g, rng, settings)


def held(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    g: Gaussian | DiagonalGaussian,
    rng: np.random.Generator,
    settings: Settings,
) -> Outlier:
    """Measure the mass outside q that a Gaussian finds; see ``measured``."""
    search = settings.search
    x = g.color(rng.standard_normal((search.draws, g.dim)))
    log_p = counted.values(x)
    excess = log_p - q.log_prob(x) - log_evidence
    if _has(excess, search):
        return Outlier(g, 0.0)
    weights = Importance(np.where(excess > search.excess, log_p - g.log_prob(x), -np.inf))
    return Outlier(g, float(np.exp(min(weights.log_evidence - log_evidence, 50.0))))


def _has(excess: Float[np.ndarray, " N"], search: SearchSettings) -> bool:
    """Whether q has what draws of a Gaussian found, but for the tails.

    Of these so few draws say nothing: one alone would be taken for much mass.
    """
    low, high = np.quantile(np.nan_to_num(excess, nan=-np.inf), search.explained)
    return bool(low >= -search.excess and high <= search.excess)
