r"""Whether a density can be normalized, asked before any work is spent on it.

Along a ray at distance r a density that decays no faster than 1/r has no finite integral, so that
d ln p / d ln r ≥ −1 far out is a sign of an improper density, unless ln p has fallen so deep before
that the rest of the ray does not matter.

Priors that are missing leave a density constant along a line that need not be an axis: a − b is all
that the data say of a + b. Such a direction is orthogonal to the gradient at every point, and so it
is found to float64's precision among the right singular vectors of gradients at many points.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solve_triangular

from fluvial.inference.climbs.climbing import maximize
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.labels import index_origin, scalars
from fluvial.targets import Target

__all__ = [
    "IMPROPER_ADVICE",
    "improper_complaint",
    "improper_on_axes",
    "named_along",
    "slopes_along",
    "unidentified_complaint",
]

IMPROPER_ADVICE = (
    "Give these parameters proper priors, or leave out, or fix, one of those that the data cannot "
    "tell apart; no flow and no sampler can draw from a density that has no finite integral."
)

_MOST_NAMES = 6  # wording
_STEP = 1e-3  # arithmetic: of a difference, in units of the largest coordinate of a direction
_INVERSE_STEPS = 3  # arithmetic: each makes what no row sees larger by eps^-1
_NUMBERS = 2**19  # memory: of the rays that are looked along at once: 4 MB, and some copies


def unidentified_complaint(
    counted: CountedTarget,
    points: Float[np.ndarray, "N D"],
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> str | None:
    """Look for directions along which the density is constant, or does not fall off.

    Args:
        counted: the target.
        points: where the density is finite, such as starts and the ends of climbs from them.
        rng: source of the points at which gradients are compared.
        settings: the thresholds.

    Returns:
        A sentence that names the parameters, or None.
    """
    improper = settings.improper
    values, dim = counted.values(points), counted.dim
    moderate = np.isfinite(values) & (np.abs(points).max(axis=1) < improper.moderate)
    if dim > improper.max_dim or not moderate.any():
        return None
    center = points[np.argmax(np.where(moderate, values, -np.inf))]
    cloud = np.repeat(improper.spreads, dim)[:, None] * rng.standard_normal(
        (len(improper.spreads) * dim, dim)
    )
    _, gradients = counted.value_and_grad(np.concatenate([points[moderate], center + cloud]))
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(gradients, axis=1)
    rows = (
        gradients[np.isfinite(norms) & (norms > 0.0)]
        / norms[np.isfinite(norms) & (norms > 0.0), None]
    )
    if len(rows) <= dim:
        return None
    directions = _hardly_seen(rows, improper.flat, improper.directions)
    return _along(counted, center, directions, settings, relaxed=True)


def _hardly_seen(
    rows: Float[np.ndarray, "N D"], flat: float, most: int
) -> Float[np.ndarray, "M D"]:
    """Right singular vectors of the smallest singular values, the smallest first.

    A few, by inverse iteration with the triangular factor R of the rows, which takes a tenth of the
    time of a singular value decomposition, or less. What no row sees has a singular value of 1e-16,
    and stands out from all others after one step.

    Args:
        rows: N > D of them, of norm 1.
        flat: of the largest singular value, above which a direction is left out.
        most: directions.
    """
    triangle = np.asarray(np.linalg.qr(rows, mode="r"))
    diagonal = np.diag(triangle)
    tiny = np.finfo(float).eps * np.abs(diagonal).max()
    np.fill_diagonal(triangle, np.where(np.abs(diagonal) > tiny, diagonal, tiny))
    shape = len(triangle), min(most, len(triangle))
    block = np.random.default_rng(0).standard_normal(shape)
    for _ in range(_INVERSE_STEPS):
        block = np.linalg.qr(solve_triangular(triangle, block, trans=1))[0]
        block = np.linalg.qr(solve_triangular(triangle, block))[0]
    _, sizes, within = np.linalg.svd(triangle @ block, full_matrices=False)
    directions = (within @ block.T)[::-1]
    # Of rows of norm 1 the largest singular value is at least that of their mean square.
    return directions[sizes[::-1] <= flat * np.linalg.norm(triangle) / len(triangle) ** 0.5]


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
    return _along(counted, mean, np.concatenate(rays), settings)


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


def _along(
    counted: CountedTarget,
    center: Float[np.ndarray, " D"],
    rays: Float[np.ndarray, "R D"],
    settings: Settings,
    *,
    relaxed: bool = False,
) -> str | None:
    """Return a sentence on the first of the rays along which the density does not fall off."""
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
