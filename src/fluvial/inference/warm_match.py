"""Stage 2, from an earlier fit: what of it is right as it is, and what has to move.

A Gaussian is matched from where it was, and a mixture of Gaussians is fitted by EM to a few
weighted draws of it, unless these say that it is right as it is. Then draws with a wider base are
weighed, once: those of them that are not scaled are the mixture's own. If by these it is right, as
a mixture that was grown would be, nothing else is grown or trained. Else, and where climbs have
ended in a mode that is new, Gaussians are matched to what the earlier fit had, and the fit goes on
from there.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from fluvial.inference.adaptive import moved
from fluvial.inference.adequate import Adequate, is_adequate
from fluvial.inference.batch_and_match import batch_and_match
from fluvial.inference.climbing import Optimum
from fluvial.inference.improper import improper_complaint
from fluvial.inference.laplace import laplace_or
from fluvial.inference.matching import Matched, match
from fluvial.inference.run import Run
from fluvial.inference.starts import distinct
from fluvial.inference.verdict import is_accurate
from fluvial.inference.warm import Warm
from fluvial.inference.weighing import Weighed, weigh, weighed, with_own_draws
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian, covers
from fluvial.posterior.mixture import GaussianComponent, Mixture

__all__ = ["warm_match"]

_TRIES = 2  # after which Gaussians are matched again; by hand
_GLANCE = 0.25  # of the draws that judge a mixture, by which it is moved; by hand


def warm_match(
    run: Run, warm: Warm, starts: Float[np.ndarray, "N D"], ends: list[Optimum]
) -> Matched:
    """Weigh the earlier components, and match again those that are no longer right.

    Where they are worth nothing, as of another posterior altogether, it is matched as ever; and so
    it is where there are too many coordinates for matrices.
    """
    known = [c.gaussian for c in warm.components if isinstance(c.gaussian, Gaussian)]
    if len(known) < len(warm.components):
        return match(run, starts, ends)
    new = _new_modes(run, known, ends)
    flows = warm.complete and warm.posterior.approximation.has_flows
    if warm.complete and not flows and not new and not run.always_train:
        kept = _kept(run, warm)
        if kept is not None:
            return kept
    if flows and _is_promising(run, warm):
        fitted = weigh([*warm.components, *map(GaussianComponent, new)], run)
        if is_accurate(fitted.weights, run.settings) or _is_near(run, fitted):
            return _checked(run, fitted)
    gaussians = [
        batch_and_match(run.counted, place, run.rng, run.settings.match)
        for place in warm.places
        if isinstance(place, Gaussian)
    ]
    fitted = weigh([GaussianComponent(g) for g in [*gaussians, *new]], run)
    if not _is_near(run, fitted):
        return match(run, starts, ends)
    return _checked(run, fitted)


def _kept(run: Run, warm: Warm) -> Matched | None:
    """The earlier mixture, moved if need be, where it is then right; None where it is not."""
    q = _moved(run, warm.posterior.approximation)
    for _ in range(_TRIES):
        if q is None:
            return None
        found = Adequate(*with_own_draws(q, run))
        if is_accurate(found.fitted.weights, run.settings) or is_adequate(found, run.settings):
            checked = _checked(run, found.fitted)
            near = _overlap(run, warm, q) >= run.settings.adaptive.hopeless
            return checked._replace(drawn=found.drawn) if near else checked
        q = moved(run, found.drawn)
    return None


def _moved(run: Run, before: Mixture) -> Mixture | None:
    """A Gaussian matched again, or a mixture as a few draws of it have it."""
    if len(before.components) == 1:
        (one,) = before.gaussians
        matching = replace(run.settings.match, patience=1)
        again = batch_and_match(run.counted, one, run.rng, matching)
        return Mixture((GaussianComponent(again),), np.ones(1))
    proposal = run.settings.weigh.widened(before)
    few = weighed(before, proposal, run, int(_GLANCE * run.settings.weigh.draws))
    return moved(run, few)


def _overlap(run: Run, warm: Warm, q: Mixture) -> float:
    """The effective share of draws of the earlier approximation that are weighted to be q's."""
    before = warm.posterior.approximation
    x, log_before = before.sample(run.rng, run.settings.search.draws)
    weights = Importance(q.log_prob(x) - log_before)
    return weights.ess / weights.size


def _is_promising(run: Run, warm: Warm) -> bool:
    """Whether a few draws of the earlier approximation have weights that are at all even."""
    q = warm.posterior.approximation
    x, log_q = q.sample(run.rng, run.settings.search.draws)
    few = Importance(run.counted.values(x) - log_q)
    return bool(few.half_variance <= run.settings.match.poor_half_variance)


def _is_near(run: Run, fitted: Weighed) -> bool:
    return bool(fitted.weights.half_variance <= run.settings.match.poor_half_variance)


def _new_modes(run: Run, known: list[Gaussian], ends: list[Optimum]) -> list[Gaussian]:
    """Gaussians at optima that no earlier component covers."""
    found: list[Gaussian] = []
    for head in distinct(run.counted, [end for end in ends if end.converged], run.settings):
        if any(covers(g, head.x) for g in [*known, *found]):
            continue
        top = laplace_or(run.counted, head.x, head.gaussian, run.settings)
        found.append(batch_and_match(run.counted, top, run.rng, run.settings.match))
    return found


def _checked(run: Run, fitted: Weighed) -> Matched:
    gaussians = [c.gaussian for c in fitted.q.components if isinstance(c.gaussian, Gaussian)]
    complaints = (
        improper_complaint(run.counted, g.mean, g.cholesky, run.settings) for g in gaussians
    )
    return Matched(fitted, next(filter(None, complaints), None))
