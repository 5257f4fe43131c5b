"""Stage 0: a look at the target before any work is spent on it."""

import numpy as np
from jaxtyping import Float

from fluvial.errors import InputError
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.labels import index_origin

__all__ = ["finite_starts", "gradient_complaint"]


def finite_starts(
    counted: CountedTarget, rng: np.random.Generator, settings: Settings = DEFAULT
) -> Float[np.ndarray, "count D"]:
    """Find overdispersed points at which the density and its gradient are finite.

    Half are drawn uniformly from (−2, 2)^D, as Stan does; the rest from wider and wider laws, for
    modes that lie far out.

    Args:
        counted: the target.
        rng: decides every draw.
        settings: the thresholds, among them how many points.

    Returns:
        So many points, or fewer where finite ones are rare, but at least one.

    Raises:
        InputError: if no point is finite after all rounds.
    """
    count, tries = settings.start.count, settings.start.tries
    found, values = [np.empty((0, counted.dim))], np.empty(0)
    for attempt in range(tries):
        # ever smaller and ever larger, in turn
        factor = 2.0 ** ((-1) ** attempt * ((attempt + 1) // 2))
        points = factor * _overdispersed(count, counted.dim, settings.start.wider, rng)
        if attempt == 0:
            points[0] = 0.0
        values, grads = counted.value_and_grad(points)
        found.append(points[np.isfinite(values) & np.isfinite(grads).all(axis=1)])
        if sum(map(len, found)) >= count:
            break
    starts = np.concatenate(found)[:count]
    if not len(starts):
        faulty = counted.target.annotations.first_nonfinite(index_origin(counted.target))
        why = f"in the data {faulty}" if faulty else "check its support and its data"
        raise InputError(
            f"the log density or its gradient is not finite at any of {tries * count} starting "
            f"points around 0 (the last value was {values[-1]}): {why}."
        )
    return starts


def _overdispersed(count: int, dim: int, wider: float, rng: np.random.Generator) -> np.ndarray:
    points = rng.uniform(-2.0, 2.0, (count, dim))
    points[count // 2 :] *= wider
    points[3 * count // 4 :] *= wider
    return points


def gradient_complaint(
    counted: CountedTarget,
    x: Float[np.ndarray, " D"],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> str | None:
    """Compare the gradient at x with central differences along one random direction.

    Returns:
        A sentence if they disagree by more than 1 % at two step lengths, else None.
    """
    difference = settings.start.difference
    v = rng.standard_normal(len(x))
    v /= np.linalg.norm(v)
    slopes = []
    for step in (difference, 100.0 * difference):
        high, low = counted.values(np.stack([x + step * v, x - step * v]))
        slopes.append((high - low) / (2.0 * step))
    slope = float(counted.value_and_grad(x[None])[1][0] @ v)
    errors = [abs(slope - s) / (1.0 + abs(s)) for s in slopes if np.isfinite(s)]
    if not errors or min(errors) <= settings.start.gradient_tolerance:
        return None
    return (
        f"The gradient of the log density is wrong: along one direction it says {slope:.4g}, "
        f"finite differences say {slopes[0]:.4g}."
    )
