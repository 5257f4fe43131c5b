"""Whether a model of given sizes fits in memory, decided before it is made."""

from collections.abc import Sequence

from fluvial.datasets.limits import memory
from fluvial.errors import InputError

__all__ = ["check_capacity"]

# float32 parameters, their gradients, two moments of Adam, and the best parameters so far
_BYTES_A_WEIGHT = 5 * 4


def check_capacity(data_dim: int, latent: Sequence[int], hidden: int, depth: int) -> None:
    """Check that the networks of a ``DLGM`` can be trained in this machine's memory.

    Only the matrices that every activation has are counted, so a model may still be too large.

    Args:
        data_dim: size of a datum.
        latent: latent coordinates of each stochastic layer.
        hidden: units in a hidden layer.
        depth: hidden layers of each network.

    Raises:
        InputError: if they cannot.

    Example:
        >>> check_capacity(784, (40,), 10**9, 2)
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: networks with hidden=1000000000, depth=2 and latent=40 on 784 ...
    """
    weights = 2 * hidden * (data_dim + sum(latent) + (depth - 1) * hidden)
    needed, there = _BYTES_A_WEIGHT * weights, memory()
    if needed > there:
        sizes = ", ".join(map(str, latent))
        raise InputError(
            f"networks with hidden={hidden}, depth={depth} and latent={sizes} on {data_dim:,} "
            f"pixels take {needed / 1e9:,.0f} GB to train, and this machine has "
            f"{there / 1e9:,.0f}: choose smaller ones, or smaller images."
        )
