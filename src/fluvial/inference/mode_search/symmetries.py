r"""Points that a symmetry of the model would lead to: signs flipped, labels swapped.

Most posteriors with modes of equal mass have them by symmetry. The likelihood of factor scores f
and loadings l depends on l fᵀ, which −l and −f leave as it is; that of a mixture does not know its
components' numbers. Such a mode can be as far from all climbs as there are coordinates, and nothing
that moves a few of these, or all of them at random, hits it; but a map T that flips or swaps the
right ones maps draws of q to draws of it,

.. math:: p(Tx) = p(x) \gg Z\, q(Tx).

Which ones is not known, but names and shapes leave few: whole parameters, alone or with others, and
slices of the same number along axes of the same length. What changes nothing, or leads nowhere,
costs a few evaluations. Where a prior breaks the symmetry, a climb from Tx ends in the mode.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, combinations, islice
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.settings import DEFAULT, SearchSettings, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian, covers_each, lower_root
from fluvial.posterior.mixture import Mixture

__all__ = ["Mirrored", "Symmetry", "mirrored", "symmetries"]


class Symmetry(NamedTuple):
    """The map x → signs · x[order].

    Attributes:
        order: a permutation of the coordinates.
        signs: 1 or −1 for each.
    """

    order: Int[np.ndarray, " D"]
    signs: Float[np.ndarray, " D"]

    def of(self, x: Float[np.ndarray, "N D"]) -> Float[np.ndarray, "N D"]:
        """Map points."""
        return self.signs * x[:, self.order]

    def image(self, g: Gaussian | DiagonalGaussian) -> Gaussian | DiagonalGaussian:
        """Map a Gaussian."""
        mean = self.of(g.mean[None])[0]
        if isinstance(g, DiagonalGaussian):
            return DiagonalGaussian(mean, g.sd[self.order])
        return Gaussian(mean, lower_root((self.signs[:, None] * g.cholesky[self.order]).T))


class _ParameterOrders(NamedTuple):
    """A parameter: the numbers of its coordinates, in its shape, in each order they may be in."""

    orders: tuple[np.ndarray, ...]

    def in_order(self, number: int) -> np.ndarray:
        """Its coordinates, in one of the orders."""
        return self.orders[min(number, len(self.orders) - 1)]


class Mirrored(NamedTuple):
    """What candidates of symmetries lead to.

    Attributes:
        points: outside of q or not, evaluated.
        starts: points outside of q from which to climb.
        images: Gaussians outside of q, of components that were mapped to hardly less mass.
    """

    points: Float[np.ndarray, "N D"]
    starts: Float[np.ndarray, "M D"]
    images: tuple[Gaussian | DiagonalGaussian, ...]


def mirrored(counted: CountedTarget, q: Mixture, settings: Settings = DEFAULT) -> Mirrored:
    """Map the heaviest component of q by each candidate, its mean and some draws.

    Args:
        counted: the target.
        q: the approximation.
        settings: the thresholds.
    """
    search, target = settings.search, counted.target
    maps = symmetries(target.coordinates, target.variables, q.dim, search)
    maps = list(islice(maps, search.symmetries))
    heaviest = q.components[int(np.argmax(q.weights))]
    z = np.random.default_rng(0).standard_normal((search.mirrored_draws, q.dim))
    draws = np.vstack([heaviest.gaussian.mean, heaviest.sample_and_log_prob(z)[0]])
    log_p = counted.values(draws)
    points = np.array([one.of(draws) for one in maps]).reshape(-1, q.dim)
    values = counted.values(points).reshape(len(maps), len(draws))
    means = points.reshape(len(maps), len(draws), q.dim)[:, 0]
    known = [covers_each(component.gaussian, means) for component in q.components]
    usable = np.flatnonzero(np.isfinite(values[:, 0]) & ~np.any(known, axis=0))
    best = usable[np.argsort(-values[usable, 0], kind="stable")[: search.mirrored_climbs]]
    # By Jensen's inequality E_q[ln p(Tx) − ln q(x)] bounds the mass there from below.
    alike = [i for i in usable if np.mean(values[i, 1:] - log_p[1:]) > np.log(search.small)]
    images = [maps[i].image(heaviest.gaussian) for i in alike[: search.mirrored_climbs]]
    return Mirrored(points, means[best], tuple(images))


def symmetries(
    coordinates: Mapping[str, tuple[int, int]],
    shapes: Mapping[str, tuple[int, ...]],
    dim: int,
    settings: SearchSettings = DEFAULT.search,
) -> Iterator[Symmetry]:
    """Yield candidates, the likelier ones first.

    Args:
        coordinates: parameter -> where its coordinates start, and how many it has.
        shapes: parameter -> its shape, which counts where it has a coordinate for each element.
        dim: D.
        settings: the thresholds.

    Example:
        >>> found = symmetries({"loadings": (0, 2), "scores": (2, 2)}, {}, 4)
        >>> [one.signs.astype(int).tolist() for one in found][:3]
        [[-1, -1, -1, -1], [-1, -1, 1, 1], [1, 1, -1, -1]]
    """
    seen: set[bytes] = set()
    blocks = [
        _block(start, size, shapes.get(name, ())) for name, (start, size) in coordinates.items()
    ]
    some = (_union(pair) for count in (1, 2) for pair in combinations(blocks, count))
    more = (_union(s) for count in range(3, len(blocks)) for s in combinations(blocks, count))
    single = ([i] for i in range(dim if dim <= settings.flipped_alone else 0))
    flips = chain([np.arange(dim)], some, _slices(blocks, settings.labels))
    swaps = (Symmetry(order, np.ones(dim)) for order in _swaps(blocks, settings.labels, dim))
    candidates = chain(
        (_flip(dim, at) for at in flips), swaps, (_flip(dim, at) for at in chain(single, more))
    )
    for one in candidates:
        key = one.of(1.0 + np.arange(dim)[None]).tobytes()
        if key not in seen:
            seen.add(key)
            yield one


def _block(start: int, size: int, shape: tuple[int, ...]) -> _ParameterOrders:
    """Stan lists the elements of a matrix column by column, all others row by row."""
    places = np.arange(start, start + size)
    if int(np.prod(shape)) != size or not shape:
        return _ParameterOrders((places,))
    rows, columns = places.reshape(shape), places.reshape(shape, order="F")
    return _ParameterOrders((rows,) if np.array_equal(rows, columns) else (rows, columns))


def _union(blocks: tuple[_ParameterOrders, ...]) -> np.ndarray:
    return np.concatenate([block.in_order(0).ravel() for block in blocks])


def _labeled(blocks: list[_ParameterOrders], most: int) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Lengths of axes that may be labels, with the coordinates of all parameters that have one."""
    lengths = {size for block in blocks for size in block.in_order(0).shape}
    for length in sorted(lengths):
        for order in range(max(len(block.orders) for block in blocks)):
            if 2 <= length <= most:
                places = [block.in_order(order) for block in blocks]
                yield length, [at for at in places if length in at.shape]


def _axes(places: np.ndarray, length: int) -> list[int]:
    return [axis for axis, size in enumerate(places.shape) if size == length]


def _slices(blocks: list[_ParameterOrders], most: int) -> Iterator[np.ndarray]:
    """All coordinates with the same number along axes of the same length."""
    for length, labeled in _labeled(blocks, most):
        for number in range(length):
            yield np.concatenate(
                [at.take(number, axis).ravel() for at in labeled for axis in _axes(at, length)]
            )


def _swaps(blocks: list[_ParameterOrders], most: int, dim: int) -> Iterator[np.ndarray]:
    """Orders in which two numbers along axes of the same length have changed places."""
    for length, labeled in _labeled(blocks, most):
        for one, other in combinations(range(length), 2):
            labels = np.arange(length)
            labels[[one, other]] = other, one
            order = np.arange(dim)
            for at in labeled:
                swapped = at
                for axis in _axes(at, length):
                    swapped = swapped.take(labels, axis)
                order[at.ravel()] = swapped.ravel()
            yield order


def _flip(dim: int, at: np.ndarray | list[int]) -> Symmetry:
    signs = np.ones(dim)
    signs[at] = -1.0
    return Symmetry(np.arange(dim), signs)
