"""Targets that differ in their data alone, and share what is compiled."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, NamedTuple, final

import jax
import numpy as np

from fluvial.targets.annotations import Annotations
from fluvial.targets.batching import batched
from fluvial.targets.data_density import DataDensity, DataProgram
from fluvial.targets.density import JaxDensity
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.space import Space, mapped
from fluvial.targets.target import Target
from fluvial.targets.tracing import Traced

__all__ = ["TargetFamily"]

_AGREES = 1e-8  # relative: rounding differs between a constant and an argument
_SPREAD = 0.5  # of the point at which it has to


class _SharedProgram(NamedTuple):
    """What the targets of one shape of data have in common."""

    program: DataProgram
    constrain: Callable | None
    first: Target


@final
class TargetFamily:
    """A function from data to a target, which is traced with the data as arguments.

    Where ``make`` looks at values of its data, as ``float(y)`` and functions of NumPy do, or makes
    something other than a log density of JAX, the targets are as it makes them, and each compiles
    programs of its own. Those that share have neither a log likelihood nor draws of new data.

    Args:
        make: from data, a PyTree, to a target; it must give the same for the same data.

    Example:
        >>> import jax.numpy as jnp
        >>> family = TargetFamily(lambda y: Target(lambda x: -0.5 * jnp.sum((y - x) ** 2), dim=1))
        >>> data = np.zeros(3), np.full(3, 3.0)
        >>> [float(family(y).values(np.ones((1, 1)))[0]) for y in data]
        [-1.5, -6.0]
    """

    def __init__(self, make: Callable[[Any], Any]):
        self._make = make
        self._known: dict[Hashable, _SharedProgram | None] = {}

    def __call__(self, data: Any) -> Any:
        """Return the target of some data, or whatever else ``make`` returns.

        Raises:
            InputError: as ``make`` does.
        """
        leaves, structure = jax.tree.flatten(data)
        if any(_is_nan(leaf) for leaf in leaves):
            return self._make(data)  # which may have something to say about it
        for kind in (_is_number, _is_data, _is_real):
            moving = [kind(leaf) for leaf in leaves]
            key = _key(leaves, structure, moving)
            if key is None or not any(moving):
                continue
            if key not in self._known:
                self._known[key] = self._traced(leaves, structure, moving)
            shared = self._known[key]
            if shared is not None:
                return self._of(shared, data, _chosen(leaves, moving))
        return self._make(data)

    def _of(self, shared: _SharedProgram, data: Any, arrays: Sequence[np.ndarray]) -> Target:
        space = shared.first.space
        if shared.constrain is not None:
            constrain = mapped(shared.constrain, *arrays)
            space = Space(space.variables, space.parameters, constrain, space.coordinates)
        return Target.of(
            DataDensity(shared.program, arrays),
            space,
            again=partial(self._make, data),
            annotations=Annotations(shared.first.annotations.dims, shared.first.annotations.coords),
            functions=ModelFunctions(
                improper=shared.first.functions.improper,
                unnormalized=shared.first.functions.unnormalized,
            ),
        )

    def _traced(
        self, leaves: list, structure: Any, moving: Sequence[bool]
    ) -> _SharedProgram | None:
        """Trace ``make`` with some of its data as arguments, if that can be done."""
        arrays = _chosen(leaves, moving)
        first = self._make(jax.tree.unflatten(structure, leaves))

        def made(given) -> Any:
            rest = iter(given)
            merged = [next(rest) if m else one for one, m in zip(leaves, moving, strict=True)]
            return self._make(jax.tree.unflatten(structure, merged))

        if not isinstance(first, Target) or not isinstance(first.density, JaxDensity):
            return None
        has_map = first.space.traced is not None
        try:
            traced = Traced(lambda x, *given: _log_density(made(given))(x), first.dim, arrays)
            found = Traced(lambda x, *given: _map(made(given))(x), first.dim, arrays)
            shared = _SharedProgram(
                DataProgram(traced, first.dim), batched(found) if has_map else None, first
            )
        except Exception:  # of whatever kind a function raises that cannot be traced
            return None
        point = _SPREAD * np.random.default_rng(0).standard_normal((1, first.dim))
        same = np.allclose(
            shared.program.values(point, *arrays),
            first.values(point),
            rtol=_AGREES,
            equal_nan=True,
        )
        return shared if same else None


def _log_density(target: Target) -> Traced:
    assert isinstance(target.density, JaxDensity)
    return target.density.traced


def _map(target: Target) -> Callable:
    return target.space.traced or (lambda x: x)


def _is_number(leaf: Any) -> bool:
    dtype = leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
    return getattr(dtype, "kind", "O") in "biuf"


def _is_data(leaf: Any) -> bool:
    """Whether it is an array, or a real number: an integer by itself may be a size."""
    return _is_number(leaf) and (np.ndim(leaf) > 0 or np.asarray(leaf).dtype.kind == "f")


def _is_real(leaf: Any) -> bool:
    """Whether it is no integer: an array of these may hold sizes, too."""
    return _is_number(leaf) and np.asarray(leaf).dtype.kind == "f"


def _is_nan(leaf: Any) -> bool:
    return _is_number(leaf) and bool(np.any(np.isnan(np.asarray(leaf, np.float64))))


def _frozen(leaf: Any) -> Any:
    """What stands for a constant: numbers by their values, whatever else by itself."""
    if not _is_number(leaf):
        return leaf
    array = np.asarray(leaf)
    return type(leaf), array.shape, array.dtype.str, array.tobytes()


def _chosen(leaves: Sequence[Any], moving: Sequence[bool]) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(leaf) for leaf, m in zip(leaves, moving, strict=True) if m)


def _key(leaves: Sequence[Any], structure: Any, moving: Sequence[bool]) -> Hashable | None:
    """What two data sets have in common if one program serves both; None if it cannot be said."""
    parts = tuple(
        (np.shape(leaf), np.asarray(leaf).dtype.str) if m else _frozen(leaf)
        for leaf, m in zip(leaves, moving, strict=True)
    )
    try:
        hash((structure, parts))
    except TypeError:
        return None
    return structure, parts
