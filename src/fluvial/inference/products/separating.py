r"""Coordinates in which a density is a product, where it is none in its own.

If :math:`\ln p(x) = \sum_b f_b((W x)_b)` then all Hessians are :math:`W^\top D(x) W` with D
block-diagonal, and so are sums of them. With :math:`L L^\top = (-H)^{-1}` at a mode,
:math:`L^\top H L` has the same eigenvectors V everywhere, up to what stays within a factor, and
x = L V y gives the coordinates y that are looked for (joint diagonalization: Cardoso & Souloumiac
1996, SIAM Journal on Matrix Analysis and Applications 17, 161). A mixture's Hessian differs from
a mode's only where modes meet, so that many points between modes are looked at. Whether it is a
product is then asked at points far apart (see factors.py), so that none is taken for one that is
not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.linalg
from jaxtyping import Float, Int

from fluvial.inference.climbs.climbing import Optimum
from fluvial.inference.climbs.laplace import laplace, precision_along
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.products.basis import Basis
from fluvial.inference.products.factors import factors, heads_of
from fluvial.inference.settings import DEFAULT, ProductSettings, Settings

__all__ = ["Separated", "separate"]

_STEP = 1e-3  # arithmetic: sd, what is left of the fourth derivative is 1e-6 of the second


class Separated(NamedTuple):
    """Coordinates, and for each of them the factor that it belongs to."""

    basis: Basis
    labels: Int[np.ndarray, " D"]


def separate(
    counted: CountedTarget,
    starts: Float[np.ndarray, "N D"],
    ends: Sequence[Optimum],
    settings: Settings = DEFAULT,
) -> Separated | None:
    """Find coordinates in which the density is a product.

    Args:
        counted: the target, asked for up to 14,000 gradients, and more only if D is above 1,000.
        starts: points far apart.
        ends: of climbs.
        settings: the thresholds.

    Returns:
        Them, or None where there are none.
    """
    heads, product = heads_of(ends), settings.product
    top = laplace(counted, heads[0], settings)
    if top is None:
        return None
    rng = np.random.default_rng(0)
    count = max(min(product.scores // (2 * counted.dim), product.points), 2)
    points = _between(counted, heads, top.cholesky, count, rng, product)
    matrix = top.cholesky
    for _ in range(product.passes):
        turned = _turned(counted, top.mean, points, matrix, product.sums)
        if turned is None:
            return None
        matrix = turned
    basis = Basis(counted, matrix)
    labels = factors(basis, basis.of(starts), basis.of(heads), product)
    return Separated(basis, labels) if labels.any() else None


def _between(
    counted: CountedTarget,
    heads: Float[np.ndarray, "M D"],
    cholesky: Float[np.ndarray, "D D"],
    count: int,
    rng: np.random.Generator,
    settings: ProductSettings,
) -> Float[np.ndarray, "count D"]:
    """Points on ways between modes, half of them at random, half where scores bend the most.

    A factor whose modes meet at none of them would not be told from a Gaussian, so that those are
    taken in turn that bend scores in directions of their own: by pivots of a QR decomposition.
    """
    weights = rng.dirichlet(np.full(len(heads), 0.5), count)
    points = weights @ heads + rng.standard_normal((count, heads.shape[1])) @ cholesky.T
    t, some = np.linspace(0.0, 1.0, settings.way_steps + 1)[:, None, None], heads[: settings.ways]
    ways = (1.0 - t) * some + t * np.roll(some, 1, axis=0)
    scores = counted.value_and_grad(ways.reshape(-1, counted.dim))[1].reshape(ways.shape)
    steps = np.diff(ways, axis=0).reshape(-1, counted.dim).T
    bends = cholesky.T @ np.diff(scores, axis=0).reshape(-1, counted.dim).T
    bends = np.nan_to_num(bends + scipy.linalg.solve_triangular(cholesky, steps, lower=True))
    chosen = scipy.linalg.qr(bends, mode="r", pivoting=True)[-1][: count // 2]
    middles = 0.5 * (ways[1:] + ways[:-1]).reshape(-1, counted.dim)
    points[: len(chosen)] = middles[chosen]
    return points


def _turned(
    counted: CountedTarget,
    mode: Float[np.ndarray, " D"],
    points: Float[np.ndarray, "N D"],
    matrix: Float[np.ndarray, "D D"],
    sums: int,
) -> Float[np.ndarray, "D D"] | None:
    """Whiten the mode in a basis, and turn it to what Hessians elsewhere have in common."""
    at_mode = precision_along(counted, mode, matrix, _STEP)
    if at_mode is None:
        return None
    values, vectors = np.linalg.eigh(at_mode)
    if not values[0] > 0.0:
        return None
    whitened = matrix @ (vectors * values**-0.5 @ vectors.T)
    elsewhere = [precision_along(counted, x, whitened, _STEP) for x in points]
    seen = [one for one in elsewhere if one is not None]
    return whitened @ _common_vectors(np.stack(seen), sums) if seen else None


def _common_vectors(matrices: Float[np.ndarray, "N D D"], sums: int) -> Float[np.ndarray, "D D"]:
    """The eigenvectors of the sum that leave least off all diagonals, of several sums.

    Two factors may have the same eigenvalue in one sum, but hardly in another.
    """
    rng, best, least = np.random.default_rng(0), np.eye(matrices.shape[1]), np.inf
    for _ in range(sums):
        weights = rng.standard_normal(len(matrices))
        vectors = np.linalg.eigh(np.tensordot(weights, matrices, axes=1))[1]
        turned = vectors.T @ matrices @ vectors
        off = np.sum(turned**2) - np.sum(np.diagonal(turned, axis1=1, axis2=2) ** 2)
        if off < least:
            best, least = vectors, off
    return best
