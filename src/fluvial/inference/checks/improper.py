r"""Whether a density can be normalized, asked before any work is spent on it.

Along a ray at distance r a density that decays no faster than 1/r has no finite integral, so that
d ln p / d ln r ≥ −1 far out is a sign of an improper density, unless ln p has fallen so deep before
that the rest of the ray does not matter.
"""

import numpy as np
from jaxtyping import Bool, Float

from fluvial.inference.checks.naming import named_along
from fluvial.inference.climbs.climbing import maximize
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

__all__ = [
    "IMPROPER_ADVICE",
    "complaint_along",
    "improper_complaint",
    "improper_on_axes",
    "slopes_along",
]

IMPROPER_ADVICE = (
    "Give these parameters proper priors, or leave out, or fix, one of those that the data cannot "
    "tell apart; no flow and no sampler can draw from a density that has no finite integral."
)

_NUMBERS = 2**19  # memory: of the rays that are looked along at once: 4 MB, and some copies


def improper_complaint(
    counted: CountedTarget,
    mean: Float[np.ndarray, " D"],
    cholesky: Float[np.ndarray, "D D"],
    settings: Settings = DEFAULT,
) -> str | None:
    r"""Look along the axes of a Gaussian, and of its coordinates, for tails that are too heavy.

    The rays are the coordinate axes, the columns of L, the eigenvectors of LLᵀ, and the line from
    the origin to a mean that has run away, as it does where nothing holds it; both ways, out to
    10⁶ and 10⁸ standard deviations.

    Returns:
        A sentence that names the parameters, or None.
    """
    scales = np.linalg.norm(cholesky, axis=1)
    left, sizes, _ = np.linalg.svd(cholesky)
    rays = [np.diag(scales), cholesky.T, (left * sizes).T]
    if np.linalg.norm(mean) > np.linalg.norm(scales):
        rays.append(mean[None])
    return complaint_along(counted, mean, np.concatenate(rays), settings)


def improper_on_axes(
    counted: CountedTarget,
    mean: Float[np.ndarray, " D"],
    sd: Float[np.ndarray, " D"],
    settings: Settings = DEFAULT,
) -> str | None:
    """Look as ``improper_complaint`` does, but along the coordinates alone, some at a time.

    It takes 4 D evaluations, and memory for a few points.
    """
    improper, top = settings.improper, counted.values(mean[None])
    at_once = max(_NUMBERS // len(sd), 1)
    for axes in np.array_split(np.arange(len(sd)), -(-len(sd) // at_once)):
        rays = np.zeros((len(axes), len(sd)))
        rays[np.arange(len(axes)), axes] = sd[axes]
        for way in (1.0, -1.0):
            near, far = (
                counted.far_values(mean + way * r * rays) for r in (improper.near, improper.far)
            )
            flat = _flat(*_slopes(top, near, far, settings))
            if len(flat):
                return _complaint(counted.target, mean, way * rays[flat[0]])
    return None


def slopes_along(
    counted: CountedTarget,
    center: Float[np.ndarray, " D"],
    rays: Float[np.ndarray, "R D"],
    settings: Settings = DEFAULT,
    *,
    power: float = 1.0,
    relaxed: bool = False,
) -> tuple[Float[np.ndarray, " R2"], Bool[np.ndarray, " R2"]]:
    """Measure d ln p / d ln r far out along rays, and then along their opposites.

    Args:
        counted: the target.
        center: where the rays begin.
        rays: of the length at which r is 1.
        settings: the thresholds.
        power: of the tail 1/r^power, below which by ``deep`` nats a density no longer matters.
        relaxed: whether to climb in the directions orthogonal to each ray.

    Returns:
        The slopes, and whether they are known and matter.
    """
    improper = settings.improper
    both = np.concatenate([rays, -rays])
    top = counted.values(center[None])
    steps = [r * both for r in (improper.near, improper.far)]
    if relaxed:
        near, far = (_relaxed(counted, center, step, settings) for step in steps)
    else:
        near, far = (counted.values(center + step) for step in steps)
    return _slopes(top, near, far, settings, power)


def _slopes(
    top, near, far, settings: Settings, power: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes from log densities in the middle and at two distances, and whether they matter."""
    improper = settings.improper
    with np.errstate(invalid="ignore"):
        slope = (far - near) / np.log(improper.far / improper.near)
        shallow = far >= top - power * np.log(improper.far) - improper.deep
    return slope, np.isfinite(slope) & shallow


def complaint_along(
    counted: CountedTarget,
    center: Float[np.ndarray, " D"],
    rays: Float[np.ndarray, "R D"],
    settings: Settings,
    *,
    relaxed: bool = False,
) -> str | None:
    """Return a sentence on the first of the rays along which the density does not fall off.

    Args:
        counted: the target.
        center: where the rays begin.
        rays: they and their opposites are looked along.
        settings: the thresholds.
        relaxed: whether to climb in the directions orthogonal to the first of them, if all fall
            off.
    """
    rays = rays[np.any(rays != 0.0, axis=1)]
    if not len(rays):
        return None
    both = np.concatenate([rays, -rays])
    flat = _flat(*slopes_along(counted, center, rays, settings))
    if relaxed and not len(flat):
        both = both[[0, len(rays)]]
        flat = _flat(*slopes_along(counted, center, rays[:1], settings, relaxed=True))
    if not len(flat):
        return None
    return _complaint(counted.target, center, both[flat[0]])


def _complaint(target: Target, center: np.ndarray, ray: np.ndarray) -> str:
    name = named_along(target, center, ray)
    return (
        f"The density looks improper: along {name} it falls off no faster than 1/distance, so "
        "it has no finite integral and no draws."
    )


def _flat(slope: Float[np.ndarray, " R"], matters: Bool[np.ndarray, " R"]) -> np.ndarray:
    return np.flatnonzero(matters & (slope >= -1.0 + 1e-6))


def _relaxed(
    counted: CountedTarget,
    center: Float[np.ndarray, " D"],
    steps: Float[np.ndarray, "R D"],
    settings: Settings,
) -> Float[np.ndarray, " R"]:
    """Return log densities after steps, and a climb in the directions orthogonal to each.

    Where gradients are rounded to float32, the direction of a ridge is known to seven digits, and
    a long step along it ends off the ridge.
    """
    ends = [
        maximize(
            counted,
            Gaussian(center + step, np.eye(len(step)) - np.outer(step, step) / (step @ step)),
            settings,
        )
        for step in steps
    ]
    return np.array([-np.inf if end is None else end.log_p for end in ends])
