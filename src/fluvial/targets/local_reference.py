r"""The integral over a group's latents by importance sampling, for comparison with quadrature.

Climbs start wherever a group's latents may have mass that the mode near the origin does not show:
far around that mode, over their prior, and at the mode with signs turned or its latents in another
order. Draws come from Student's t around each end, and over the prior, so that their weights

.. math:: \frac{e^{h(u)}}{\sum_k c_k\, t_4(u; \hat u_k, 1.2^2 L_k L_k^\top)}

have a mean, the integral, and a standard error whether it has one mode or several, and heavy tails
or light ones (Geweke 1989, Econometrica 57).
"""

import itertools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from fluvial.targets.local_latents import Locals, joint, peak

__all__ = ["STARTS", "Estimate", "RandomNumbers", "noises", "reference"]

_AWAY = (4.0, 16.0, 64.0)  # sd from the mode
_PRIOR = (1.0, 3.0)  # sd of the prior
_EACH = 8  # climbs from each of these distances
STARTS = 8 * (len(_AWAY) + len(_PRIOR) + 1)
"""How many climbs there are, about."""

_DRAWS = 1024
_FREEDOM = 4.0
_WIDER = 1.2
_OVER_PRIOR = 0.1  # of all draws
_BY_MASS = 0.5  # of the others; the rest are shared equally


class RandomNumbers(NamedTuple):
    """The random numbers of an estimate, made beforehand, since XLA takes long to compile them.

    Attributes:
        starts: standard normal, for the climbs.
        z: of Student's t, for the draws.
        ticks: uniform, one in each of as many equal parts, which choose between the ends.
    """

    starts: Any
    z: Any
    ticks: Any


class Estimate(NamedTuple):
    """An integral.

    Attributes:
        log_integral: its logarithm, in nats.
        se: the standard error of that.
    """

    log_integral: Array
    se: Array


def noises(count: int, dim: int, rng: np.random.Generator) -> RandomNumbers:
    """Return the random numbers of so many groups' estimates, each with a leading axis of groups.

    Args:
        count: of groups.
        dim: of a group's latents.
        rng: where they come from.
    """
    # Half a chi-squared variable of four degrees of freedom is the sum of two exponential ones.
    half = rng.exponential(size=(count, _DRAWS, 2)).sum(axis=-1, keepdims=True)
    z = rng.normal(size=(count, _DRAWS, dim)) * np.sqrt(_FREEDOM / (2.0 * half))
    ticks = (np.arange(_DRAWS) + rng.uniform(size=(count, _DRAWS))) / _DRAWS
    starts = rng.normal(size=(count, len(_AWAY) + len(_PRIOR), _EACH, dim))
    return RandomNumbers(starts, z, rng.permuted(ticks, axis=1))


def reference(
    locals_: Locals, theta: Float[Array, " D"], group: PyTree, noise: RandomNumbers
) -> Estimate:
    """Estimate the integral over one group's latents.

    Args:
        locals_: the latents.
        theta: the shared parameters.
        group: the group, as a block has it.
        noise: the random numbers of this group.
    """
    dim, dtype = locals_.dim, theta.dtype

    def h(u):
        return joint(locals_, theta, u, group)

    def log_prior(u):
        return jnp.asarray(locals_.log_prior(theta, u), dtype)

    mode, factor = peak(h, dim, dtype)
    center, width = peak(log_prior, dim, dtype)
    starts = _starts(noise.starts, (mode, factor), (center, width))
    ends, factors = jax.vmap(lambda start: peak(h, dim, dtype, start))(starts)
    heights = jax.vmap(h)(ends) + jax.vmap(_log_volume)(factors)
    good = jnp.isfinite(heights) & jnp.all(jnp.isfinite(factors), axis=(1, 2))
    by_mass = jax.nn.softmax(jnp.where(good, heights, -jnp.inf))
    equal = good.astype(dtype) / jnp.maximum(1.0, jnp.sum(good, dtype=dtype))
    shares = (1.0 - _OVER_PRIOR) * (_BY_MASS * by_mass + (1.0 - _BY_MASS) * equal)
    shares = jnp.append(jnp.nan_to_num(shares), _OVER_PRIOR)
    ends = jnp.concatenate([jnp.where(good[:, None], ends, mode), center[None]])
    factors = jnp.concatenate([jnp.where(good[:, None, None], factors, factor), width[None]])
    factors = _WIDER * factors
    k = jnp.sum(noise.ticks[:, None] * jnp.sum(shares) > jnp.cumsum(shares)[:-1], axis=1)
    u = ends[k] + jnp.einsum("nij,nj->ni", factors[k], noise.z)
    return _estimate(jax.vmap(h)(u) - _log_mixture(u, jnp.log(shares), ends, factors))


def _starts(z: Array, here: tuple[Array, Array], prior: tuple[Array, Array]) -> Array:
    (mode, factor), (center, width) = here, prior
    dim = len(mode)
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=dim)))
    orders = [list(order) for order in itertools.permutations(range(dim))]
    away = [mode + s * z[k] @ factor.T for k, s in enumerate(_AWAY)]
    wide = [center + s * z[len(_AWAY) + k] @ width.T for k, s in enumerate(_PRIOR)]
    return jnp.concatenate([*away, *wide, signs * mode, mode[np.array(orders)]])


def _log_mixture(u: Array, log_shares: Array, ends: Array, factors: Array) -> Array:
    dim = u.shape[1]
    inverses = jnp.linalg.inv(factors)
    z = jnp.einsum("kij,nkj->nki", inverses, u[:, None] - ends)
    constant = (
        math.lgamma((_FREEDOM + dim) / 2.0)
        - math.lgamma(_FREEDOM / 2.0)
        - 0.5 * dim * np.log(_FREEDOM * np.pi)
        - jax.vmap(_log_volume)(factors)
    )
    tails = -0.5 * (_FREEDOM + dim) * jnp.log1p(jnp.sum(z**2, axis=-1) / _FREEDOM)
    return jax.scipy.special.logsumexp(log_shares + constant + tails, axis=1)


def _estimate(log_w: Array) -> Estimate:
    """The mean of weights, of which those that are not a number count for nothing."""
    log_w = jnp.where(jnp.isnan(log_w), -jnp.inf, log_w)
    log_mean = jax.scipy.special.logsumexp(log_w) - np.log(_DRAWS)
    relative = jnp.exp(log_w - log_mean)
    return Estimate(log_mean, jnp.std(relative) / np.sqrt(_DRAWS))


def _log_volume(factor: Array) -> Array:
    return jnp.sum(jnp.log(jnp.abs(jnp.diagonal(factor))))
