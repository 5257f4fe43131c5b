"""What any likelihood of a decoder's parameters must be able to say."""

from abc import abstractmethod

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = ["Likelihood"]


class Likelihood(eqx.Module):
    """A distribution of one datum whose coordinates are independent given the parameters.

    ``size`` is how many parameters a coordinate takes: a decoder of D coordinates has size · D
    outputs.
    """

    size: eqx.AbstractVar[int]
    name: eqx.AbstractVar[str]

    @abstractmethod
    def log_prob(self, x: Float[Array, " D"], parameters: Float[Array, " n"]) -> Float[Array, ""]:
        """Ln p(x | parameters), in nats."""

    @abstractmethod
    def mean(self, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """The mean of each coordinate (the median, where the mean has no closed form)."""

    @abstractmethod
    def sample(self, key: PRNGKeyArray, parameters: Float[Array, " n"]) -> Float[Array, " D"]:
        """Draw x."""

    @abstractmethod
    def start(self, data: Float[np.ndarray, "N D"]) -> Float[np.ndarray, " n"]:
        """Return the parameters under which the data's own coordinates, left alone, are likely."""

    @abstractmethod
    def fitted(self, x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Bring values from where data lie to where this likelihood has a density."""
