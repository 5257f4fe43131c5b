r"""Whether mass runs away into the neck of a funnel, where the density has no finite integral.

A hierarchy whose scale has too flat a prior grows without bound as the scale goes to zero, while it
narrows in the coordinates that the scale rules. Neither the height nor the width alone says whether
the mass is finite; their product does. Along a coordinate t that modulates others (a head, see
find_structure.py), Laplace's approximation in the rest,

.. math:: F(t) = \max_r \ln p(t, r) - \tfrac12 \ln\det\left(-\nabla_r^2 \ln p\right),

is the log marginal density of t up to a constant, exactly where the rest is Gaussian given t. The
integral of e^F is infinite if F falls no faster than -ln|t|.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.checks.naming import named_along
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import CollapseSettings, Settings
from fluvial.inference.structure.find_structure import find_structure
from fluvial.posterior.gaussian import Gaussian

__all__ = ["collapse_complaint"]


def collapse_complaint(
    counted: CountedTarget, gaussian: Gaussian, rng: np.random.Generator, settings: Settings
) -> str | None:
    """Follow the log marginal density of each head far out, both ways.

    Args:
        counted: the target.
        gaussian: where to begin, and how wide the target is there.
        rng: decides where heads are looked for.
        settings: the thresholds.

    Returns:
        A sentence that names the parameter, or None.
    """
    collapse = settings.collapse
    if not 2 <= counted.dim <= collapse.max_dim:
        return None
    for head in find_structure(counted, gaussian, rng, settings.structure).heads[: collapse.heads]:
        for way in (-1.0, 1.0):
            if _keeps_mass(_profile(counted, gaussian, int(head), way, collapse), collapse):
                ray = way * np.eye(counted.dim)[head]
                return (
                    "The density looks improper: as "
                    f"{named_along(counted.target, gaussian.mean, ray)} goes on "
                    f"{'downwards' if way < 0 else 'upwards'}, it narrows in the other parameters "
                    "but keeps its mass, so it has no finite integral and no draws."
                )
    return None


def _keeps_mass(profile: list[float], collapse: CollapseSettings) -> bool:
    """Whether F falls by less than ln 2 would allow from one distance to its double, twice."""
    if len(profile) <= collapse.steps:
        return False
    far = [profile[collapse.steps // 4], profile[collapse.steps // 2], profile[collapse.steps]]
    return bool(np.all(np.diff(far) > -collapse.slope * np.log(2.0)))


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _profile(
    counted: CountedTarget, gaussian: Gaussian, head: int, way: float, collapse: CollapseSettings
) -> list[float]:
    """F at the distances 0, 1, 2, ... units, until it has fallen deep or cannot be followed."""
    x = gaussian.mean.copy()
    rest = np.delete(np.arange(counted.dim), head)
    scales = 1.0 / np.sqrt(np.diag(np.linalg.inv(gaussian.cholesky @ gaussian.cholesky.T))[rest])
    unit = way * max(1.0, float(np.linalg.norm(gaussian.cholesky[head])))
    found: list[float] = []
    while len(found) <= collapse.steps:
        top = _top(counted, x, rest, scales, collapse)
        if top is None or (found and top[2] < max(found) - collapse.deep):
            break
        x, scales = top[0], top[1]
        found.append(top[2])
        x = x.copy()
        x[head] += unit
    return found


def _top(
    counted: CountedTarget,
    x: Float[np.ndarray, " D"],
    rest: np.ndarray,
    scales: Float[np.ndarray, " R"],
    collapse: CollapseSettings,
) -> tuple[Float[np.ndarray, " D"], Float[np.ndarray, " R"], float] | None:
    """Newton's method in the rest: where it ends, the widths there, and F."""
    for _ in range(collapse.newton):
        steps = np.zeros((len(rest), counted.dim))
        steps[np.arange(len(rest)), rest] = collapse.difference * scales
        points = np.concatenate([x[None], x + steps, x - steps])
        values, scores = counted.value_and_grad(points)
        up, down = np.split(scores[1:, rest], 2)
        curvature = -(up - down) / (2.0 * collapse.difference * scales[:, None])
        try:
            factor = np.linalg.cholesky(0.5 * (curvature + curvature.T))
        except np.linalg.LinAlgError:
            return None
        move = np.linalg.solve(factor.T, np.linalg.solve(factor, scores[0, rest]))
        if not (np.isfinite(values[0]) and np.isfinite(move).all()):
            return None
        scales = 1.0 / np.sqrt(np.diag(curvature))
        if float(scores[0, rest] @ move) < collapse.decrement:
            return x, scales, float(values[0] - np.log(np.diag(factor)).sum())
        x = x.copy()
        x[rest] += move
    return None
