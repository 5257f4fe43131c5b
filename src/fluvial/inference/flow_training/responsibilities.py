r"""Several modes share the target between them, so that each flow has one to learn.

Left to itself, the flow of one mode grows a thin bridge to the next, and its weights go wild. So
flow k is trained on :math:`p(x)\, r_k(x)`, where the responsibilities sum to one everywhere:

.. math:: r_k(x) = \frac{w_k t_k(x)}{\sum_j w_j t_j(x)},

with t_k a Student-t density around the mode's Gaussian, whose tails leave the borders soft. Any
such shares are right, since the parts add up to p; these make each of them easy.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.inference.natural_gradient.whitening import Whitened
from fluvial.inference.settings import DEFAULT, Settings
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

__all__ = ["SharedTarget"]


class SharedTarget(eqx.Module):
    """The share of one mode in a target, in the coordinates that whiten the mode's Gaussian.

    Args:
        target: p.
        gaussians: one for each of K modes.
        weights: of the modes, shape (K,), summing to 1.
        mode: which of them, from 0.
        settings: the thresholds.
    """

    whitened: Whitened
    means: Float[Array, "K D"]
    unchols: Float[Array, "K D D"]
    log_shares: Float[Array, " K"]
    mode: Array
    degrees: float = eqx.field(static=True)

    def __init__(
        self,
        target: Target,
        gaussians: Sequence[Gaussian | DiagonalGaussian],
        weights: Float[np.ndarray, " K"],
        mode: int,
        settings: Settings = DEFAULT,
    ):
        self.whitened = Whitened(target, gaussians[mode])
        self.means = jnp.asarray(np.stack([g.mean for g in gaussians]))
        eye = np.eye(target.dim)
        self.unchols = jnp.asarray(np.stack([g.whiten(eye + g.mean).T for g in gaussians]))
        log_dets = np.array([g.log_det for g in gaussians])
        self.log_shares = jnp.asarray(
            np.log(np.maximum(weights, settings.flow.least_weight)) - log_dets
        )
        self.degrees = settings.flow.degrees
        self.mode = jnp.asarray(mode, jnp.int32)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return ln p + ln r_k at whitened coordinates x, in nats."""
        point = self.whitened.point(x)
        distances = jnp.einsum("kij,kj->ki", self.unchols, point - self.means)
        squares = jnp.sum(distances**2, axis=1)
        tails = 0.5 * (self.degrees + x.shape[0]) * jnp.log1p(squares / self.degrees)
        log_shares = jax.nn.log_softmax(self.log_shares - tails)
        return self.whitened.log_prob(x) + log_shares[self.mode]
