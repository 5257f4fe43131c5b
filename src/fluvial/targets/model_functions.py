"""What a model provides beyond its log density, where its front end knows how to ask."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from fluvial.targets.density import Density

__all__ = ["ModelFunctions", "draw_numbers"]


@dataclass(frozen=True, eq=False)
class ModelFunctions:
    """Functions of a model; None, or empty, where the model does not provide them.

    A draw's number decides what is random about it (see ``draw_numbers``).

    Attributes:
        log_prior: from points (N, D) to the log prior of each parameter in the model's own space,
            without a Jacobian: name -> (N, *shape), in nats.
        predictive: from points (N, D) and draws' numbers (N,) to data drawn from the model:
            observed variable -> (N, *shape).
        prior: from draws' numbers (N,) to draws from the prior, of the parameters and of the
            observed variables: two dictionaries, name -> (N, *shape).
        without_prior: from names of parameters to the log density on R^D without their priors and
            without the log Jacobians of their maps.
        improper: parameters whose prior has no finite integral.
        unnormalized: parameters whose prior has one that is not 1, since it is cut off by bounds.
    """

    log_prior: Callable[[np.ndarray], dict[str, np.ndarray]] | None = None
    predictive: Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]] | None = None
    prior: Callable[[np.ndarray], tuple[dict[str, np.ndarray], dict[str, np.ndarray]]] | None = None
    without_prior: Callable[[tuple[str, ...]], Density] | None = None
    improper: tuple[str, ...] = ()
    unnormalized: tuple[str, ...] = ()


def draw_numbers(n: int, seed: int, stream: int = 2) -> Float64[np.ndarray, " n"]:
    """Return an integer below 2³² for each draw, of one of a seed's streams.

    Example:
        >>> draw_numbers(2, seed=0).shape
        (2,)
    """
    return np.random.default_rng((seed, stream)).integers(2**32, size=n).astype(np.float64)
