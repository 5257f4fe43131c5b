"""Step sizes as functions of the step: optax's schedules, and two that it does not have."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float32, Int

__all__ = ["step_sizes", "warmup_cosine", "warmup_stable_decay"]

_FLOOR = 1e-3


def step_sizes(
    schedule: optax.Schedule | int | float, steps: Int[Array | np.ndarray, " n"]
) -> Float32[Array, " n"]:
    """Return a schedule's values at given steps, shape (n,).

    Args:
        schedule: from a step, counted from 0, to a step size; or one step size for all.
        steps: at which, shape (n,).

    Example:
        >>> step_sizes(optax.linear_schedule(0.0, 1.0, 4), jnp.arange(3))
        Array([0.  , 0.25, 0.5 ], dtype=float32)
    """
    if not callable(schedule):
        return jnp.full(len(steps), schedule, jnp.float32)
    # optax multiplies integers with floats, which strict promotion forbids
    with jax.numpy_dtype_promotion("standard"):
        values = jax.vmap(schedule)(jnp.asarray(steps, jnp.int32))
    return jnp.asarray(values).astype(jnp.float32)


def warmup_cosine(
    peak: int | float, steps: int, warmup: int, last: int | float = 0.0
) -> optax.Schedule:
    r"""Rise in a straight line, and fall as a cosine (Loshchilov & Hutter 2017, arXiv 1608.03983).

    .. math:: \eta_t = \eta \min\left(1, \frac{t + 1}{w}\right)
              \left(r + (1 - r) \frac{1 + \cos(\pi t / T)}{2}\right)

    Unlike ``optax.warmup_cosine_decay_schedule`` it takes its first step, and may be shorter than
    its warm-up.

    Args:
        peak: the largest step size, η.
        steps: T, the step at which the fall ends.
        warmup: w, steps of the rise.
        last: r, what is left at the end, as a fraction of the peak.

    Example:
        >>> step_sizes(warmup_cosine(1.0, 100, warmup=4), jnp.array([0, 1, 50])).round(3)
        Array([0.25, 0.5 , 0.5 ], dtype=float32)
    """
    rise = optax.linear_schedule(1 / max(warmup, 1), 1.0, max(warmup - 1, 1))
    fall = optax.cosine_decay_schedule(peak, max(steps, 1), alpha=last)
    return lambda step: rise(step) * fall(step)


def warmup_stable_decay(
    rate: int | float, warmup: int, cooling_from: int | float = math.inf, cooling_steps: int = 1
) -> optax.Schedule:
    r"""Rise in a straight line, stay, and from some step on cool as a cosine.

    .. math:: \eta_t = \eta \min\left(1, \frac{t + 1}{w}\right) \cdot \begin{cases}
              1 & t < c \\ \frac{1 + \cos(\pi \min(1, (t + 1 - c) / C))}{2} + 10^{-3} & t \ge c
              \end{cases}

    "Warm-up, stable, decay" (Hu et al. 2024, arXiv 2404.06395). It needs no length in advance: when
    to cool can be decided as training goes, as ``fluvial.fit`` does.

    Args:
        rate: the step size of the stable phase, η.
        warmup: w, steps of the rise.
        cooling_from: c, the first step that cools; never, by default.
        cooling_steps: C, how many steps the fall takes.

    Returns:
        The schedule, of a step or an array of steps: a NumPy array gives a NumPy array.

    Example:
        >>> warmup_stable_decay(1.0, 2, 4, 2)(np.arange(6))
        array([0.5  , 1.   , 1.   , 1.   , 0.501, 0.001])
    """

    def schedule(step):
        xp = np if isinstance(step, np.ndarray) else jnp
        done = xp.clip((step + 1.0 - cooling_from) / cooling_steps, 0.0, 1.0)
        cooled = xp.where(step < cooling_from, 1.0, 0.5 + 0.5 * xp.cos(math.pi * done) + _FLOOR)
        return rate * xp.minimum(1.0, (step + 1.0) / warmup) * cooled

    return schedule
