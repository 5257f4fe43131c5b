r"""How narrow a mode elsewhere may be that looks from around an approximation still see.

Let the approximation be N(0, I) in whitened coordinates, and let another mode, as heavy, s times as
wide and d sd away in a direction μ of which nothing is known, be N(μ, s² I). A look at x sees it
where its density exceeds that of q by e³, that is, within the ball

.. math:: |x - \mu|^2 < 2 s^2 \left(-D \ln s - \tfrac{D}{2} \ln 2\pi - \ln q(x) - 3\right).

Of all directions that μ may have, those whose ball holds a look at radius r are a cap of the
sphere, whose share has a closed form (Li 2011, Asian Journal of Mathematics & Statistics 4, 66).
Far out it is a cone with sin θ = s: for half the width one direction in 3,528 in ten coordinates.
Nothing else tells where the mode is, since everywhere else the density is that of the wide one to
the last digit. So looks have to be as many as that; where these are too many, what so many as are
made would see is said instead.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import betainc

from fluvial.constants import LOG_2PI
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.mode_search.annealed import shell_points
from fluvial.inference.settings import DEFAULT, SearchSettings, Settings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = [
    "FarLooks",
    "LookKind",
    "cap_share",
    "counts_far",
    "kind_of",
    "look_far",
    "looks_before",
    "narrowest_seen",
    "sentence_of",
]

_DISTANCES = 8  # arithmetic: of a grid on which hits change slowly
_WIDTHS = (0.01, 1.0)  # arithmetic: where bisection begins, ...
_HALVINGS = 9  # arithmetic: ... and ends: of the logarithm, to 1 %


class LookKind(NamedTuple):
    """Looks of one law.

    Attributes:
        x: some of them.
        log_q: ln q at each of these.
        number: of all.
    """

    x: Float[np.ndarray, "N D"]
    log_q: Float[np.ndarray, " N"]
    number: int


class FarLooks(NamedTuple):
    """Of looks far out those that most contradict an approximation.

    Attributes:
        points: where the density exceeds it by far, of the highest or with the largest excess.
        log_p: the log density at each.
        kinds: of all looks that were made.
    """

    points: Float[np.ndarray, "N D"]
    log_p: Float[np.ndarray, " N"]
    kinds: tuple[LookKind, ...]


def cap_share(cosine: Float[np.ndarray, "*S"], dim: int) -> Float[np.ndarray, "*S"]:
    """Return the share of directions within an angle of a given one.

    Args:
        cosine: of the angle.
        dim: D.

    Example:
        >>> cap_share(np.array([0.5]), 3)  # a quarter: a cap's area grows with its height
        array([0.25])
    """
    clipped = np.clip(cosine, -1.0, 1.0)
    half = 0.5 * betainc(max(0.5 * (dim - 1), 1e-9), 0.5, 1.0 - clipped**2)
    return np.where(clipped >= 0.0, half, 1.0 - half)


def looks_before(counted: CountedTarget, settings: Settings = DEFAULT) -> bool:
    """Say whether looks are made before the fit: not in few coordinates, nor if each is a call."""
    explore = settings.explore
    return not counted.target.on_host and explore.well_seen < counted.dim <= explore.max_dim


def counts_far(counted: CountedTarget, settings: Settings = DEFAULT) -> list[int]:
    """Return how many more looks are made far out, where none before the fit have been.

    Args:
        counted: the target.
        settings: the thresholds.

    Returns:
        A number for each of ``far_spreads``.
    """
    search, seen = settings.search, settings.explore.well_seen
    if not counted.target.on_host or not seen < counted.dim <= search.sideways_dims[1]:
        return [0 for _ in search.far_spreads]
    cone = float(cap_share(np.array(np.sqrt(1.0 - search.far_width**2)), counted.dim))
    needed = int(np.ceil(-np.log(search.narrow_missed) / cone))
    return [int(np.clip(needed, *search.far_looks)) for _ in search.far_spreads]


def look_far(
    counted: CountedTarget,
    q: Mixture,
    log_evidence: float,
    overall: Gaussian,
    rng: np.random.Generator,
    settings: Settings = DEFAULT,
) -> FarLooks:
    """Look far out, evenly in all directions, and keep the points that most contradict q.

    Args:
        counted: the target.
        q: the approximation.
        log_evidence: ln Z as estimated from q, in nats.
        overall: the Gaussian of q's mean and covariance.
        rng: decides where to look.
        settings: the thresholds.
    """
    search, kinds = settings.search, []
    points, log_p, excess = np.empty((0, q.dim)), np.empty(0), np.empty(0)
    for number, spread in zip(counts_far(counted, settings), search.far_spreads, strict=True):
        for done in range(0, number, search.sideways_chunk):
            chunk = min(search.sideways_chunk, number - done)
            x = shell_points(overall, [chunk], [spread], rng)
            values, log_q = counted.values(x), q.log_prob(x)
            points, log_p = np.concatenate([points, x]), np.concatenate([log_p, values])
            excess = np.concatenate([excess, values - log_q - log_evidence])
            outside = np.flatnonzero(np.isfinite(log_p) & (excess > search.excess))
            best = [outside[np.argsort(-height[outside])] for height in (log_p, excess)]
            kept = np.unique([rows[: search.far_kept] for rows in best])
            points, log_p, excess = points[kept], log_p[kept], excess[kept]
            if not done:
                kinds.append(kind_of(x, log_q, search, number=number))
    return FarLooks(points, log_p, tuple(kinds))


def kind_of(
    x: Float[np.ndarray, "N D"],
    log_q: Float[np.ndarray, " N"],
    search: SearchSettings = DEFAULT.search,
    *,
    number: int | None = None,
) -> LookKind:
    """Sum up looks of one kind by some of them.

    Args:
        x: looks.
        log_q: at each of them.
        search: the thresholds.
        number: of all looks of that kind, if there are more.
    """
    rows = np.linspace(0, len(x) - 1, min(len(x), search.far_sample)).astype(int)
    return LookKind(x[rows], log_q[rows], len(x) if number is None else number)


def sentence_of(
    overall: Gaussian,
    kinds: Sequence[LookKind],
    distance: float,
    search: SearchSettings = DEFAULT.search,
) -> str:
    """Say which other modes looks would have seen; see ``narrowest_seen``."""
    width, share = narrowest_seen(overall, kinds, distance, search), 1.0 - search.narrow_missed
    others = f"of other modes as heavy, up to {distance:.0f} sd away"
    if np.isinf(width):
        return f"By an estimate, its looks would find less than {share:.0%} {others}, however wide."
    return (
        f"By an estimate, its looks would find {share:.0%} {others} and at least {width:.2g} times "
        "as wide as what was found."
    )


def narrowest_seen(
    overall: Gaussian,
    kinds: Sequence[LookKind],
    distance: float,
    search: SearchSettings = DEFAULT.search,
) -> float:
    """Return how wide another mode, as heavy, has to be for looks to see nearly all of such.

    Args:
        overall: the Gaussian of q's mean and covariance; the other mode has its shape.
        kinds: of looks.
        distance: of the farthest such mode, in sd.
        search: the thresholds.

    Returns:
        As a part of the width of ``overall``; infinite where they would not see one as wide.
    """
    kinds = [kind for kind in kinds if kind.number]
    if not kinds:
        return np.inf
    dim, least = overall.dim, -np.log(search.narrow_missed)
    r = np.concatenate([np.linalg.norm(overall.whiten(kind.x), axis=1) for kind in kinds])
    log_q = np.concatenate([kind.log_q for kind in kinds]) + overall.log_det
    each = np.concatenate([np.full(len(kind.x), kind.number / len(kind.x)) for kind in kinds])
    nearest = search.far_nearest
    d = np.geomspace(nearest, max(distance, nearest), _DISTANCES)[:, None]

    def is_seen(width: float) -> bool:
        margin = -dim * (np.log(width) + 0.5 * LOG_2PI) - log_q - search.excess
        with np.errstate(divide="ignore", invalid="ignore"):
            cosine = (r**2 + d**2 - 2.0 * width**2 * margin) / (2.0 * r * d)
        hits = cap_share(np.nan_to_num(cosine, nan=1.0), dim) @ each
        return bool(np.min(hits) >= least)

    low, high = np.log(_WIDTHS)
    if not is_seen(np.exp(high)):
        return np.inf
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if is_seen(np.exp(middle)) else (middle, high)
    return float(np.exp(high))
