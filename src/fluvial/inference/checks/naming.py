"""Parameters are named that change along a direction of unconstrained space."""

import numpy as np

from fluvial.posterior.labels import index_origin, scalars
from fluvial.targets import Target

__all__ = ["named_along"]

_MOST_NAMES = 6  # wording
_STEP = 1e-3  # arithmetic: of a difference, in units of the largest coordinate of a direction


def named_along(target: Target, center: np.ndarray, ray: np.ndarray) -> str:
    """Name the parameters that change along a ray, in the model's own words where it has any.

    Args:
        target: which maps coordinates to parameters.
        center: where the ray begins, shape (D,).
        ray: its direction, shape (D,).
    """
    step = _STEP * ray / np.abs(ray).max()
    ends = target.constrain(np.stack([center - step, center + step]))
    columns = scalars({n: ends[n] for n in target.parameters}, index_origin(target))
    changes = {name: float(high - low) for name, (low, high) in columns.items()}
    if not max(map(abs, changes.values()), default=0.0) > 1e-3 * _STEP:
        changes = {f"coordinate {i}": float(x) for i, x in enumerate(step)}
    largest = max(map(abs, changes.values()))
    moving = {n: c / largest for n, c in changes.items() if abs(c) > 0.05 * largest}
    names = sorted(moving, key=lambda name: -abs(round(moving[name], 2)))[:_MOST_NAMES]
    text = ", ".join(names) + (
        f" and {len(moving) - _MOST_NAMES} more" if len(moving) > _MOST_NAMES else ""
    )
    if len(names) == 1:
        return text
    sign = 1.0 if moving[names[0]] > 0 else -1.0
    return f"{text} (as {' : '.join(f'{sign * moving[name]:.2g}' for name in names)})"
