"""The model's own space: the names and shapes of its variables, and the map to them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float64, PyTree

from fluvial.errors import InputError, described
from fluvial.targets.batching import batched
from fluvial.targets.tracing import Traced

__all__ = ["Layout", "Space", "dotted", "mapped", "mapped_space"]


@dataclass(frozen=True, eq=False)
class Space:
    """Names and shapes of a model's variables, and the map from R^D to them.

    Attributes:
        variables: name -> shape, in the model's own order.
        parameters: which of the names are parameters, rather than quantities derived from them.
        constrain: from points (N, D) in float64 and a seed to name -> (N, *shape) in float64.
        coordinates: parameter -> where its unconstrained coordinates start, and how many it has.
        traced: the map of one point, if JAX computes it.
    """

    variables: dict[str, tuple[int, ...]]
    parameters: tuple[str, ...]
    constrain: Callable[[Float64[np.ndarray, "N D"], int], dict[str, np.ndarray]]
    coordinates: dict[str, tuple[int, int]] = field(default_factory=dict)
    traced: Traced | None = None


class Layout:
    """Where each leaf of a PyTree lies in a vector: leaf after leaf, each in row-major order.

    Args:
        example: a PyTree whose leaves are real numbers or arrays. Only its structure and shapes
            matter; integers stand for floats.

    Raises:
        InputError: if it holds no number, or a leaf that is not a real number.
    """

    def __init__(self, example: PyTree):
        leaves, self._structure = jax.tree.flatten_with_path(example)
        names = [dotted(path) for path, _ in leaves]
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise InputError(f"two leaves of the example are called {twice[0]!r}: rename one.")
        self.shapes = {
            name: _real_shape(name, leaf) for name, (_, leaf) in zip(names, leaves, strict=True)
        }
        self.dim = sum(int(np.prod(shape)) for shape in self.shapes.values())
        if self.dim == 0:
            raise InputError("the example holds no number: give it at least one.")

    def unravel(self, x) -> PyTree:
        """Return the PyTree whose leaves are the pieces of x, an array of shape (D,)."""
        return jax.tree.unflatten(self._structure, list(self._pieces(x).values()))

    @property
    def coordinates(self) -> dict[str, tuple[int, int]]:
        """Leaf -> where it starts in the vector, and how many numbers it holds."""
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        starts = np.cumsum([0, *sizes])[:-1].tolist()
        return dict(zip(self.shapes, zip(starts, sizes, strict=True), strict=True))

    def space(self) -> Space:
        """Return the space in which every leaf is a parameter, as it is."""

        def constrain(points, seed):
            del seed  # nothing here is random
            return {name: piece.copy() for name, piece in self._pieces(points).items()}

        return Space(self.shapes, tuple(self.shapes), constrain, self.coordinates)

    def _pieces(self, x):
        """Cut the last axis of x into the leaves."""
        pieces, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + int(np.prod(shape))
            pieces[name] = x[..., start:stop].reshape(*x.shape[:-1], *shape)
            start = stop
        return pieces


def dotted(path) -> str:
    """Return a leaf's path as a name: ("a", "b") is "a.b", and that of a bare leaf is "x"."""
    return jax.tree_util.keystr(path, simple=True, separator=".") or "x"


def _real_shape(name: str, leaf: Any) -> tuple[int, ...]:
    dtype = getattr(leaf, "dtype", None) or np.asarray(leaf).dtype
    # Extension types such as bfloat16 are no subtypes of NumPy's floats, hence JAX's own test.
    if jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer):
        return tuple(np.shape(leaf))
    kind = f"a {type(leaf).__name__}" if dtype.kind in "OUS" else f"of type {dtype}"
    raise InputError(
        f"the example's leaf {name!r} is {kind}: give a real number, or an array of them."
    )


def mapped_space(
    map_point: Callable[[Any], PyTree],
    dim: int,
    coordinates: dict[str, tuple[int, int]] | None = None,
) -> Space:
    """Return the space to which a traceable map of one point leads; all names are parameters.

    Args:
        map_point: from x of shape (D,) to a PyTree of real arrays.
        dim: D.
        coordinates: see ``Space``.

    Raises:
        InputError: if the map fails.
    """
    try:
        traced = Traced(map_point, dim)
    except Exception as error:
        raise InputError(
            f"`constrain` failed at a point of shape ({dim},): {described(error)}"
        ) from error
    leaves = jax.tree.leaves_with_path(traced.shapes)
    variables = {dotted(path): leaf.shape for path, leaf in leaves}
    return Space(variables, tuple(variables), mapped(batched(traced)), coordinates or {}, traced)


def mapped(apply: Callable[..., PyTree], *data: np.ndarray) -> Callable:
    """Return a map of many points, and data, as ``Space`` has it."""

    def constrain(points, seed):
        del seed  # nothing here is random
        return {
            dotted(path): leaf.astype(np.float64)
            for path, leaf in jax.tree.leaves_with_path(apply(points, *data))
        }

    return constrain
