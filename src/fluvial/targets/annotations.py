"""What a model says about its variables beyond their shapes: names of axes, labels, and data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

__all__ = ["Annotations"]

_SAMPLE_DIMS = ("chain", "draw", "sample")


@dataclass(frozen=True, eq=False)
class Annotations:
    """Names of dimensions, their coordinates, and the data of a model.

    Attributes:
        dims: variable or data -> the name of each of its axes, None where it has none.
        coords: dimension -> labels along it, shape (size,), never of NumPy's type object.
        observed: observed variable -> its value.
        constant: other named data -> its value.
    """

    dims: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    coords: dict[str, np.ndarray] = field(default_factory=dict)
    observed: dict[str, np.ndarray] = field(default_factory=dict)
    constant: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        variables: Mapping[str, tuple[int, ...]],
        dims: Mapping[str, Sequence[str | None]],
        coords: Mapping[str, Sequence | np.ndarray] | None = None,
        observed: Mapping[str, np.ndarray] | None = None,
        constant: Mapping[str, np.ndarray] | None = None,
    ) -> "Annotations":
        """Make annotations from what a front end has found, leaving out contradictions.

        An axis goes unnamed if its name is that of a variable or of the draws' own axes, or stands
        for another size elsewhere; xarray can hold none of these.

        Args:
            variables: name -> shape of all that is drawn.
            dims: names of axes, of any variables and data.
            coords: labels; a dimension without any is counted.
            observed: the observed variables.
            constant: other data.

        Example:
            >>> a = Annotations.of({"a": (2,)}, {"a": ("g",)}, {"g": ("x", "y")})
            >>> a.dims, a.coords["g"].tolist()
            ({'a': ('g',)}, ['x', 'y'])
        """
        data = {name: np.asarray(value) for name, value in (observed or {}).items()}
        fixed = {name: np.asarray(value) for name, value in (constant or {}).items()}
        shapes = {**variables, **{name: a.shape for name, a in {**data, **fixed}.items()}}
        labels = {name: _labels(values) for name, values in (coords or {}).items()}
        sizes = {name: len(values) for name, values in labels.items()}
        taken = {*_SAMPLE_DIMS, *shapes}
        consistent = {
            name: _consistent(dims[name], shape, sizes, taken)
            for name, shape in shapes.items()
            if name in dims
        }
        used = {dim for axes in consistent.values() for dim in axes}
        return cls(
            {name: axes for name, axes in consistent.items() if any(axes)},
            {name: values for name, values in labels.items() if name in used},
            data,
            fixed,
        )

    def first_nonfinite(self, origin: int = 0) -> str | None:
        """Name the first element of the data that is NaN or infinite.

        Args:
            origin: from which indices are counted.

        Example:
            >>> data = Annotations(observed={"y": np.array([[1.0, 2.0], [np.nan, 4.0]])})
            >>> data.first_nonfinite()
            'y[1,0] (counted from 0) is nan'
        """
        for name, values in {**self.observed, **self.constant}.items():
            if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
                index = tuple(np.argwhere(~np.isfinite(values))[0].tolist())
                places = ",".join(str(origin + i) for i in index)
                place = f"[{places}] (counted from {origin})" if index else ""
                return f"{name}{place} is {values[index]}"
        return None

    def axis_labels(self, name: str, shape: tuple[int, ...]) -> list[list[str] | None]:
        """Return the labels along each axis of a variable, None where its elements are counted."""
        dims = self.dims.get(name, (None,) * len(shape))
        return [_as_text(self.coords[dim]) if dim in self.coords else None for dim in dims]


def _consistent(
    dims: Sequence[str | None], shape: tuple[int, ...], sizes: dict[str, int], taken: set[str]
) -> tuple[str | None, ...]:
    """Return one name for each axis; ``sizes`` records the sizes of new names."""
    names: list[str | None] = []
    for dim, size in zip([*dims, *[None] * len(shape)], shape, strict=False):
        fits = dim is not None and dim not in taken and sizes.setdefault(dim, size) == size
        names.append(dim if fits and dim not in names else None)
    return tuple(names)


def _labels(values: Sequence | np.ndarray) -> np.ndarray:
    array = np.asarray(values)
    if array.ndim != 1:  # labels that are tuples
        return np.array([str(value) for value in values])
    if array.dtype != object:
        return array
    if array.size and all(isinstance(v, datetime) and v.tzinfo is None for v in array):
        return np.array([_date(value) for value in array])
    return np.array([str(value) for value in array])


def _date(value: Any) -> np.datetime64:
    exact = getattr(value, "to_datetime64", None)  # pandas' has nanoseconds
    return np.datetime64(value if exact is None else exact(), "ns")


def _as_text(values: np.ndarray) -> list[str] | None:
    """Return labels as text, unless two of them would read the same."""
    dates = np.issubdtype(values.dtype, np.datetime64)
    text = [str(v) for v in (np.datetime_as_string(values, unit="auto") if dates else values)]
    return text if len(set(text)) == len(text) else None
