"""What layers share in which the first coordinates scale and shift the others."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows.bounds import flatly_bounded
from fluvial.flows.flow import Flow

__all__ = ["HeadsFirst", "check_heads"]

_FURTHEST = 20.0  # definition: heads this far out, in their own sd, say no more
_REACH = 20.0  # definition: a scale may change by e^±20


class HeadsFirst(Flow):
    r"""The first H coordinates a, the heads, stay; the rest b becomes :math:`e^{S(a)} b + t(a)`.

    A layer says what S and t are, by ``_parameters``.
    """

    heads: eqx.AbstractVar[int]

    @abstractmethod
    def _parameters(self, seen: Float[Array, " H"]) -> Float[Array, "2 rest"]:
        """Give t and the raw S of each of the rest, from heads that stay bounded."""

    def look(
        self, z: Float[Array, " D"]
    ) -> tuple[Float[Array, " H"], Float[Array, " rest"], Float[Array, " rest"]]:
        """Say what it does at a point: the heads as it sees them, S and t."""
        seen = flatly_bounded(z[: self.heads], _FURTHEST)
        shift, raw = self._parameters(seen)
        return seen, flatly_bounded(raw, _REACH), shift

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Scale and shift the rest, given the heads."""
        _, log_scale, shift = self.look(z)
        b = jnp.exp(log_scale) * z[self.heads :] + shift
        return jnp.concatenate([z[: self.heads], b]), jnp.sum(log_scale)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo it: the heads are unchanged, hence give the same scales and shifts."""
        _, log_scale, shift = self.look(x)
        b = jnp.exp(-log_scale) * (x[self.heads :] - shift)
        return jnp.concatenate([x[: self.heads], b]), -jnp.sum(log_scale)


def check_heads(heads: int, dim: int) -> None:
    """Check that there are heads and others.

    Raises:
        InputError: if there are not.
    """
    if not 1 <= heads < dim:
        raise InputError(
            f"heads={heads} in {dim} dimensions: a modulated flow needs at least 2 coordinates, "
            "at least one head, and at least one coordinate that is not a head."
        )
