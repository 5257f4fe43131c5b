"""Names for the elements of a model's variables, as the model's own language counts them."""

import numpy as np

from fluvial.targets import Target

__all__ = ["index_origin", "labels", "scalars"]


def index_origin(target: Target | None) -> int:
    """Return the index of an array's first element: 1 in Stan, 0 in Python.

    Example:
        >>> index_origin(None)
        0
    """
    source = target.source if target is not None else None
    return 1 if source is not None and source["kind"] == "stan" else 0


def labels(name: str, shape: tuple[int, ...], origin: int) -> list[str]:
    """Return a label for each element of a variable, in row-major order.

    Example:
        >>> labels("theta", (2, 2), origin=1)
        ['theta[1,1]', 'theta[1,2]', 'theta[2,1]', 'theta[2,2]']
        >>> labels("mu", (), origin=1)
        ['mu']
    """
    if not shape:
        return [name]
    indices = np.ndindex(*shape)
    return [f"{name}[{','.join(str(i + origin) for i in index)}]" for index in indices]


def scalars(draws: dict[str, np.ndarray], origin: int) -> dict[str, np.ndarray]:
    """Take variables apart: name -> (n, *shape) becomes label -> (n,).

    Example:
        >>> list(scalars({"mu": np.zeros(5), "theta": np.zeros((5, 2))}, origin=0))
        ['mu', 'theta[0]', 'theta[1]']
    """
    return {
        label: column
        for name, values in draws.items()
        for label, column in zip(
            labels(name, values.shape[1:], origin),
            values.reshape(len(values), -1).T,
            strict=True,
        )
    }
