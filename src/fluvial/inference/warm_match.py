"""Stage 2, from an earlier fit: what of it is right as it is, and what has to move.

A Gaussian is matched from where it was, and a mixture of Gaussians is fitted by EM to a few
weighted draws of it, unless these say that it is right as it is. Then half as many draws as of a
cold fit are weighed, with a wider base: those of them that are not scaled are the mixture's own. If
by these it is right, as a mixture that was grown would be, nothing else is grown or trained; where
they do not say so, all draws may. Else, and where climbs have ended in a mode that is new,
Gaussians are matched to what the earlier fit had, and the fit goes on from there. A flow is a shape
around a Gaussian: it is tried around the one that is matched again, and trained on from there.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from fluvial.inference.checks.improper import improper_complaint
from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.laplace import laplace_or
from fluvial.inference.climbs.starts import distinct
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.matching import Matched, match
from fluvial.inference.mixtures.adaptive import moved
from fluvial.inference.run import Run
from fluvial.inference.verdict.adequate import Adequate, is_adequate
from fluvial.inference.verdict.verdict import is_accurate
from fluvial.inference.verdict.weighing import Weighed, weigh, with_own_draws
from fluvial.inference.warm import Warm
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian, covers
from fluvial.posterior.mixture import Component, FlowComponent, GaussianComponent, Mixture

__all__ = ["warm_match"]


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
    if flows:
        fitted = weigh([*_around(warm, gaussians), *map(GaussianComponent, new)], run)
        if _is_near(run, fitted):
            return _checked(run, fitted)
    fitted = weigh([GaussianComponent(g) for g in [*gaussians, *new]], run)
    if not _is_near(run, fitted):
        return match(run, starts, ends)
    return _checked(run, fitted)


def _around(warm: Warm, gaussians: list[Gaussian]) -> list[Component]:
    """The earlier flows, each around the Gaussian in place of its own."""
    return [
        FlowComponent(component.trained, gaussian)
        if isinstance(component, FlowComponent)
        else GaussianComponent(gaussian)
        for component, gaussian in zip(warm.components, gaussians, strict=True)
    ]


def _kept(run: Run, warm: Warm) -> Matched | None:
    """The earlier mixture, moved if need be, where it is then right; None where it is not."""
    for found in _attempts(run, _matched_again(run, warm.posterior.approximation)):
        if _is_right(run, found):
            checked = _checked(run, found.fitted)
            near = _overlap(run, warm, found.fitted.q) >= run.settings.adaptive.hopeless
            return checked._replace(drawn=found.drawn) if near else checked
    return None


def _is_right(run: Run, found: Adequate) -> bool:
    accurate = is_accurate(found.fitted.weights, run.settings)
    return accurate or is_adequate(found, run.settings)


def _attempts(run: Run, q: Mixture) -> Iterator[Adequate]:
    """The mixture, moved by a glance at it, with half of the draws; and, moved again, with all."""
    size, warm = run.settings.weigh.draws, run.settings.warm
    found = Adequate(*with_own_draws(q, run, int(warm.glance * size)))
    for draws in (int(warm.judged * size), size):
        again = found.fitted.q if _is_right(run, found) else moved(run, found.drawn)
        if again is None:
            return
        before = found.drawn if again is found.fitted.q else None
        found = Adequate(*with_own_draws(again, run, draws, before))
        yield found


def _matched_again(run: Run, before: Mixture) -> Mixture:
    """A Gaussian matched from where it was, and a mixture as it is."""
    if len(before.components) > 1:
        return before
    matching = replace(run.settings.match, patience=1)
    again = batch_and_match(run.counted, before.gaussians[0], run.rng, matching)
    return Mixture((GaussianComponent(again),), np.ones(1))


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
