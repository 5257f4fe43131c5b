"""Stage 2, from an earlier fit: what of it is right as it is, and what has to move."""

import numpy as np
from jaxtyping import Float

from fluvial.inference.climbing import Optimum
from fluvial.inference.gaussian import batch_and_match
from fluvial.inference.improper import improper_complaint
from fluvial.inference.laplace import laplace_or
from fluvial.inference.matching import Matched, match
from fluvial.inference.run import Run
from fluvial.inference.starts import distinct
from fluvial.inference.verdict import is_accurate
from fluvial.inference.warm import Warm
from fluvial.inference.weighing import Weighed, weigh
from fluvial.objectives import Importance
from fluvial.posterior.gaussian import Gaussian, covers
from fluvial.posterior.mixture import FlowComponent, GaussianComponent

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
    if warm.complete and _is_promising(run, warm):
        fitted = weigh([*warm.components, *map(GaussianComponent, new)], run)
        flows = any(isinstance(c, FlowComponent) for c in fitted.q.components)
        if is_accurate(fitted.weights, run.settings) or (flows and _is_near(run, fitted)):
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


def _is_promising(run: Run, warm: Warm) -> bool:
    """Whether a few draws of the earlier approximation have weights that are at all even."""
    q = warm.posterior.approximation
    x, log_q = q.sample(run.rng, run.settings.search.draws)
    few = Importance(run.counted.values(x) - log_q)
    flows = any(isinstance(component, FlowComponent) for component in q.components)
    poor = run.settings.match.poor_half_variance
    enough = poor if flows else 2.0 * run.settings.verdict.accurate_half_variance
    return bool(few.half_variance <= enough)


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
