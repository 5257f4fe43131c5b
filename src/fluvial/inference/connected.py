"""Which nodes of a graph hang together."""

import numpy as np
from jaxtyping import Bool, Int

__all__ = ["connected"]


def connected(touching: Bool[np.ndarray, "K K"]) -> Int[np.ndarray, " K"]:
    """Return for each node the number of its connected component, from 0 in order of appearance.

    SciPy's own takes longer to import than all of these graphs, of at most a thousand nodes.

    Args:
        touching: whether there is an edge, in either direction.

    Example:
        >>> connected(np.array([[0, 0, 1], [0, 0, 0], [0, 0, 0]], bool)).tolist()
        [0, 1, 0]
    """
    edges = touching | touching.T
    labels = np.full(len(edges), -1)
    count = 0
    for node in range(len(edges)):
        if labels[node] >= 0:
            continue
        fresh = np.arange(len(edges)) == node
        while fresh.any():
            labels[fresh] = count
            fresh = edges[fresh].any(axis=0) & (labels < 0)
        count += 1
    return labels
