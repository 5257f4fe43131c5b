"""A target whose answer is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from fluvial.targets.target import Target

__all__ = ["Example"]


@dataclass(frozen=True, eq=False)
class Example:
    """A target, with its exact evidence and exact draws.

    Attributes:
        target: what to infer.
        log_evidence: the logarithm of the integral of the density over R^D, in nats.
        sample: from a seed and a number n to n independent draws, shape (n, D), unconstrained.
    """

    target: Target
    log_evidence: float
    sample: Callable[[int, int], Float64[np.ndarray, "n D"]]
