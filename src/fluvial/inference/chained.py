"""What earlier fits used as the prior mean for the verdict."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.as_prior import PriorPosterior
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.links import Link
from fluvial.posterior.pool import Pool
from fluvial.targets import Target

__all__ = ["CarriedOver", "carried_by"]

_REFIT = (
    "Fit all the data at once: fluvial.fit of a model that has every batch, with its own prior."
)
# Three times what GOOD promises of a mean: beyond it no standard error that is stated means much.
_TOO_FAR = 3.0


class CarriedOver(NamedTuple):
    """What a chain of fits adds to a verdict.

    Attributes:
        links: of the chain, the first one first.
        fatal: sentences, each of which means that no result can be right.
        doubts: sentences, each of which rules out GOOD.
        said: what is measured, where it is harmless.
    """

    links: tuple[Link, ...] = ()
    fatal: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    def added_to(self, judgment: Judgment) -> Judgment:
        """Report what is harmless, and advise a refit where it is not."""
        reasons = (*judgment.reasons, *self.said)
        advice = _REFIT if self.fatal or self.doubts else judgment.advice
        return replace(judgment, reasons=reasons, advice=advice)


def carried_by(target: Target, pool: Pool, settings: Settings = DEFAULT) -> CarriedOver:
    """Measure what a target's prior, if it is a posterior, has carried into a fit.

    Args:
        target: what was fitted.
        pool: weighted draws of it.
        settings: the thresholds.
    """
    prior = target.prior
    weights = np.exp(pool.log_weights)
    if not isinstance(prior, PriorPosterior) or not np.any(weights > 0.0):
        return CarriedOver()
    links, beyond = prior.carried(pool.points, weights)
    count, far = len(links), sum(link.shift for link in links)
    measured = (
        f"The prior is an earlier posterior, of {count} fit{'s' * (count > 1)} in a chain, whose "
        f"divergences add up to {sum(link.kl for link in links):.2g} nat: that moves a mean by up "
        f"to {far:.3f} sd, or a log sd by as much, beside the standard errors"
    )
    if beyond > settings.verdict.max_missing_mass:
        said = (
            f"{beyond:.1%} of the draws lie where the earlier posterior had next to none, so that "
            "its density there, which is now the prior, was never checked."
        )
        return CarriedOver(links, (said, f"{measured}."))
    if far > _TOO_FAR * settings.verdict.max_shift:
        return CarriedOver(links, (f"{measured}, which is too far.",))
    if far > settings.verdict.max_shift:
        return CarriedOver(links, doubts=(f"{measured}.",))
    return CarriedOver(links, said=(f"{measured}.",))
