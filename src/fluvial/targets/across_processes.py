"""What the processes that have joined hand each other: sums, and a few rows."""

import jax
import numpy as np
from jax.experimental import multihost_utils

__all__ = ["gathered", "rows_before", "summed"]


def summed(part: np.ndarray) -> np.ndarray:
    """Add what all processes have, in their order, so that each has the same bits."""
    if jax.process_count() == 1:
        return part
    with jax.enable_x64(True):
        return np.asarray(multihost_utils.process_allgather(part)).sum(axis=0)


def gathered(mine: np.ndarray) -> np.ndarray:
    """Put the rows of all processes below each other, whose numbers may differ."""
    if jax.process_count() == 1:
        return mine
    with jax.enable_x64(True):
        lengths = np.ravel(multihost_utils.process_allgather(np.int64(len(mine))))
        padded = np.zeros((int(lengths.max()), *mine.shape[1:]), mine.dtype)
        padded[: len(mine)] = mine
        whole = np.asarray(multihost_utils.process_allgather(padded))
    return np.concatenate([part[:n] for part, n in zip(whole, lengths, strict=True)])


def rows_before(count: int) -> int:
    """Return how many rows the processes before this one have, which has ``count``."""
    if jax.process_count() == 1:
        return 0
    counts = np.ravel(multihost_utils.process_allgather(np.int64(count)))
    return int(counts[: jax.process_index()].sum())
