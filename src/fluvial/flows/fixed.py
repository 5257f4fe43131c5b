"""A constant array that no optimizer sees."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

__all__ = ["Fixed"]


class Fixed(eqx.Module):
    """A constant floating array, kept as the integers that have the same bits.

    Trainable leaves are those that ``equinox.is_inexact_array`` selects. A float under
    ``stop_gradient`` would be one of them: weight decay would move it, a count of parameters
    would count it, an amortizing network would emit it. Integers are left alone by all three.

    Args:
        value: the constant, any shape, float32 or float64.

    Example:
        >>> import equinox as eqx, jax, jax.numpy as jnp
        >>> from fluvial.flows.fixed import Fixed
        >>> constant = Fixed(jnp.array([0.5, -2.0]))
        >>> constant.value
        Array([ 0.5, -2. ], dtype=float32)
        >>> jax.tree.leaves(eqx.filter(constant, eqx.is_inexact_array))
        []
    """

    bits: Int[Array, "..."]

    def __init__(self, value: Float[Array, "..."]):
        same_width = jnp.dtype(f"int{8 * value.dtype.itemsize}")
        self.bits = jax.lax.bitcast_convert_type(value, same_width)

    @property
    def value(self) -> Float[Array, "..."]:
        """The constant, in the dtype in which it was given."""
        same_width = jnp.dtype(f"float{8 * self.bits.dtype.itemsize}")
        return jax.lax.bitcast_convert_type(self.bits, same_width)
