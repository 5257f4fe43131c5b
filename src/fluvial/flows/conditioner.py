"""The network that tells a coupling's second half what to do, given the first half."""

import functools
import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.flows.activation import silu

__all__ = ["Conditioner"]


class Conditioner(eqx.Module):
    r"""A multilayer perceptron with a linear shortcut, both zero at the start.

    .. math:: c(a) = W_L\,h_{L-1} + b_L + S a, \qquad h_l = \operatorname{silu}(W_l h_{l-1} + b_l),
        \quad h_0 = a

    Only the last layer and the shortcut S start at zero: the output is then 0 for every
    input, but their gradients are not, which they would be if the hidden layers were zero as
    well. Hidden weights are drawn from N(0, 1/fan-in), hidden biases from N(0, 1) so that the
    units bend at different places even where there is one input.

    Args:
        inputs: size of a.
        outputs: size of c(a).
        key: decides the hidden layers.
        width: units in a hidden layer.
        depth: number of hidden layers; with 0 what remains is affine.
        dtype: float32 or float64.

    Attributes:
        weights: W_1 .. W_L, each of shape (fan-out, fan-in).
        biases: b_1 .. b_L.
        shortcut: S, shape (outputs, inputs).

    Raises:
        InputError: if ``width`` is below 1 or ``depth`` below 0.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows.conditioner import Conditioner
        >>> Conditioner(3, 2, key=jax.random.key(0))(jnp.ones(3))
        Array([0., 0.], dtype=float32)
    """

    weights: tuple[Float[Array, "_ _"], ...]
    biases: tuple[Float[Array, " _"], ...]
    shortcut: Float[Array, "outputs inputs"]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        key: PRNGKeyArray,
        width: int = 64,
        depth: int = 2,
        dtype: DTypeLike = jnp.float32,
    ):
        if width < 1 or depth < 0:
            raise InputError(
                f"width={width}, depth={depth}: a conditioner needs width >= 1 and depth >= 0."
            )
        sizes = (inputs, *depth * [width], outputs)
        self.weights, self.biases, self.shortcut = _start(key, sizes, jnp.dtype(dtype))

    def __call__(self, a: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """Evaluate c(a)."""
        h = a
        for W, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            h = silu(W @ h + b)
        return self.weights[-1] @ h + self.biases[-1] + self.shortcut @ a


# Compiled as one program with one call for random numbers: compiling those is what takes the
# time when a flow is built, half a second for every shape that is asked for.
@functools.partial(jax.jit, static_argnames=("sizes", "dtype"))
def _start(
    key: PRNGKeyArray, sizes: tuple[int, ...], dtype: np.dtype
) -> tuple[tuple[Array, ...], tuple[Array, ...], Array]:
    shapes = [(fan_out, fan_in) for fan_in, fan_out in itertools.pairwise(sizes)]
    drawn = [fan_out * (fan_in + 1) for fan_out, fan_in in shapes[:-1]]
    noise = jax.random.normal(key, (sum(drawn),), dtype)
    blocks = jnp.split(noise, np.cumsum(drawn)[:-1].tolist()) if drawn else []
    hidden = [block.reshape(m, n + 1) for block, (m, n) in zip(blocks, shapes, strict=False)]
    weights = [block[:, :-1] / math.sqrt(block.shape[1] - 1) for block in hidden]
    biases = [block[:, -1] for block in hidden]
    return (
        (*weights, jnp.zeros(shapes[-1], dtype)),
        (*biases, jnp.zeros(sizes[-1], dtype)),
        jnp.zeros((sizes[-1], sizes[0]), dtype),
    )
