"""How much of the mass each component holds, and what draws of them all are worth."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.inference.verdict.verdict import is_accurate, tail_matters
from fluvial.log_sum_exp import log_sum_exp
from fluvial.objectives import Importance
from fluvial.objectives.importance import joined
from fluvial.posterior.accuracy import ApproximationError, approximation_error
from fluvial.posterior.mixture import Component, Mixture

__all__ = [
    "Weighed",
    "defended",
    "error_of",
    "mixture_of",
    "weigh",
    "weigh_unless_poor",
    "weighed",
    "with_own_draws",
    "with_wider_base",
]


def mixture_of(
    components: list[Component],
    counted: CountedTarget,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> Mixture:
    r"""Weigh components by the evidence that each of them holds.

    Draws x_i from all components alike get importance weights W_i = p(x_i) / (1/M Σ q_k(x_i)).
    The mixture weights then maximize Σ W_i ln Σ_k w_k q_k(x_i), that is, minimize KL(p‖q), by EM:

    .. math:: w_k \leftarrow \sum_i W_i \frac{w_k q_k(x_i)}{q(x_i)} \Big/ \sum_i W_i

    For components that are far apart this is w_k ∝ Z_k, their own evidences; where they overlap,
    what they share is not counted twice. Components with almost no weight are dropped.
    """
    if len(components) == 1:
        return Mixture(tuple(components), np.ones(1))
    weigh = settings.weigh
    size = max(weigh.component_draws // len(components), weigh.least_component_draws)
    dim = components[0].gaussian.dim
    x = np.concatenate(
        [c.sample_and_log_prob(rng.standard_normal((size, dim)))[0] for c in components]
    )
    log_p = counted.values(x)
    log_q = np.stack([c.log_prob(x) for c in components], axis=1)
    usable = np.isfinite(log_p) & np.isfinite(log_q).any(axis=1)
    log_w = log_p[usable] - log_sum_exp(log_q[usable], axis=1)
    weights = np.full(len(components), 1.0 / len(components))
    if usable.any():
        q = np.exp(log_q[usable] - log_q[usable].max(axis=1, keepdims=True))
        w = np.exp(log_w - log_sum_exp(log_w))
        for _ in range(settings.weigh.em_steps):
            weights = weights * ((w / np.maximum(q @ weights, 1e-300)) @ q)
    kept = weights >= settings.weigh.negligible
    chosen = tuple(c for c, keep in zip(components, kept, strict=True) if keep)
    return Mixture(chosen, weights[kept] / weights[kept].sum())


class Weighed(NamedTuple):
    """An approximation with evaluated draws of it, and their importance weights.

    Attributes:
        q: the approximation.
        x: draws of it, or of it with a wider base, shape (S, D).
        log_p: log density of the target at each, in nats.
        weights: of the draws.
    """

    q: Mixture
    x: Float[np.ndarray, "S D"]
    log_p: Float[np.ndarray, " S"]
    weights: Importance


def weighed(q: Mixture, proposal: Mixture, run: Run, draws: int | None = None) -> Weighed:
    """Weigh draws of a proposal, which is q or q with a wider base."""
    x, log_q, strata = proposal.sample_strata(run.rng, draws or run.settings.weigh.draws)
    with run.counted.judging():
        log_p = run.counted.values(x)
    share = proposal.attainable_share
    return Weighed(q, x, log_p, Importance(log_p - log_q, strata, attainable_share=share))


def defended(run: Run, fitted: Weighed) -> Weighed:
    """Weigh draws with a wider base, where the weights of those without are not even."""
    weights = fitted.weights
    if not tail_matters(weights.ess, weights.attainable_ess, weights.largest, run.settings):
        return fitted
    return with_wider_base(run, fitted)


def with_wider_base(
    run: Run, fitted: Weighed, draws: int | None = None, before: Weighed | None = None
) -> Weighed:
    """Weigh draws with a wider base, which see what lies next to q, however even its weights.

    Args:
        run: the fit.
        fitted: the approximation.
        draws: how many; by default as many as the settings say.
        before: draws of the same that have been weighed already, and are kept.
    """
    drawn = weighed(fitted.q, run.settings.weigh.widened(fitted.q), run, draws)
    return drawn if before is None else _together(before, drawn)


def with_own_draws(
    q: Mixture, run: Run, draws: int | None = None, before: Weighed | None = None
) -> tuple[Weighed, Weighed]:
    """Weigh draws of q with a wider base once: those that are not scaled are q's own.

    Args:
        q: the approximation.
        run: the fit.
        draws: how many; by default as many as the settings say.
        before: draws of the same that have been weighed already, and are kept.

    Returns:
        The own draws, and all of them.
    """
    size = (draws or run.settings.weigh.draws) - (0 if before is None else len(before.x))
    drawn = weighed(q, run.settings.weigh.widened(q), run, size)
    drawn = drawn if before is None else _together(before, drawn)
    strata = drawn.weights.strata
    assert strata is not None
    own = strata < len(q.components)
    x, log_p = drawn.x[own], drawn.log_p[own]
    return Weighed(q, x, log_p, Importance(log_p - q.log_prob(x), strata[own])), drawn


def _together(one: Weighed, other: Weighed) -> Weighed:
    """All draws of one law."""
    x, log_p = (np.concatenate(parts) for parts in ((one.x, other.x), (one.log_p, other.log_p)))
    return Weighed(other.q, x, log_p, joined([one.weights, other.weights]))


def error_of(
    fitted: Weighed, points: Float[np.ndarray, "S D"], weights: Float[np.ndarray, " S"]
) -> ApproximationError:
    """Compare q's own draws with weighted ones, point by point where they are the same.

    They are all among those that ``with_own_draws`` has weighed.
    """
    finite = np.isfinite(fitted.weights.log_weights)
    own = finite / max(1, np.sum(finite))
    if points is fitted.x:
        return approximation_error(points, weights, own)
    shared = np.isin(points[:, 0], fitted.x[:, 0])
    if np.array_equal(points[shared], fitted.x):
        there = np.zeros(len(points))
        there[shared] = own
        return approximation_error(points, weights, there)
    both = np.append(weights, 0.0 * own), np.append(0.0 * weights, own)
    return approximation_error(points, *both, fitted.x)


def weigh(components: list[Component], run: Run) -> Weighed:
    """Make a mixture of components, and weigh its draws."""
    with run.counted.judging():
        q = mixture_of(components, run.counted, run.rng, run.settings)
    return weighed(q, q, run)


def weigh_unless_poor(component: Component, run: Run) -> Weighed:
    """Weigh a tenth of the draws of one component, and all where these are accurate.

    What is not will be replaced, so that all of many coordinates would be drawn for nothing.
    """
    q = Mixture((component,), np.ones(1))
    weigh = run.settings.weigh
    glance = weighed(q, q, run, max(weigh.draws // weigh.glance, 1))
    return weighed(q, q, run) if is_accurate(glance.weights, run.settings) else glance
