"""Whether draws that are handed out are right, and the approximation itself as well.

Gaussians may be so near to the target that their weights already are what a mixture grown from them
would be accepted for (see adaptive.py). They are judged as such mixtures are: by draws from a wider
base, which see what lies next to them, and two estimates of the evidence, from different proposals,
have to agree.
"""

from typing import NamedTuple

import numpy as np

from fluvial.inference.run import Run
from fluvial.inference.settings import Settings
from fluvial.inference.verdict.verdict import is_precise, tail_matters
from fluvial.inference.verdict.weighing import Weighed, error_of, with_wider_base
from fluvial.objectives import Importance
from fluvial.posterior.accuracy import precision

__all__ = ["Adequate", "adequate_as_it_is", "agree", "is_adequate"]


class Adequate(NamedTuple):
    """An approximation that is right.

    Attributes:
        fitted: it, weighed.
        drawn: what draws are taken from: it with a wider base, which sees what lies next to it.
    """

    fitted: Weighed
    drawn: Weighed


def adequate_as_it_is(run: Run, fitted: Weighed) -> Adequate | None:
    """Return what was fitted with draws from a wider base, if these are right; else None.

    Fresh draws are evaluated only where the approximation's own already say so.
    """
    if not _is_near(fitted, fitted, run.settings):
        return None
    found = Adequate(fitted, with_wider_base(run, fitted))
    steady = agree(fitted.weights, found.drawn.weights, run.settings.adaptive.agreement)
    return found if steady and is_adequate(found, run.settings) else None


def is_adequate(found: Adequate, settings: Settings) -> bool:
    """Whether the verdict would be GOOD, and the approximation is right without weights, too."""
    drawn = found.drawn.weights
    matters = tail_matters(drawn.ess, drawn.attainable_ess, drawn.largest, settings)
    return (not matters or drawn.khat <= settings.adaptive.max_khat) and _is_near(*found, settings)


def agree(one: Importance, other: Importance, agreement: float) -> bool:
    """Whether two estimates of the evidence differ by no more than so many standard errors."""
    noise = np.hypot(one.log_evidence_se, other.log_evidence_se)
    return bool(abs(one.log_evidence - other.log_evidence) <= agreement * noise)


def _is_near(fitted: Weighed, drawn: Weighed, settings: Settings) -> bool:
    """Whether weights are even enough, moments precise, and the approximation's own near them."""
    weights = drawn.weights
    if not weights.ess >= settings.adaptive.least_ess * weights.size:
        return False
    normalized = np.exp(weights.smoothed)
    return bool(
        error_of(fitted, drawn.x, normalized).bound <= settings.verdict.max_shift
        and is_precise(weights, precision(drawn.x, normalized), settings)
    )
