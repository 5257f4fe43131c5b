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
made would see is said instead. Near the approximation cones are wider, and looks at one distance
see some of what is at the next; so the farthest are counted first, and others add what is lacking.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import betainc

from fluvial.constants import LOG_2PI
from fluvial.inference.settings import DEFAULT, SearchSettings
from fluvial.posterior.gaussian import Gaussian

__all__ = [
    "LookKind",
    "cap_share",
    "farthest_seen",
    "kind_of",
    "narrowest_seen",
    "sentence_of",
    "shares_seen",
    "some_rows",
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


def cap_share(cosine: Float[np.ndarray, "*S"], dim: int) -> Float[np.ndarray, "*S"]:
    """Return the share of directions within an angle of a given one.

    Args:
        cosine: of the angle.
        dim: D.

    Example:
        >>> cap_share(np.array([0.5]), 3)  # a quarter: a cap's area grows with its height
        array([0.25])
    """
    some = np.abs(cosine) < 1.0  # for the others the integral is 0, and takes as long
    half = np.zeros(cosine.shape)
    half[some] = 0.5 * betainc(max(0.5 * (dim - 1), 1e-9), 0.5, 1.0 - cosine[some] ** 2)
    return np.where(cosine >= 0.0, half, 1.0 - half)


def farthest_seen(
    spreads: Sequence[float], dim: int, search: SearchSettings = DEFAULT.search
) -> float:
    """Return how far off, in sd, modes are that looks at the last of some distances see best."""
    return max(spreads) * np.sqrt(dim * (1.0 - search.far_width**2))


def shares_seen(
    r: Float[np.ndarray, " R"],
    log_heights: Float[np.ndarray, " R"],
    distances: Float[np.ndarray, " d"],
    dim: int,
    search: SearchSettings,
    width: float | None = None,
) -> Float[np.ndarray, "d R"]:
    """The share of directions in which a look sees a mode.

    Args:
        r: the radius of each look, whitened.
        log_heights: ln q there, but for the constant of N(0, I).
        distances: of the mode, in sd.
        dim: D.
        search: the thresholds.
        width: of the mode; by default that of those that are looked for.
    """
    width = search.far_width if width is None else width
    margin = -dim * np.log(width) - log_heights - search.excess
    d = distances[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (r**2 + d**2 - 2.0 * width**2 * margin) / (2.0 * r * d)
    return cap_share(np.nan_to_num(cosine, nan=1.0), dim)


def kind_of(
    x: Float[np.ndarray, "N D"],
    log_q: Float[np.ndarray, " N"],
    search: SearchSettings = DEFAULT.search,
) -> LookKind:
    """Sum up looks of one kind by some of them.

    Args:
        x: looks.
        log_q: at each of them.
        search: the thresholds.
    """
    rows = some_rows(len(x), search)
    return LookKind(x[rows], log_q[rows], len(x))


def some_rows(count: int, search: SearchSettings = DEFAULT.search) -> np.ndarray:
    """Return rows, spread evenly, by which so many looks are summed up."""
    return np.linspace(0, count - 1, min(count, search.far_sample)).astype(int)


def sentence_of(
    overall: Gaussian,
    kinds: Sequence[LookKind],
    distance: float,
    search: SearchSettings = DEFAULT.search,
) -> str:
    """Say which other modes looks would have seen; see ``narrowest_seen``."""
    width, share = narrowest_seen(overall, kinds, distance, search), 1.0 - search.narrow_missed
    others = f"of other modes of the same mass, up to {distance:.0f} sd away"
    if np.isinf(width):
        return f"By an estimate, these looks would find less than {share:.0%} {others}."
    return (
        f"By an estimate, these looks would find {share:.0%} {others}, that are at least "
        f"{width:.2g} times as wide as what was found."
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
    log_q = np.concatenate([kind.log_q for kind in kinds])
    log_heights = log_q + overall.log_det + 0.5 * dim * LOG_2PI
    each = np.concatenate([np.full(len(kind.x), kind.number / len(kind.x)) for kind in kinds])
    nearest = search.far_nearest
    d = np.geomspace(nearest, max(distance, nearest), _DISTANCES)

    def is_seen(width: float) -> bool:
        hits = shares_seen(r, log_heights, d, dim, search, width) @ each
        return bool(np.min(hits) >= least)

    low, high = np.log(_WIDTHS)
    if not is_seen(np.exp(high)):
        return np.inf
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if is_seen(np.exp(middle)) else (middle, high)
    return float(np.exp(high))
