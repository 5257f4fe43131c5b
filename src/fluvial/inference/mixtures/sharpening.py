r"""Gaussians that overlap, made right together by their own weighted draws.

Each Gaussian of a mixture is matched to the whole density, which suits modes that are apart. Where
one lies within another, as a narrow core does in a wide density, matching ends between the two. A
mixture's draws with weights w_i = p/q tell them apart (population Monte Carlo: Cappé et al. 2008,
Statistics and Computing 18, 447): by the responsibilities r_k each has the mean and the covariance

.. math:: \mu_k = \frac{\sum_i w_i r_{ik} x_i}{\sum_i w_i r_{ik}}, \qquad
          \Sigma_k = \frac{\sum_i w_i r_{ik} (x_i - \mu_k)(x_i - \mu_k)^\top}{\sum_i w_i r_{ik}}.

It costs a few thousand evaluations a round and compiles nothing; what it does not make accurate is
left as it was.
"""

import numpy as np

from fluvial.inference.run import Run
from fluvial.inference.verdict.verdict import is_accurate
from fluvial.inference.verdict.weighing import Weighed, weigh
from fluvial.posterior.gaussian import Gaussian, moments
from fluvial.posterior.mixture import Component, GaussianComponent

__all__ = ["sharpened"]


def sharpened(run: Run, fitted: Weighed) -> Weighed:
    """Return a mixture of Gaussians made accurate, or what was given where that cannot be done."""
    if not fitted.q.gaussians or is_accurate(fitted.weights, run.settings):
        return fitted
    alone = len(fitted.q.components) == 1
    if alone and run.target.dim > run.settings.adaptive.sizes_max_dim:
        return fitted
    current = _several(run, fitted) if alone else fitted
    for _ in range(run.settings.weigh.sharpenings):
        if is_accurate(current.weights, run.settings):
            return current
        before, current = current, _weighed(_updated(run, current), run)
        if (
            not current.weights.half_variance
            < run.settings.adaptive.sharpening * before.weights.half_variance
        ):
            break
    return current if is_accurate(current.weights, run.settings) else fitted


def _several(run: Run, fitted: Weighed) -> Weighed:
    """One Gaussian in several sizes: what it was matched to may be one within the other."""
    (one,) = fitted.q.gaussians
    sizes = [Gaussian(one.mean, size * one.cholesky) for size in run.settings.adaptive.sizes]
    return _weighed([GaussianComponent(gaussian) for gaussian in sizes], run)


def _weighed(components: list[Component], run: Run) -> Weighed:
    """Weigh a mixture that may be dropped again, as long as a budget has room for that."""
    draws = run.settings.weigh.draws + len(components) * run.settings.weigh.component_draws
    run.counted.spend(draws)
    return weigh(components, run)


def _updated(run: Run, fitted: Weighed) -> list[Component]:
    q, x = fitted.q, fitted.x
    joint = np.stack([c.log_prob(x) for c in q.components], axis=1) + np.log(q.weights)
    shares = np.exp(joint - q.log_prob(x)[:, None] + fitted.weights.smoothed[:, None])
    return [
        GaussianComponent(_of_share(gaussian, x, share, run.settings.adaptive.sharpening_draws))
        for gaussian, share in zip(q.gaussians, shares.T, strict=True)
    ]


def _of_share(gaussian: Gaussian, x: np.ndarray, share: np.ndarray, least: float) -> Gaussian:
    """The Gaussian of its share of the draws; as it was where they are too few to tell."""
    total = share.sum()
    if not total > 0.0 or total**2 / np.sum(share**2) < least * gaussian.dim:
        return gaussian
    try:
        return moments(x, share)
    except np.linalg.LinAlgError:
        return gaussian
