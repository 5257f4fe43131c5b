"""Multilayer perceptrons: the deterministic layers of encoders and decoders."""

import functools
import itertools
import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

from fluvial.amortized.bfloat16 import product
from fluvial.errors import InputError

__all__ = ["ACTIVATIONS", "MLP", "Linear"]

ACTIVATIONS = ("maxout", "relu", "silu", "gelu", "elu", "tanh", "softplus")
"""The names that ``MLP`` knows. All but the first are those of ``jax.nn``."""

_MAXOUT_GAIN = 1.55
"""About the mean square of the largest of 4 standard normal numbers."""


class Linear(eqx.Module):
    r"""An affine map, :math:`y = h W + b`.

    Args:
        inputs: size of h.
        outputs: size of y.
        key: decides W, drawn from N(0, scale²/inputs); b starts at zero.
        scale: how large the outputs are at the start, where those of h are about 1.
        dtype: float32 or float64.

    Attributes:
        W: shape (inputs, outputs). With the inputs first a batch needs no transposition.
        b: shape (outputs,).

    Example:
        >>> import jax, jax.numpy as jnp
        >>> Linear(3, 2, key=jax.random.key(0))(jnp.ones(3)).shape
        (2,)
    """

    W: Float[Array, "inputs outputs"]
    b: Float[Array, " outputs"]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        key: PRNGKeyArray,
        scale: float = 1.0,
        dtype: DTypeLike = jnp.float32,
    ):
        self.W = scale / math.sqrt(inputs) * _noise(key, (inputs, outputs), jnp.dtype(dtype))
        self.b = jnp.zeros(outputs, dtype)

    def __call__(self, h: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """Evaluate h W + b."""
        return product(h, self.W) + self.b


class MLP(eqx.Module):
    r"""Hidden layers of one activation and, where wanted, an affine layer after them.

    A maxout unit (Goodfellow et al. 2013, eq. 1) is the largest of ``window`` affine maps,

    .. math:: h_i = \max_{j \le J}\ (h^\top W)_{ij} + b_{ij}

    which is what Rezende & Mohamed (2015, section 6.2) use, with 400 units and J = 4. The maps
    of one j lie side by side, so that the maximum is taken over slices: reducing over the
    fastest axis takes six times as long, forward and back.

    Args:
        inputs: size of what goes in.
        outputs: size of what comes out; None to end with the last hidden layer.
        key: decides the weights, drawn so that the layers keep the size of their inputs.
        width: units in each hidden layer: one number, or one for each layer.
        depth: number of hidden layers, where ``width`` is one number.
        activation: one of ``ACTIVATIONS``.
        window: J, for maxout.
        dtype: float32 or float64.

    Raises:
        InputError: if a width, the depth or the window is below 1, or there is no such
            activation.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.amortized import MLP
        >>> MLP(3, 2, key=jax.random.key(0), width=8)(jnp.ones(3)).shape
        (2,)
    """

    layers: tuple[Linear, ...]
    last: Linear | None
    activation: str = eqx.field(static=True)
    window: int = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        outputs: int | None,
        *,
        key: PRNGKeyArray,
        width: int | Sequence[int] = 400,
        depth: int = 2,
        activation: str = "maxout",
        window: int = 4,
        dtype: DTypeLike = jnp.float32,
    ):
        widths = depth * [width] if isinstance(width, int) else list(width)
        _check(widths, activation, window)
        self.activation = activation
        self.window = window if activation == "maxout" else 1
        gain = 1 / math.sqrt(_MAXOUT_GAIN) if activation == "maxout" else math.sqrt(2)
        keys = jax.random.split(key, len(widths) + 1)
        sizes = itertools.pairwise([inputs, *widths])
        self.layers = tuple(
            Linear(n, m * self.window, key=k, scale=gain, dtype=dtype)
            for (n, m), k in zip(sizes, keys, strict=False)
        )
        self.last = None
        if outputs is not None:
            self.last = Linear(widths[-1], outputs, key=keys[-1], dtype=dtype)

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """Evaluate the network."""
        h = x
        for layer in self.layers:
            h = self._activate(layer(h))
        return h if self.last is None else self.last(h)

    def _activate(self, s: Float[Array, " n"]) -> Float[Array, " m"]:
        if self.activation == "maxout":
            return functools.reduce(jnp.maximum, jnp.split(s, self.window))
        return getattr(jnp if self.activation == "tanh" else jax.nn, self.activation)(s)


def _check(widths: Sequence[int], activation: str, window: int) -> None:
    if not widths or min(widths) < 1 or window < 1:
        raise InputError(
            f"hidden layers of width {widths or 'none'}, window {window}: a network needs at "
            "least one hidden layer, and widths and window of at least 1."
        )
    if activation not in ACTIVATIONS:
        raise InputError(
            f'no activation is called "{activation}": choose one of {", ".join(ACTIVATIONS)}.'
        )


@functools.partial(jax.jit, static_argnames=("shape", "dtype"))
def _noise(key: PRNGKeyArray, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    return jax.random.normal(key, shape, dtype)
