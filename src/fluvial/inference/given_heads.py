"""Stage 2, where a few heads rule the rest: Laplace's approximation given them.

Densities with such heads, as a centered hierarchy's or a state space's, have no finite mode, and
what is matched from where climbs have ended hardly moves.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.gaussian.conditional import conditional_gaussian
from fluvial.inference.gaussian.expected_curvature import with_expected_curvature
from fluvial.inference.run import Run
from fluvial.inference.structure.find_structure import find_structure
from fluvial.inference.verdict.weighing import Weighed, weigh
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent

__all__ = ["matched_from_heads", "placed_by_heads"]


def placed_by_heads(run: Run, fitted: Weighed) -> Weighed:
    """Move a Gaussian to the mode of the heads' marginal density, if that is far higher there.

    The density of a centered hierarchy grows without bound as a scale goes to zero, so that climbs
    end in the neck of its funnel, and what is matched there moves out by a little at a time.

    Args:
        run: the fit.
        fitted: Gaussians, weighed.

    Returns:
        The Gaussian there, weighed; or ``fitted``.
    """
    counted, settings = run.counted, run.settings
    if counted.dim <= settings.flow.some or len(fitted.q.components) > 1 or run.always_train:
        return fitted
    if fitted.weights.half_variance <= settings.verdict.accurate_half_variance:
        return fitted
    gaussian = fitted.q.gaussians[0]
    at = DiagonalGaussian(gaussian.mean, gaussian.sd)
    heads = find_structure(counted, gaussian, run.rng, settings.structure).heads
    if not 1 <= len(heads) <= settings.match.held_heads:
        return fitted
    found = conditional_gaussian(counted, at, heads, settings.gaussian)
    if found is None or not found.gained > settings.match.misplaced:
        return fitted
    return weigh([GaussianComponent(found.gaussian)], run)


def matched_from_heads(run: Run, at: DiagonalGaussian, hubs: Sequence[int]) -> Gaussian:
    """Match a matrix, from Laplace's approximation given what rules the rest.

    Where few heads rule from there, too, that is what a modulated flow wants: matched as a whole,
    a Gaussian makes heads as narrow as the others are with their scales fixed.

    Args:
        run: the fit.
        at: where independent coordinates were matched.
        hubs: coordinates on which many others depend, which are held as heads are.
    """
    counted, settings, structure = run.counted, run.settings.match, run.settings.structure
    heads = find_structure(counted, at, run.rng, structure).heads
    # Where many bend by themselves, none of them rules the others.
    held = heads[: settings.held_heads] if len(heads) <= settings.few_heads else ()
    given = conditional_gaussian(counted, at, held, run.settings.gaussian)
    start = None if given is None else given.gaussian
    if start is not None:
        fixed = sorted({*held, *hubs})
        start = with_expected_curvature(counted, start, run.rng, fixed, run.settings.gaussian)
        ruling = find_structure(counted, start, run.rng, structure).heads if held else ()
        if 1 <= len(ruling) <= settings.few_heads:
            return start
    # A step takes time as D³ does.
    steps = int(max(settings.steps * (settings.dense / at.dim) ** 2, settings.check_every))
    start = start or Gaussian(at.mean, np.diag(at.sd))
    return batch_and_match(counted, start, run.rng, replace(settings, steps=steps))
