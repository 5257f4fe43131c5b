"""A factor of a product, fitted as a density of its own: a mixture of Gaussians.

In its few coordinates climbs and looks find all modes, which in all coordinates together are too
many.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.climbs.climbing import climb_from
from fluvial.inference.climbs.starts import differ
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.matching import match
from fluvial.inference.mixtures.adaptive import adapt
from fluvial.inference.mode_search.exploring import explore
from fluvial.inference.mode_search.mode_search import mass_outside
from fluvial.inference.products.basis import Basis
from fluvial.inference.run import Run
from fluvial.inference.verdict.verdict import is_accurate
from fluvial.posterior.mixture import Mixture
from fluvial.targets import Target

__all__ = ["fit_factor"]


def fit_factor(
    run: Run,
    view: CountedTarget | Basis,
    heads: Float[np.ndarray, "M D"],
    starts: Float[np.ndarray, "N D"],
    own: Int[np.ndarray, " d"],
) -> Mixture | None:
    """Fit a mixture of Gaussians to the coordinates of a factor.

    Args:
        run: the fit, whose random numbers decide every draw.
        view: the target, in the coordinates in which it is a product.
        heads: points of high density, at the first of which the other coordinates stay.
        starts: points far apart.
        own: the coordinates.

    Returns:
        It; or None where its weights are not right, or modes may be missing.
    """
    settings = run.settings
    counted = CountedTarget(_restricted(view, heads[0], own), settings)
    single = replace(run, counted=counted, flow="gaussian", always_train=False, warm=None)
    first = np.concatenate([starts, heads])[:, own]
    ends = climb_from(counted, first, settings)
    if differ(counted, [end for end in ends if end.converged], settings):
        explored = explore(counted, first, ends, run.rng, settings)
        if explored.doubtful:
            return None
        ends = [*ends, *explored.ends]
    fitted = match(single, first, ends).fitted
    if not is_accurate(fitted.weights, settings):
        found = adapt(single, fitted)
        if found is None:
            return None
        fitted = found.fitted
    evidence = fitted.weights.log_evidence
    missed = mass_outside(counted, fitted.q, evidence, run.rng, settings).outliers
    return None if missed or not fitted.q.gaussians else fitted.q


def _restricted(
    view: CountedTarget | Basis, at: Float[np.ndarray, " D"], own: Int[np.ndarray, " d"]
) -> Target:
    """The density as a function of some coordinates, while the others stay."""

    def placed(u: np.ndarray) -> np.ndarray:
        points = np.tile(at, (len(u), 1))
        points[:, own] = u
        return points

    return Target.from_numpy(
        lambda u: view.values(placed(u)),
        dim=len(own),
        vectorized=True,
        gradient=lambda u: view.value_and_grad(placed(u))[1][:, own],
    )
