"""Whether a function is deterministic, and whether its density falls off a cliff."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets.numpy_callable import NumpyDensity

__all__ = ["Findings", "cliff_doubt", "noise_doubt", "repeat"]


class Findings(NamedTuple):
    """Sentences: those that no result can survive, and those that rule out GOOD."""

    fatal: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def repeat(
    density: NumpyDensity,
    spending: Spending,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    repetition: int,
    settings: Settings,
) -> Findings:
    """Evaluate points once more, and compare.

    Args:
        density: the target's.
        spending: whose count it goes on.
        x: points.
        log_p: what was found there before.
        repetition: from 1, another one for each look.
        settings: the thresholds.
    """
    if not len(x):
        return Findings()
    again = density.repeated(x, repetition)
    spending.counted.count(len(x), 0)
    same = (again == log_p) | (np.isnan(again) & np.isnan(log_p))
    both = np.isfinite(again) & np.isfinite(log_p)
    difference = np.where(both, np.abs(np.where(both, again - log_p, 0.0)), np.inf)
    scale = settings.black_box.noise * np.maximum(1.0, np.abs(np.where(both, log_p, 1.0)))
    noisy = ~same & (difference > scale)
    if not noisy.any():
        return Findings()
    worst = float(np.max(difference[noisy]))
    said = "The function is not deterministic: evaluated again at the same point it differs by " + (
        f"{worst:.2g} nats." if np.isfinite(worst) else "being finite or not."
    )
    if worst > settings.verdict.max_evidence_se:
        return Findings(fatal=(f"{said} Make it deterministic, for instance with a fixed seed.",))
    return Findings(doubts=(said,))


def cliff_doubt(
    spending: Spending,
    where: Gaussian,
    x: Float[np.ndarray, "N D"],
    excess: Float[np.ndarray, " N"],
    settings: Settings,
) -> str | None:
    """Look for a jump of the density between draws that fell far below it and their neighbors.

    Args:
        spending: evaluates the target.
        where: in whose standard deviations distances are measured.
        x: draws of the proposal, without the widened ones.
        excess: ln p − ln q − ln Z of each.
        settings: the thresholds.
    """
    black_box = settings.black_box
    fallen = np.flatnonzero(~(excess > -1.5 * black_box.cliff))
    standing = np.flatnonzero(excess > -0.5 * black_box.cliff)
    if len(fallen) < black_box.cliff_share * len(x) or not len(standing):
        return None
    z = where.whiten(x)
    chosen = fallen[:: max(1, len(fallen) // black_box.repeated)][: black_box.repeated]
    nearest = [standing[np.argmin(np.sum((z[standing] - z[i]) ** 2, axis=1))] for i in chosen]
    low, high = x[chosen], x[nearest]
    bottom, top = spending.values(low), spending.values(high)
    if len(bottom) < len(low) or len(top) < len(high):
        return None
    width = np.linalg.norm(z[chosen] - z[nearest], axis=1)
    while np.max(width) > black_box.cliff_width:
        middle = 0.5 * (low + high)
        value = spending.values(middle)
        if len(value) < len(middle):
            return None
        fell = ~(value > 0.5 * (np.maximum(bottom, -1e300) + top))
        low, bottom = np.where(fell[:, None], middle, low), np.where(fell, value, bottom)
        high, top = np.where(fell[:, None], high, middle), np.where(fell, top, value)
        width = width / 2.0
    if not np.any(~(top - bottom < black_box.cliff)):
        return None
    return (
        f"The density has a cliff: it falls by more than {black_box.cliff:g} nats at once, and "
        f"{len(fallen) / len(x):.1%} of the draws are beyond it."
    )


def noise_doubt(
    spending: Spending,
    where: Gaussian,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    rng: np.random.Generator,
    settings: Settings,
) -> str | None:
    """Compare the density at a few points with that at points beside them.

    Noise that is a function of the point, as in a simulation seeded by its arguments, is the same
    at every call, and shows here.

    Args:
        spending: evaluates the target.
        where: in whose standard deviations distances are measured.
        x: points.
        log_p: the log density at each.
        rng: decides which are looked at, and in which direction.
        settings: the thresholds.
    """
    black_box = settings.black_box
    usable = np.flatnonzero(np.isfinite(log_p))
    chosen = rng.permutation(usable)[: black_box.repeated]
    step = black_box.rough_width * rng.standard_normal((len(chosen), where.dim))
    beside = spending.values(x[chosen] + step @ where.cholesky.T)
    with np.errstate(invalid="ignore"):
        difference = np.abs(beside - log_p[chosen][: len(beside)])
    rounding = black_box.rough_rounding * np.abs(log_p[chosen][: len(beside)])
    rough = np.isfinite(difference) & (difference > black_box.rough + rounding)
    if np.sum(rough) < 2:  # one may be a kink
        return None
    return (
        f"The function is noisy: within {black_box.rough_width:g} sd of a point it differs by "
        f"{np.median(difference[rough]):.2g} nats, and the draws are of the density with its noise."
    )
