"""Whether a function is deterministic, and whether its density falls off a cliff."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture
from fluvial.targets.numpy_callable import NumpyDensity

__all__ = [
    "Findings",
    "cliff_doubt",
    "noise_doubt",
    "plateau_doubt",
    "repeat",
    "repeat_heaviest",
]

_SAME = 1e-9  # arithmetic: relative, of likelihoods that differ by rounding


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


def repeat_heaviest(
    density: NumpyDensity,
    spending: Spending,
    history: History,
    repetition: int,
    settings: Settings,
) -> Findings:
    """Evaluate again the points that weigh most, and some of the others; see ``repeat``."""
    count = settings.black_box.repeated
    usable = np.flatnonzero(np.isfinite(history.log_p))
    if spending.interrupted or not len(usable):
        return Findings()
    heaviest = usable[np.argsort(-history.log_weights()[usable], kind="stable")]
    chosen = np.unique(np.concatenate([heaviest[: count // 2], usable[: count // 2]]))
    return repeat(density, spending, history.x[chosen], history.log_p[chosen], repetition, settings)


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
    fallen = np.flatnonzero(~(excess > -black_box.cliff))
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


def plateau_doubt(history: History, settings: Settings) -> str | None:
    """Say that nearly all of the mass is where the function is constant, if so.

    No draw there says in which direction the density rises, so that a peak is met by chance alone.

    Args:
        history: points with their densities, of a function with a prior.
        settings: the thresholds.
    """
    u = history.shares_of_mass
    used = u > 0.0
    if not used.any() or 1.0 / np.sum(u**2) < settings.black_box.least_fresh:
        return None  # a few points that hold all the mass are no plateau
    u, value = u[used], history.log_p[used] - history.log_reference[used]
    order = np.argsort(value, kind="stable")
    middle = value[order][np.searchsorted(np.cumsum(u[order]), 0.5 * u.sum())]
    share = float(u[np.abs(value - middle) <= _SAME * (1.0 + abs(middle))].sum())
    if share < settings.black_box.plateau:
        return None
    return (
        f"The function is constant, {middle:.6g}, over {share:.0%} of the mass: nothing there "
        "leads to a peak that was not met by chance."
    )


def noise_doubt(
    spending: Spending,
    q: Mixture,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    rng: np.random.Generator,
    settings: Settings,
) -> str | None:
    """Compare the density at a few points with that at points next to them.

    Noise that is a function of the point, as in a simulation seeded by its arguments, is the same
    at every call, and shows here: right next to a point the density differs, or a little farther
    away it is not between its values on both sides, as that of a smooth function is.

    Args:
        spending: evaluates the target.
        q: in whose standard deviations distances are measured.
        x: points.
        log_p: the log density at each.
        rng: decides which are looked at, and in which direction.
        settings: the thresholds.
    """
    black_box = settings.black_box
    usable = np.flatnonzero(np.isfinite(log_p))
    chosen = rng.permutation(usable)[: black_box.repeated]
    steps = _steps(q, x[chosen], rng)
    rounding = black_box.rough_rounding * np.abs(log_p[chosen])
    for width in black_box.rough_widths:
        ends = [spending.values(x[chosen] + sign * width * steps) for sign in (1.0, -1.0)]
        if min(map(len, ends)) < len(chosen):
            return None
        beside = ends[0] if width == black_box.rough_widths[0] else 0.5 * (ends[0] + ends[1])
        with np.errstate(invalid="ignore"):
            difference = np.abs(beside - log_p[chosen])
        rough = np.isfinite(difference) & (difference > black_box.rough + rounding)
        if np.sum(rough) >= 2:  # one may be a kink
            return (
                f"The function is noisy: within {width:g} sd of a point it differs by "
                f"{np.median(difference[rough]):.2g} nats from a smooth one, and the draws are of "
                "the density with its noise."
            )
    return None


def _steps(q: Mixture, x: Float[np.ndarray, "N D"], rng: np.random.Generator):
    """A random direction at each point, in standard deviations of the component it belongs to."""
    gaussians = [component.gaussian for component in q.components]
    joint = np.stack([gaussian.log_prob(x) for gaussian in gaussians]) + np.log(q.weights)[:, None]
    own = np.argmax(joint, axis=0)
    steps = rng.standard_normal(x.shape)
    centers = np.stack([gaussian.mean for gaussian in gaussians])
    colored = [gaussians[k].color(step[None])[0] for k, step in zip(own, steps, strict=True)]
    return np.reshape(colored, x.shape) - centers[own]
