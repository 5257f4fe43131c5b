"""The velocity field of a continuous-time flow: a network whose divergence is exact and cheap."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, DTypeLike, Float, PRNGKeyArray

__all__ = ["Velocity"]

_MAX_RATE = 50.0


class Velocity(eqx.Module):
    r"""A field of R^D that changes with time, by a network of two hidden layers.

    .. math::
        v(t, x) = g\,W_3 h_2 + b_3, \qquad h_2 = \tanh(W_2 h_1 + b_2 + c_2 t), \qquad
        h_1 = \tanh(W_1 x + b_1 + c_1 t)

    The trace of its Jacobian :math:`g W_3\,\mathrm{diag}(h_2')\,W_2\,\mathrm{diag}(h_1')\,W_1`
    is a bilinear form in the slopes of the two layers, with a matrix that does not depend on
    the point:

    .. math:: \operatorname{tr} \frac{\partial v}{\partial x} = g\,h_2'^\top C\,h_1', \qquad
        C = W_2 \circ (W_1 W_3)^\top

    It takes one product more, whatever D is, where a trace by automatic differentiation takes D
    passes, and Hutchinson's estimator (Grathwohl et al. 2019, eq. 7) takes one and adds noise.

    The gain :math:`g = (1 + (\sigma / 50)^2)^{-1/2}`, with σ the product of bounds on the
    spectral norms of the weights, keeps the rate at which two points part below 50 for each
    unit of time, so that a fixed number of a solver's steps always resolves the field. The
    bounds are Schatten 4-norms, :math:`\lVert W^\top W \rVert_F^{1/2}`.

    It starts at v = 0.

    Args:
        dim: D.
        key: decides the hidden layers.
        width: units in each.
        dtype: float32 or float64.

    Attributes:
        weights: W1 of shape (width, D), W2 (width, width) and W3 (D, width).
        biases: b1, b2, each (width,), and b3 (D,).
        drifts: c1 and c2, each (width,): how the biases change with time.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from fluvial.flows.velocity import Velocity
        >>> velocity = Velocity(3, key=jax.random.key(0)).function()
        >>> v, divergence = velocity(jnp.array(0.5), jnp.ones(3))
        >>> v.shape, divergence.shape
        ((3,), ())
    """

    weights: tuple[Float[Array, "H D"], Float[Array, "H H"], Float[Array, "D H"]]
    biases: tuple[Float[Array, " H"], Float[Array, " H"], Float[Array, " D"]]
    drifts: tuple[Float[Array, " H"], Float[Array, " H"]]

    def __init__(
        self, dim: int, *, key: PRNGKeyArray, width: int = 64, dtype: DTypeLike = jnp.float32
    ):
        noise = jax.random.normal(key, (width, dim + width + 4), jnp.dtype(dtype))
        W1, W2 = noise[:, :dim] / math.sqrt(dim), noise[:, dim:-4] / math.sqrt(width)
        self.weights = (W1, W2, jnp.zeros((dim, width), dtype))
        self.biases = (noise[:, -4], noise[:, -3], jnp.zeros(dim, dtype))
        self.drifts = (noise[:, -2], noise[:, -1])

    def function(self) -> Callable[..., tuple[Array, Array]]:
        """Prepare what all points share, and return the map of t and x to v and tr ∂v/∂x."""
        (W1, W2, W3), (b1, b2, b3), (c1, c2) = self.weights, self.biases, self.drifts
        sigma = math.prod(map(_spectral_bound, self.weights), start=jnp.ones((), W1.dtype))
        W3 = W3 * jax.lax.rsqrt(1 + (sigma / _MAX_RATE) ** 2)
        C = W2 * (W1 @ W3).T

        def velocity(t, x):
            h1 = jnp.tanh(W1 @ x + b1 + c1 * t)
            h2 = jnp.tanh(W2 @ h1 + b2 + c2 * t)
            return W3 @ h2 + b3, (1 - h2**2) @ (C @ (1 - h1**2))

        return velocity


def _spectral_bound(W: Float[Array, "m n"]) -> Float[Array, ""]:
    """A smooth number no smaller than the largest singular value; 0 for W = 0."""
    gram = W @ W.T if W.shape[0] <= W.shape[1] else W.T @ W
    square = jnp.sum(gram**2)
    usable = square > jnp.finfo(W.dtype).tiny
    return jnp.where(usable, jnp.where(usable, square, 1) ** 0.25, 0)
