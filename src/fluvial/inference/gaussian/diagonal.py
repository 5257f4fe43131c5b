r"""Stage 2 in many dimensions: batch-and-match with independent coordinates, linear in D.

Restricted to N(μ, diag(s²)), the objective of batch-and-match (see batch_and_match.py) is one
problem for each coordinate. From N(0, 1), with the batch's means z̄, ḡ and variances C, Γ of a
whitened coordinate and of its score, the minimizer is

.. math:: s^2 = \frac{2V}{1 + \sqrt{1 + 4UV}}, \quad \mu = \tfrac{\lambda}{1+\lambda}(s^2 ḡ + z̄),
    \quad U = \lambda\Gamma + \tfrac{\lambda}{1+\lambda} ḡ^2,
    \quad V = 1 + \lambda C + \tfrac{\lambda}{1+\lambda} z̄^2.

There are 2 unknowns a coordinate, not D, so that λ_t = B/(1 + t) forgets the batches before.
"""

from dataclasses import replace

import numpy as np

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.natural_gradient.natural_moves import solved
from fluvial.inference.settings import DEFAULT, MatchSettings, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian

__all__ = ["climb_diagonal", "match_diagonal"]


@np.errstate(over="ignore", invalid="ignore")
def match_diagonal(
    counted: CountedTarget,
    start: DiagonalGaussian,
    rng: np.random.Generator,
    settings: MatchSettings = DEFAULT.match,
) -> DiagonalGaussian:
    """Fit independent coordinates to the target by matching scores.

    As in ``batch_and_match``, draws that are not finite are left out, and a step with fewer than
    two usable draws halves the scales.

    Args:
        counted: what to fit; evaluated in batches of 64 draws.
        start: the first Gaussian; its mean should have a finite density.
        rng: source of the draws.
        settings: among them the most steps.

    Returns:
        The Gaussian with the highest mean log weight over a window of steps.
    """
    current = best = start
    best_elbo, window, waited, batch = -np.inf, [], 0, settings.independent_batch
    for t in range(settings.steps):
        z = rng.standard_normal((batch, start.dim))
        x = current.color(z)
        log_p, scores = counted.value_and_grad(x)
        usable = np.isfinite(log_p) & np.isfinite(scores).all(axis=1)
        if usable.sum() < 2:
            current = DiagonalGaussian(best.mean, 0.5 * current.sd)
            continue
        window.append(log_p[usable] - current.log_prob(x[usable]))
        if len(window) == settings.check_every:
            pooled, window = np.concatenate(window), []
            elbo, error = float(np.mean(pooled)), float(np.std(pooled)) / len(pooled) ** 0.5
            gained = elbo > best_elbo + settings.independent_gain * error
            waited = 0 if gained else waited + 1
            if elbo > best_elbo:
                best_elbo, best = elbo, current
            if waited == settings.independent_patience:
                break
        current = _next(current, z[usable], scores[usable] * current.sd, batch / (1.0 + t))
    return best


@np.errstate(over="ignore", invalid="ignore")
def climb_diagonal(
    counted: CountedTarget,
    start: DiagonalGaussian,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> DiagonalGaussian:
    """Take natural-gradient steps from where matching has ended.

    What many others hold, such as the mean of thousands of groups, is so narrow given them that
    matching, which moves by about a standard deviation a step, may never arrive; nor may it where
    data have placed a mode hundreds of its own standard deviations away. Steps double in length
    for as long as they gain; one that was longer than usual and has not is taken back.

    Args:
        counted: what to fit; evaluated in batches of 128 draws.
        start: the first Gaussian.
        rng: source of the draws.
        settings: the thresholds.

    Returns:
        The Gaussian with the highest mean log weight.
    """
    current = best = start
    batch, first = settings.match.independent_batch, settings.gaussian.climb_step
    best_elbo, waited, share, farthest = -np.inf, 0, 1.0, first
    ones, zeros = np.ones((1, 2 * batch, start.dim)), np.zeros((1, 2 * batch, start.dim))
    for _ in range(settings.gaussian.climbs):
        z = rng.standard_normal((batch, start.dim))
        z = np.concatenate([z, -z])
        x = current.color(z)
        log_p, scores = counted.value_and_grad(x)
        usable = np.isfinite(log_p) & np.isfinite(scores).all(axis=1)
        if usable.sum() < batch:
            break
        log_w = log_p[usable] - current.log_prob(x[usable])
        elbo, error = float(np.mean(log_w)), float(np.std(log_w)) / len(log_w) ** 0.5
        gained = elbo > best_elbo + error
        waited = 0 if gained else waited + 1
        if elbo > best_elbo:
            best_elbo, best = elbo, current
        if waited == settings.gaussian.climb_patience:
            break
        share *= 1.0 if elbo >= best_elbo else settings.gaussian.climb_shorter
        if farthest > first and not gained:
            current, farthest = best, first
            continue
        farthest = 2.0 * farthest if gained else first
        z, r = z[usable], scores[usable] * current.sd + z[usable]
        a = np.concatenate([ones, zeros])[:, : len(z)]
        move = solved(z, r, a, a[::-1], share, replace(settings.natural, farthest=farthest))
        current = DiagonalGaussian(
            current.mean + current.sd * move[0], current.sd * np.exp(move[1])
        )
    return best


def _next(q: DiagonalGaussian, z: np.ndarray, scores: np.ndarray, lam: float) -> DiagonalGaussian:
    z_bar, g_bar = z.mean(axis=0), scores.mean(axis=0)
    share = lam / (1.0 + lam)
    u = lam * scores.var(axis=0) + share * g_bar**2
    v = 1.0 + lam * z.var(axis=0) + share * z_bar**2
    variance = 2.0 * v / (1.0 + np.sqrt(1.0 + 4.0 * u * v))
    shift = share * (variance * g_bar + z_bar)
    usable = np.isfinite(shift) & np.isfinite(variance) & (variance > 0.0)
    mean = np.where(usable, q.mean + q.sd * shift, q.mean)
    return DiagonalGaussian(mean, np.where(usable, q.sd * np.sqrt(variance), 0.5 * q.sd))
