"""The elementwise maps of a coupling, given the conditioner's parameters."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows.bounds import smoothly_bounded

__all__ = ["Additive", "Affine", "Transformer"]


class Transformer(eqx.Module):
    """An increasing map of R for each coordinate, given the parameters that a conditioner chose.

    With all parameters zero it is the identity. ``size`` is how many parameters a coordinate takes.

    Example:
        >>> from fluvial.flows import Affine
        >>> Affine().size
        2
    """

    size: eqx.AbstractVar[int]

    @abstractmethod
    def forward(
        self, z: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Map each z to x; also ln(dx/dz) for each, in nats."""

    @abstractmethod
    def inverse(
        self, x: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Map each x back to z; also ln(dz/dx) for each, in nats."""


class Additive(Transformer):
    r"""A shift: :math:`x = z + t` (Dinh et al. 2015, eq. 10). It preserves volume.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Additive
        >>> x, log_det = Additive().forward(jnp.array([1.0]), jnp.array([[0.5]]))
        >>> x
        Array([1.5], dtype=float32)
    """

    size: int = eqx.field(static=True, default=1, init=False)

    def forward(
        self, z: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Add the shift."""
        return z + parameters[0], jnp.zeros_like(z)

    def inverse(
        self, x: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Take the shift away."""
        return x - parameters[0], jnp.zeros_like(x)


class Affine(Transformer):
    r"""A scale and a shift, :math:`x = e^s z + t` (Dinh et al. 2017, eq. 4), s bounded smoothly.

    .. math:: -\text{max\_shrink} < s < \text{max\_grow}

    An unbounded s lets one layer blow a sample up, after which nothing is learned; bounding
    growth more tightly than shrinkage is what tames deep stacks (Andrade 2024, section 3.1).

    Args:
        max_shrink: how far ln scale may go below 0, in nats.
        max_grow: how far ln scale may go above 0, in nats.

    Raises:
        InputError: if a bound is not positive.

    Example:
        >>> import jax.numpy as jnp
        >>> from fluvial.flows import Affine
        >>> x, log_det = Affine(max_grow=0.5).forward(jnp.array([1.0]), jnp.array([[0.0], [99.0]]))
        >>> log_det
        Array([0.5], dtype=float32)
    """

    max_shrink: float = eqx.field(static=True, default=2.0)
    max_grow: float = eqx.field(static=True, default=2.0)
    size: int = eqx.field(static=True, default=2, init=False)

    def __check_init__(self):
        if self.max_shrink <= 0 or self.max_grow <= 0:
            raise InputError(
                f"max_shrink={self.max_shrink}, max_grow={self.max_grow}: "
                "the bounds of the log-scale must be positive."
            )

    def forward(
        self, z: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Scale, then shift."""
        t, s = parameters[0], smoothly_bounded(parameters[1], self.max_shrink, self.max_grow)
        return jnp.exp(s) * z + t, s

    def inverse(
        self, x: Float[Array, " n"], parameters: Float[Array, "size n"]
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Shift back, then scale back."""
        t, s = parameters[0], smoothly_bounded(parameters[1], self.max_shrink, self.max_grow)
        return jnp.exp(-s) * (x - t), -s
