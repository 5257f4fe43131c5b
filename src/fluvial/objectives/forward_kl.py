r"""The forward Kullback–Leibler divergence of a flow, from weighted draws of the target.

.. math:: \mathrm{KL}(p \| q) = E_p[\ln p(x) - \ln q(x)]

depends on q by −E_p[ln q(x)] alone. It needs no gradient of p, and covers the whole of p where the
free energy, KL(q‖p), may settle in a part of it.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from fluvial.flows import Flow
from fluvial.objectives.free_energy import flow_log_prob

__all__ = ["ForwardKL", "truncated"]


class ForwardKL(eqx.Module):
    r"""The cross entropy −E_p[ln q], in nats, by self-normalized importance sampling.

    With points x_i of log weights ln w_i = ln p(x_i) − ln r(x_i), where r is the law that they were
    drawn from and p need not be normalized,

    .. math:: L = -\sum_i \frac{w_i}{\sum_j w_j} \ln q(x_i)

    which differs from KL(p‖q) by a constant (Müller et al. 2019, ACM Transactions on Graphics 38,
    section 5). Give weights that are ``truncated`` where a few of them dominate.

    Example:
        >>> from fluvial.flows import build_flow
        >>> flow = build_flow("triangular", 1, key=jax.random.key(0))
        >>> x = jnp.array([[-1.0], [1.0], [99.0]])
        >>> log_weights = jnp.array([0.0, 0.0, -jnp.inf])
        >>> ForwardKL()(flow, x, log_weights).round(4).item()
        1.4189...
    """

    def __call__(
        self, flow: Flow, x: Float[Array, "N D"], log_weights: Float[Array, " N"]
    ) -> Float[Array, ""]:
        """Return the cross entropy, in nats: the loss to minimize.

        Args:
            flow: q.
            x: points, shape (N, D).
            log_weights: shape (N,), in nats, up to a constant; a point of −inf does not count.
        """
        shares = jax.nn.softmax(log_weights)
        counts = shares > 0.0
        # Twice, so that a point that does not count leaves no NaN in the gradient.
        x = jnp.where(counts[:, None], x, 0.0)
        log_q = jax.vmap(lambda point: flow_log_prob(flow, point))(x)
        return -jnp.sum(jnp.where(counts, shares * log_q, 0.0))


def truncated(log_weights: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    r"""Return log weights none of which exceeds √N times their mean (Ionides 2008).

    .. math:: w_i' = \min\left(w_i,\ \sqrt{N}\, \bar w\right)

    The variance of a mean under w' is finite whatever the tail of w, and its bias vanishes as N
    grows (Journal of Computational and Graphical Statistics 17, 295).

    Args:
        log_weights: in nats; what is NaN or infinite counts as −inf.

    Example:
        >>> np.exp(truncated(np.log([1.0, 1.0, 1.0, 13.0])))
        array([1., 1., 1., 8.])
    """
    usable = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    top = np.max(usable, initial=-np.inf)
    if not np.isfinite(top):
        return usable
    log_mean = top + np.log(np.mean(np.exp(usable - top)))
    return np.minimum(usable, log_mean + 0.5 * np.log(len(usable)))
