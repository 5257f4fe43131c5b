"""What earlier fits used as the prior mean for the verdict."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.as_prior import PriorPosterior
from fluvial.posterior.judgment import Judgment
from fluvial.posterior.links import Link, chain_evidence, chain_shift
from fluvial.posterior.pool import Pool

__all__ = ["CarriedOver", "carried_by"]

_REFIT = (
    "Fit all the data at once: fluvial.fit of a model that has every batch, with its own prior."
)
_MANY = 100  # wording: further fits, beyond which nobody can tell


class CarriedOver(NamedTuple):
    """What a chain of fits adds to a verdict.

    Attributes:
        links: of the chain, the first one first.
        fatal: sentences, each of which means that no result can be right.
        doubts: sentences, each of which rules out GOOD.
        said: what is measured, where it is harmless, and what differs between the models.
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


def carried_by(counted: CountedTarget, pool: Pool, settings: Settings = DEFAULT) -> CarriedOver:
    """Measure what a target's prior, if it is a posterior, has carried into a fit.

    Args:
        counted: what was fitted.
        pool: weighted draws of it.
        settings: the thresholds.
    """
    prior = counted.target.prior
    if not isinstance(prior, PriorPosterior) or not np.any(np.exp(pool.log_weights) > 0.0):
        return CarriedOver()
    links, beyond, differing = prior.carried(pool, counted.values)
    count, far = len(links), chain_shift(links)
    most = settings.verdict.max_shift
    measured = (
        f"The prior is an earlier posterior, of {count} fit{'s' * (count > 1)} in a chain, whose "
        f"divergences add up to {sum(link.kl for link in links):.2g} nat: that moves a mean by up "
        f"to {far:.3f} sd, or a log sd by as much, in addition to the standard errors"
    )
    if beyond > settings.verdict.max_missing_mass:
        said = (
            f"{beyond:.1%} of the draws lie where the earlier posterior had next to none, so "
            "its density there, which is now the prior, was never checked."
        )
        return CarriedOver(links, (said, f"{measured}."), said=differing)
    if not far <= settings.verdict.chain_too_far * most:
        return CarriedOver(links, (f"{measured}, which is too far.",), said=differing)
    _, se = chain_evidence(links, 0.0, 0.0)
    of_all = (
        f"They also leave the log evidence of all data, posterior.chain_log_evidence, with a "
        f"standard error of {se:.2g} nat, to which that of this fit is added"
    )
    if far > most or not se <= settings.verdict.max_evidence_se:
        return CarriedOver(links, doubts=(f"{measured}. {of_all}.",), said=differing)
    left = _left(len(links), far, se, settings)
    return CarriedOver(links, said=(*differing, f"{measured}. {of_all}.", left))


def _left(count: int, far: float, se: float, settings: Settings) -> str:
    """Say when to refit, if each further fit adds as much as those before did on average."""
    verdict = settings.verdict
    rate = max(far / verdict.max_shift, (se / verdict.max_evidence_se) ** 2) / count
    steps = min(1.0 / max(rate, 1e-9) - count, _MANY)
    left = f"at least {_MANY}" if steps == _MANY else f"{int(steps) or 'no'}"
    return (
        f"At this rate {left} more fit{'s' * (left != '1')} can follow before the chain's errors "
        "rule out GOOD: then fit all the data at once."
    )
