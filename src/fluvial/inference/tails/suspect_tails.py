r"""Which coordinates' draws may end before the target does, and whether they do.

Two things tell where to look, in any number of coordinates and for next to nothing. Draws of the
approximation whose weights are the smallest of all lie at the ends of such a coordinate. And by
Stein's identity, which holds of draws of the target and of none that stop where it goes on,

.. math:: E[(x_i - E x_i)\, \partial_i \ln p(x)] = -1 .

The coordinate that stands out most in either is asked about, however little it does, since no
sign is sure to exceed the noise of D coordinates; the answer is that of ``marginal_tails``.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.checks.naming import named_along
from fluvial.inference.run import Run
from fluvial.inference.settings import TailSettings
from fluvial.inference.tails.marginal_tails import MarginShift, margin_followed
from fluvial.inference.verdict.weighing import Weighed
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["missing_tails"]


def missing_tails(
    run: Run,
    fitted: Weighed,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
) -> str | None:
    """Say which coordinate goes on where draws end, if that is found of any.

    Args:
        run: the fit.
        fitted: the approximation, with its own draws.
        points: draws that would be handed out.
        weights: of these draws, summing to 1.

    Returns:
        A sentence, or None.
    """
    few = run.target.dim <= run.settings.flow.some  # where the search after the fit sees tails
    if few or run.target.streamed is not None or not np.all(np.isfinite(weights)):
        return None
    with run.counted.judging():
        gaussian = fitted.q.components[int(np.argmax(fitted.q.weights))].gaussian
        for coordinate in _suspects(run, fitted, points, weights):
            margin = _confirmed(run, gaussian, points, weights, coordinate)
            if margin is not None:
                return _sentence(run, gaussian.mean, coordinate, margin)
    return None


def _confirmed(
    run: Run,
    gaussian: Gaussian | DiagonalGaussian,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
    coordinate: int,
) -> MarginShift | None:
    """What all ensembles find to be missing.

    One alone may be too high by a factor a with a probability of 1/a (Markov's inequality), all
    N with one of a^-N.
    """
    found, settings = [], run.settings.margin
    for _ in range(run.settings.tail.ensembles):
        found.append(
            margin_followed(run.counted, gaussian, points, weights, coordinate, run.rng, settings)
        )
        if found[-1].largest <= run.settings.verdict.max_tail_shift:
            return None
    return min(found, key=lambda margin: margin.largest)


def _suspects(
    run: Run,
    fitted: Weighed,
    points: Float[np.ndarray, "S D"],
    weights: Float[np.ndarray, " S"],
) -> list[int]:
    signs = _at_ends(fitted, run.settings.tail), _breaking_off(run, points, weights)
    return sorted({int(np.argmax(sign)) for sign in signs})


def _at_ends(fitted: Weighed, settings: TailSettings) -> Float[np.ndarray, " D"]:
    """By how many standard errors the draws of the smallest weights lie further out than all."""
    order = np.argsort(fitted.weights.usable, kind="stable")
    some = fitted.x[:: max(len(fitted.x) // settings.asked, 1)]
    center, variance = some.mean(axis=0), some.var(axis=0)
    variance = np.where(variance > 0.0, variance, 1.0)
    signs = []
    for share in settings.lowest:
        count = max(int(share * len(order)), 2)
        lowest = fitted.x[order[:count]]
        further = ((lowest - center) ** 2).mean(axis=0) / variance - 1.0
        signs.append(further * np.sqrt(0.5 * count))
    return np.max(signs, axis=0)


def _breaking_off(
    run: Run, points: Float[np.ndarray, "S D"], weights: Float[np.ndarray, " S"]
) -> Float[np.ndarray, " D"]:
    """By how many standard errors Stein's identity fails, coordinate by coordinate."""
    asked = run.settings.tail.asked
    ticks = (np.arange(asked) + 0.5) / asked * weights.sum()
    chosen = np.minimum(np.searchsorted(np.cumsum(weights), ticks), len(points) - 1)
    x = points[chosen]
    values, scores = run.counted.value_and_grad(x)
    usable = np.isfinite(values) & np.isfinite(scores).all(axis=1)
    if usable.sum() < asked // 2:
        return np.zeros(run.target.dim)
    terms = (x[usable] - x[usable].mean(axis=0)) * scores[usable]
    noise = terms.std(axis=0) / np.sqrt(min(usable.sum(), 1.0 / np.sum(weights**2)))
    return np.abs(terms.mean(axis=0) + 1.0) / np.where(noise > 0.0, noise, np.inf)


def _sentence(
    run: Run, center: Float[np.ndarray, " D"], coordinate: int, margin: MarginShift
) -> str:
    name = named_along(run.target, center, np.eye(1, len(center), coordinate)[0])
    return (
        f"Mass is missing where the draws of {name} end: with what lies beyond, its mean is at "
        f"least {abs(margin.mean_shift):.2f} sd elsewhere, and its log sd off by "
        f"{abs(margin.log_sd_shift):.2f}."
    )
