"""The parameters at which a training's bound on the validation images was best."""

import math
from dataclasses import dataclass
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fluvial.amortized.dlgm import DLGM

__all__ = ["BestParameters", "with_parameters"]


@final
@dataclass(frozen=True)
class BestParameters:
    """The best parameters so far, and where they were found.

    Attributes:
        parameters: a tree of arrays on the host.
        bound: on the validation images, in nats an image.
        step: after which they were found.
    """

    parameters: Any
    bound: float
    step: int

    @classmethod
    def copied(cls, parameters: Any, bound: float = -math.inf, step: int = 0) -> "BestParameters":
        """Copy parameters to the host, since a training gives up their buffers.

        Example:
            >>> BestParameters.copied(jnp.zeros(1)).bound
            -inf
        """
        return cls(jax.tree.map(lambda leaf: np.array(leaf), parameters), bound, step)


def with_parameters(dlgm: DLGM, parameters: Any) -> DLGM:
    """Return a model with these in place of its floating arrays."""
    parameters = jax.tree.map(jnp.asarray, parameters)
    return eqx.combine(parameters, eqx.filter(dlgm, eqx.is_inexact_array, inverse=True))
