"""Groups of coordinates, each group of them a mixture of Gaussians that is given."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp, ndtr, ndtri
from jax.scipy.stats import norm
from jaxtyping import Array, Bool, DTypeLike, Float, Int

from fluvial.errors import InputError
from fluvial.flows.fixed import Fixed
from fluvial.flows.flow import Flow

__all__ = ["Mixtures"]

_STEPS = 48  # of Newton's, or by half: between modes, where there is next to no mass
_CORRECTIONS = 4  # each leaves a hundredth of an error or less
_LIMITS = {4: 12.0, 8: 36.0}  # sd, by bytes of a number
_LOG_2 = float(np.log(2.0))


class Mixtures(Flow):
    r"""The inverse of Rosenblatt's transformation of a mixture of Gaussians, in each group.

    .. math:: \Phi(z_i) = \sum_k r_k(x_{<i})\, \Phi\big((x_i - \mu_{ik}(x_{<i})) / s_{ik}\big),
              \qquad \ln|\det| = \sum_i \ln \varphi(z_i) - \ln p(x_i \mid x_{<i})

    where r_k is the probability of component k given the group's coordinates before, and μ and s
    are its conditional mean and standard deviation (Rosenblatt 1952, Annals of Mathematical
    Statistics 23, 470). Applied to N(0, I) groups are independent, however many modes all their
    combinations are. What is in no group is left as it is. Nothing is trained.

    Args:
        dim: D.
        groups: the coordinates of each group, in turn, −1 after the last; shape (G, d).
        weights: of each group's components, 0 after the last; shape (G, K).
        means: shape (G, K, d).
        roots: lower triangular L with covariances L Lᵀ, shape (G, K, d, d).
        dtype: float32 or float64, of what is kept.

    Raises:
        InputError: if a coordinate is in two groups, weights do not add up to one, or a diagonal
            is not positive.

    Example:
        >>> import jax.numpy as jnp, numpy as np
        >>> from fluvial.flows import Mixtures
        >>> pair = np.array([[[-3.0], [3.0]]]), np.ones((1, 2, 1, 1))
        >>> flow = Mixtures(1, np.array([[0]]), np.array([[0.5, 0.5]]), *pair)
        >>> flow.forward(jnp.array([0.6744898]))[0].round(2)
        Array([3.], dtype=float32)
    """

    groups: Int[Array, "G d"]
    weights: Fixed
    means: Fixed
    roots: Fixed
    dim: int = eqx.field(static=True)

    def __init__(
        self,
        dim: int,
        groups: Int[np.ndarray, "G d"],
        weights: Float[np.ndarray, "G K"],
        means: Float[np.ndarray, "G K d"],
        roots: Float[np.ndarray, "G K d d"],
        *,
        dtype: DTypeLike = jnp.float32,
    ):
        own = groups[groups >= 0]
        if len(np.unique(own)) < len(own) or np.any(own >= dim):
            raise InputError("each coordinate can be in one group, once.")
        if not np.allclose(weights.sum(axis=1), 1.0, atol=1e-6) or np.any(weights < 0.0):
            raise InputError("the weights of a mixture must be positive and add up to one.")
        if not np.all(np.diagonal(roots, axis1=2, axis2=3) > 0.0):
            raise InputError("the diagonal of a triangular root must be positive.")
        self.groups = jnp.asarray(np.where(groups < 0, dim, groups), jnp.int32)
        kept = [np.asarray(a, jnp.dtype(dtype)) for a in (weights, means, roots)]
        self.weights, self.means, self.roots = (Fixed(jnp.asarray(a)) for a in kept)
        self.dim = dim

    def forward(self, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Solve for one coordinate of each group after the other, by Newton's steps."""
        return self._mapped(z, lambda z, given: (z, _quantile(z, given)), forward=True)

    def inverse(self, x: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Take the normal quantile of each coordinate's distribution, given those before."""
        return self._mapped(x, lambda x, given: (_normal_score(x, given), x), forward=False)

    def _mapped(
        self, known: Float[Array, " D"], solve: Callable[..., tuple[Array, Array]], *, forward: bool
    ) -> tuple[Float[Array, " D"], Float[Array, ""]]:
        """Map z to x, or x to z, where ``solve`` gives both."""
        inside = jnp.take(known, self.groups, mode="fill", fill_value=0)
        means, roots = (part.value.astype(known.dtype) for part in (self.means, self.roots))
        weights = self.weights.value.astype(known.dtype)
        log_r = jnp.log(weights / jnp.sum(weights, axis=1, keepdims=True))
        standard: list[Array] = []
        found, log_det = [], jnp.zeros((), known.dtype)
        for j in range(self.groups.shape[1]):
            before = [roots[:, :, j, i] * standard[i] for i in range(j)]
            given = _Given(log_r, sum(before, means[:, :, j]), roots[:, :, j, j])
            z, x = solve(inside[:, j], given)
            log_each = given.log_each(x)
            log_p = logsumexp(log_each, axis=1)
            standard.append(given.standard(x))
            log_r = log_each - log_p[:, None]
            term = jnp.where(self.groups[:, j] < self.dim, norm.logpdf(z) - log_p, 0)
            log_det = log_det + jnp.sum(term)
            found.append(x if forward else z)
        mapped = known.at[self.groups].set(jnp.stack(found, axis=1), mode="drop")
        return mapped, log_det if forward else -log_det


class _Given(NamedTuple):
    """The distribution of a coordinate of each group, given those before; each (G, K)."""

    log_r: Array
    center: Array
    scale: Array

    def standard(self, x: Float[Array, " G"]) -> Float[Array, "G K"]:
        """What x is in each component."""
        return (x[:, None] - self.center) / self.scale

    def log_each(self, x: Float[Array, " G"]) -> Float[Array, "G K"]:
        """The log density of each component, with its probability."""
        return self.log_r + norm.logpdf(self.standard(x)) - jnp.log(self.scale)

    def log_tail(self, x: Float[Array, " G"], below: Bool[Array, " G"]) -> Float[Array, " G"]:
        """Log probabilities of less than x where that is asked for, else of more."""
        u = jnp.where(below[:, None], 1, -1) * self.standard(x)
        return logsumexp(self.log_r + _log_ndtr(u), axis=1)


def _quantile(z: Float[Array, " G"], given: _Given) -> Float[Array, " G"]:
    """Find x with F(x) = Φ(z), between those of single components, by safe Newton's steps.

    Logarithms of tails are nearly quadratic, so that few steps are enough.
    """
    fixed = jax.lax.stop_gradient(given)
    ends = fixed.center + fixed.scale * jax.lax.stop_gradient(z)[:, None]
    ends = jnp.where(fixed.log_r > -jnp.inf, ends, ends[:, :1])
    sign = jnp.where(z < 0, 1, -1)
    wanted = _log_ndtr(-jnp.abs(z))

    def nearer(_: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        low, high, x = state
        step = _newton(x, fixed, z < 0, jax.lax.stop_gradient(wanted))
        low, high = jnp.where(sign * step > 0, x, low), jnp.where(sign * step > 0, high, x)
        newton = x + sign * step
        inside = (newton >= low) & (newton <= high)
        return low, high, jnp.where(inside, newton, 0.5 * (low + high))

    low, high = ends.min(axis=1), ends.max(axis=1)
    x = jax.lax.fori_loop(0, _STEPS, nearer, (low, high, 0.5 * (low + high)))[2]
    x = jax.lax.stop_gradient(x)
    # One more, whose value is nothing, carries the gradients of the implicit function.
    step = sign * _newton(x, given, z < 0, wanted)
    return x + step - jax.lax.stop_gradient(step)


def _newton(
    x: Float[Array, " G"],
    given: _Given,
    below: Bool[Array, " G"],
    wanted: Float[Array, " G"],
) -> Float[Array, " G"]:
    """The step, away from that tail, by which its logarithm becomes what is wanted."""
    log_tail = given.log_tail(x, below)
    log_slope = jax.lax.stop_gradient(log_tail - logsumexp(given.log_each(x), axis=1))
    most = 0.9 * jnp.log(jnp.finfo(x.dtype).max)
    return jnp.exp(jnp.minimum(log_slope, most)) * (wanted - log_tail)


def _normal_score(x: Float[Array, " G"], given: _Given) -> Float[Array, " G"]:
    """Give z with Φ(z) = F(x), from the smaller tail."""
    left = given.log_tail(x, jnp.ones_like(x, bool)) < -_LOG_2
    z = _log_ndtri(given.log_tail(x, left))
    return jnp.where(left, z, -z)


def _log_ndtr(u: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Ln Φ(u), by its asymptotic series where Φ(u) is too small for a number."""
    limit = _LIMITS[u.dtype.itemsize]
    far = jnp.minimum(u, -limit)
    v = 1 / far**2
    series = -v * (1 - v * (3 - v * (15 - v * (105 - v * 945))))
    below = norm.logpdf(far) - jnp.log(-far) + jnp.log1p(series)
    return jnp.where(u < -limit, below, jnp.log(ndtr(jnp.maximum(u, -limit))))


def _log_ndtri(log_p: Float[Array, " G"]) -> Float[Array, " G"]:
    """The inverse of ``_log_ndtr`` for probabilities up to one half, likewise."""
    least = _log_ndtr(jnp.asarray(-_LIMITS[log_p.dtype.itemsize], log_p.dtype))
    far = jnp.minimum(log_p, least)
    z = -jnp.sqrt(-2 * far)
    for _ in range(_CORRECTIONS):
        z = z - (far - _log_ndtr(z)) / z
    near = ndtri(jnp.exp(jnp.maximum(log_p, least)))
    return jnp.where(log_p < least, z, near)
