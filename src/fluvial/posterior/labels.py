"""Names for the elements of a model's variables, as the model's own language counts them."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from fluvial.targets import Annotations, Target

__all__ = ["index_origin", "labels", "scalars"]


def index_origin(target: Target | None) -> int:
    """Return the index of an array's first element: 1 in Stan, 0 in Python.

    Example:
        >>> index_origin(None)
        0
    """
    source = target.source if target is not None else None
    return 1 if source is not None and source["kind"] == "stan" else 0


def labels(
    name: str,
    shape: tuple[int, ...],
    origin: int,
    axis_labels: Sequence[Sequence[str] | None] | None = None,
) -> list[str]:
    """Return a label for each element of a variable, in row-major order.

    Args:
        name: of the variable.
        shape: its shape.
        origin: the number of the first element of an axis that is counted.
        axis_labels: for each axis its coordinates, or None where it is counted.

    Example:
        >>> labels("theta", (2, 2), origin=1)
        ['theta[1,1]', 'theta[1,2]', 'theta[2,1]', 'theta[2,2]']
        >>> labels("theta", (2,), 0, [["Choate", "Deerfield"]])
        ['theta[Choate]', 'theta[Deerfield]']
        >>> labels("mu", (), origin=1)
        ['mu']
    """
    if not shape:
        return [name]
    axes = [
        [str(i + origin) for i in range(size)] if given is None else given
        for size, given in zip(shape, axis_labels or [None] * len(shape), strict=True)
    ]
    return [f"{name}[{','.join(element)}]" for element in product(*axes)]


def scalars(
    draws: dict[str, np.ndarray], origin: int, annotations: Annotations | None = None
) -> dict[str, np.ndarray]:
    """Take variables apart: name -> (n, *shape) becomes label -> (n,).

    Args:
        draws: name -> (n, *shape).
        origin: the number of the first element of an axis that is counted.
        annotations: where the coordinates of other axes are.

    Example:
        >>> list(scalars({"mu": np.zeros(5), "theta": np.zeros((5, 2))}, origin=0))
        ['mu', 'theta[0]', 'theta[1]']
    """
    annotations = annotations or Annotations()
    return {
        label: column
        for name, values in draws.items()
        for label, column in zip(
            labels(name, values.shape[1:], origin, annotations.axis_labels(name, values.shape[1:])),
            values.reshape(len(values), -1).T,
            strict=True,
        )
    }
