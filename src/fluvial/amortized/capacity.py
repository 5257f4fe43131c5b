"""Whether a model of given sizes fits in memory, decided before it is made."""

import itertools
from collections.abc import Sequence

from fluvial.datasets.limits import memory
from fluvial.errors import InputError

__all__ = ["check_capacity"]

# float32 parameters, their gradients, two moments of Adam, and the best parameters so far
_BYTES_A_WEIGHT = 5 * 4


def check_capacity(
    data_dim: int,
    latent: Sequence[int],
    hidden: int | Sequence[int],
    depth: int,
    networks: int = 2,
) -> None:
    """Check that the networks of a ``DLGM`` can be trained in this machine's memory.

    Only the matrices that every activation has are counted, so a model may still be too large.

    Args:
        data_dim: size of a datum.
        latent: latent coordinates of each stochastic layer.
        hidden: units in a hidden layer; a sequence for layers of different widths.
        depth: hidden layers of each network, where ``hidden`` is one number.
        networks: how many of encoder and decoder are made in these sizes.

    Raises:
        InputError: if they cannot.

    Example:
        >>> check_capacity(784, (40,), 10**9, 2)
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: networks with hidden=1000000000, depth=2 and latent=40 on 784 ...
    """
    if isinstance(hidden, int):
        ends, between, sized = (hidden, hidden), (depth - 1) * hidden**2, f"{hidden}, {depth=}"
    else:
        ends, between = (hidden[0], hidden[-1]), sum(n * m for n, m in itertools.pairwise(hidden))
        sized = f"{hidden}"
    weights = ends[0] * data_dim + between + ends[1] * sum(latent)
    needed, there = _BYTES_A_WEIGHT * networks * weights, memory()
    if needed > there:
        sizes = ", ".join(map(str, latent))
        raise InputError(
            f"networks with hidden={sized} and latent={sizes} on {data_dim:,} "
            f"pixels take {needed / 1e9:,.0f} GB to train, and this machine has "
            f"{there / 1e9:,.0f}: choose smaller ones, or smaller images."
        )
