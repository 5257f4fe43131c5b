r"""Many climbs at once: L-BFGS in lockstep, so that a batch of points is evaluated at each step.

Each climb is L-BFGS (Liu & Nocedal 1989) with the line search of Lewis & Overton (2013, Math.
Programming 141, 135): bisection between steps that fail to gain enough (Armijo) and steps that
leave the slope too steep (weak Wolfe). It asks for nothing but values and gradients, and steps back
from where these are not finite. A climb that ends hands its place in the batch to the next start,
so that all batches have one size and one program is compiled, however many starts there are. Where
none is compiled, more go on together.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.climbs.lockstep import Climbs, Optimum
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian

__all__ = ["Optimum", "climb", "climb_from", "climb_until", "maximize"]


def maximize(
    counted: CountedTarget,
    start: Gaussian | DiagonalGaussian,
    settings: Settings = DEFAULT,
) -> Optimum | None:
    """Climb from the mean of ``start``, in the coordinates that whiten it; see ``climb``."""
    return climb(counted, start.mean[None], start.factor, settings)[0]


def climb(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    factor: Float[np.ndarray, "D D"] | Float[np.ndarray, " D"] | None = None,
    settings: Settings = DEFAULT,
) -> list[Optimum | None]:
    """Climb from each start.

    Args:
        counted: the target.
        starts: shape (N, D).
        factor: L, so that climbs go on in z with x = start + L z, or its diagonal if it has no
            other entries; by default the identity.
        settings: the thresholds.

    Returns:
        For each start where its climb ended, or None if that is not a finite point.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.targets import Target
        >>> target = Target(lambda x: -0.5 * jnp.sum((x - 3.0) ** 2), dim=2)
        >>> ends = climb(CountedTarget(target), np.array([[0.0, 0.0], [9.0, -5.0]]))
        >>> [end.x.round(4).tolist() for end in ends]
        [[3.0, 3.0], [3.0, 3.0]]
    """
    climbs = Climbs(counted, starts, factor, settings)
    while climbs.under_way:
        climbs.step()
    return climbs.ends


def climb_from(
    counted: CountedTarget, points: Float[np.ndarray, "N D"], settings: Settings = DEFAULT
) -> list[Optimum]:
    """Climb from each point, and return where the climbs ended."""
    return [end for end in climb(counted, points, settings=settings) if end is not None]


def climb_until(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    factor: Float[np.ndarray, "D D"] | Float[np.ndarray, " D"] | None,
    settings: Settings,
    arrived: Callable[[Float[np.ndarray, "M D"]], Bool[np.ndarray, " M"]],
    every: int,
) -> tuple[list[Optimum | None], Bool[np.ndarray, " N"]]:
    """Climb as ``climb`` does, and ask now and then which climbs need not go on.

    Args:
        counted: the target.
        starts: shape (N, D).
        factor: see ``climb``.
        settings: the thresholds.
        arrived: says of each of some points whether a climb may end there.
        every: steps between two such questions; a climb is asked of from as many iterations on.

    Returns:
        Where each climb ended, or None if that is not a finite point; and which of them ended
        because they had arrived.
    """
    climbs = Climbs(counted, starts, factor, settings)
    steps = 0
    while climbs.under_way:
        climbs.step()
        steps += 1
        if steps % every == 0:
            climbs.leave(arrived, every)
    return climbs.ends, climbs.left
