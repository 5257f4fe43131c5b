"""What layers share in which the first coordinates scale and shift the others."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows.flow import Flow
from fluvial.flows.transformers import Affine

__all__ = ["FURTHEST", "HeadsFirst", "bounded_affine", "check_heads"]

FURTHEST = 20.0  # heads this far out, in their own standard deviations, say no more
_REACH = 20.0  # a scale may change by e^±20; at e^±4.5, which the funnel needs, it is bent by 2 %


class HeadsFirst(Flow):
    r"""The first H coordinates a, the heads, stay; the rest b becomes :math:`e^{S(a)} b + t(a)`.

    A layer says what S and t are, by ``_parameters``.
    """

    heads: eqx.AbstractVar[int]
    affine: eqx.AbstractVar[Affine]

    @abstractmethod
    def _parameters(self, a: Float[Array, " H"]) -> Float[Array, "2 rest"]:
        """Give t and the raw S of each of the rest."""

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Scale and shift the rest, given the heads."""
        a, b = z[: self.heads], z[self.heads :]
        b, log_dets = self.affine.forward(b, self._parameters(a))
        return jnp.concatenate([a, b]), jnp.sum(log_dets)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Undo it: the heads are unchanged, hence give the same scales and shifts."""
        a, b = x[: self.heads], x[self.heads :]
        b, log_dets = self.affine.inverse(b, self._parameters(a))
        return jnp.concatenate([a, b]), jnp.sum(log_dets)


def bounded_affine() -> Affine:
    """Return the map of each of the rest, with scales that stay finite."""
    return Affine(_REACH, _REACH)


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
