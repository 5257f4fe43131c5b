r"""Groups with latents of their own, integrated out one by one.

With u the latents of a group, and y its rows, the log likelihood of the shared parameters θ is

.. math:: \ln p(y \mid \theta) = \ln \int e^{h(u)} du, \qquad
          h(u) = \ln p(u \mid \theta) + \sum_j \ln p(y_j \mid u, \theta),

a sum over groups of which is a density of rows, each row a group. The integral has few dimensions
and is taken by adaptive Gauss-Hermite quadrature (Liu & Pierce 1994, Biometrika 81): nodes z_k are
laid around the mode û of h, in the coordinates that its Hessian −(LLᵀ)⁻¹ there whitens,

.. math:: \int e^{h(u)} du \approx |L| \sum_k w_k\, e^{h(\hat u + L z_k) + |z_k|^2 / 2}

Where these are too few, as where u has a heavy tail or two modes, there are rules of more nodes,
which also reach further. ``inference/rows/integrals.py`` tells which one is needed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from fluvial.errors import InputError
from fluvial.targets.row_agreement import first_apart
from fluvial.xla import jit

__all__ = [
    "MOST_LOCAL",
    "RULES",
    "Locals",
    "check_alone",
    "joint",
    "local_draw",
    "marginal",
    "peak",
]

MOST_LOCAL = 3  # of a product rule, whose nodes are so many to the power of this
RULES = {1: (9, 25, 79), 2: (7, 15, 31), 3: (5, 9, 15)}
"""How many nodes each of so many latents has, in the rules from coarse to fine."""

_NEWTON = 40
_ARRIVED = 1e-2  # squared sd, before the last step, that are left to the mode
_SIZES = (1.0, 0.2)  # of a step; if neither climbs, the next ones are smaller ...
_SHORTER = 0.04
_SHORTEST = 1e-9  # ... down to this
_FLAT = 1e-8
# Where a density is symmetric in u, the origin has a gradient of zero, and may be a minimum.
_START = (0.1, 0.07, 0.05)
_CANDIDATES = 64


class Locals(NamedTuple):
    """What a group's latents are.

    Attributes:
        dim: how many.
        log_prior: from θ and u to a scalar.
        log_likelihood: from θ, u and the rows of one group to a number for each.
        rule: which of ``RULES`` integrates them out.
    """

    dim: int
    log_prior: Callable[[Any, Any], Any]
    log_likelihood: Callable[[Any, Any, PyTree], Any]
    rule: int = 0

    @property
    def nodes(self) -> int:
        """How many nodes each latent has."""
        return RULES[self.dim][self.rule]

    def leading(self, dim: int) -> "Locals":
        """Return the same latents, whose θ are the first so many of more coordinates."""
        log_prior, log_likelihood = self.log_prior, self.log_likelihood
        return self._replace(
            log_prior=lambda x, u: log_prior(x[:dim], u),
            log_likelihood=lambda x, u, rows: log_likelihood(x[:dim], u, rows),
        )


def marginal(locals_: Locals, nodes: int | None = None) -> Callable[[Any, PyTree], Any]:
    """Return the log likelihood of θ of each group of a block.

    Args:
        locals_: the groups' latents.
        nodes: for each of them; by default those of their rule.
    """
    z, log_w = _rule(locals_.dim, nodes or locals_.nodes)

    def of_group(theta, group):
        def h(u):
            return joint(locals_, theta, u, group)

        # Nodes that stand still give the derivatives of the integral, too, as far as it is exact.
        held = jax.lax.stop_gradient(theta)
        mode, factor = peak(lambda u: joint(locals_, held, u, group), locals_.dim, theta.dtype)
        at = mode + jnp.asarray(z, theta.dtype) @ factor.T
        volume = jnp.sum(jnp.log(jnp.abs(jnp.diagonal(factor))))
        terms = jax.vmap(h)(at) + jnp.asarray(log_w, theta.dtype)
        return volume + jax.scipy.special.logsumexp(terms)

    def log_likelihood(theta, block):
        return jax.vmap(of_group, (None, 0))(theta, block)

    return log_likelihood


def local_draw(locals_: Locals, theta: Float[Array, " D"], group: PyTree, key: Array) -> Array:
    """Draw a group's latents given θ: one of several candidates, in proportion to their weights.

    Candidates are nodes of the rule, in proportion to what each adds to the integral, moved by as
    much as nodes are apart.
    """

    def h(u):
        return joint(locals_, theta, u, group)

    z, log_w = (jnp.asarray(a, theta.dtype) for a in _rule(locals_.dim, locals_.nodes))
    apart = _apart(locals_.nodes)
    mode, factor = peak(h, locals_.dim, theta.dtype)
    terms = jax.vmap(h)(mode + z @ factor.T) + log_w
    shares = jnp.nan_to_num(jax.nn.log_softmax(jnp.nan_to_num(terms, nan=-jnp.inf)), nan=0.0)
    places, moved, chosen = jax.random.split(key, 3)
    node = z[jax.random.categorical(places, shares, shape=(_CANDIDATES,))]
    at = node + apart * jax.random.normal(moved, node.shape, theta.dtype)
    away = jnp.sum((at[:, None] - z) ** 2, axis=-1) / (2.0 * apart**2)
    u = mode + at @ factor.T
    log_ratio = jax.vmap(h)(u) - jax.scipy.special.logsumexp(shares - away, axis=1)
    return u[jax.random.categorical(chosen, jnp.nan_to_num(log_ratio, nan=-jnp.inf))]


def joint(locals_: Locals, theta: Any, u: Any, group: PyTree) -> Array:
    """Return h(u), in nats: the log prior of a group's latents and the sum over its rows."""
    present = group["present"]
    with jax.numpy_dtype_promotion("standard"):
        terms = jnp.asarray(locals_.log_likelihood(theta, u, group["rows"]), theta.dtype)
        prior = jnp.asarray(locals_.log_prior(theta, u), theta.dtype)
    if terms.shape != present.shape:
        raise InputError(
            f"the log likelihood returned shape {terms.shape} for a group of {len(present)} rows: "
            f"return shape {present.shape}, one number for each row, without the sum over them."
        )
    if prior.shape != ():
        raise InputError(
            f"the local log prior returned shape {prior.shape}: return a scalar, for instance with "
            "jnp.sum."
        )
    return prior + jnp.sum(jnp.where(present, terms, 0.0))


def check_alone(locals_: Locals, groups: PyTree, dim: int) -> None:
    """Compare the terms of some of a group's rows with and without the others.

    Args:
        locals_: the latents.
        groups: some groups, as a block has them.
        dim: of θ.

    Raises:
        InputError: if they differ, as where a row's term holds a mean over the group.
    """
    widest = int(np.argmax(groups["present"].sum(axis=1)))
    group = jax.tree.map(lambda leaf: leaf[widest], groups)
    kept = max(1, int(group["present"].sum()) // 2)
    other = jax.tree.map(
        lambda leaf: np.concatenate([leaf[:kept], np.repeat(leaf[:1], len(leaf) - kept, axis=0)]),
        group["rows"],
    )
    rng = np.random.default_rng(0)
    theta, u = rng.uniform(-0.5, 0.5, dim), rng.uniform(-0.5, 0.5, locals_.dim)
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        program = jit(locals_.log_likelihood)
        both, one = (np.asarray(program(theta, u, rows))[:kept] for rows in (group["rows"], other))
    first = first_apart(both, one)
    if first is not None:
        raise InputError(
            "the log likelihood of a row depends on the other rows of its group: one row has "
            f"{both[first]:.6g} among some rows and {one[first]:.6g} among others. Compute what "
            "spans a group's rows, such as a mean, beforehand and give it as a column."
        )


def peak(
    h: Callable[[Any], Any], dim: int, dtype: Any, start: Any | None = None
) -> tuple[Array, Array]:
    """Return the mode, by Newton's method with steps that climb, and L of the Hessian there.

    Args:
        h: from a vector to a scalar.
        dim: of the vector.
        dtype: of the computation.
        start: by default near the origin.
    """
    gradient, hessian = jax.grad(h), jax.hessian(h)
    sizes = jnp.asarray(_SIZES, dtype)

    def curvature(u):
        if dim == 1:
            return jnp.maximum(jnp.abs(hessian(u))[0], _FLAT), jnp.ones((1, 1), dtype)
        values, vectors = jnp.linalg.eigh(-hessian(u))
        return jnp.maximum(jnp.abs(values), _FLAT), vectors

    def step(state):
        u, height, reach, _, taken = state
        values, vectors = curvature(u)
        scaled = (vectors.T @ gradient(u)) / jnp.sqrt(values)
        move = reach * (vectors @ (scaled / jnp.sqrt(values)))
        heights = jax.vmap(lambda size: h(u + size * move))(sizes)
        best = jnp.argmax(jnp.where(jnp.isfinite(heights), heights, -jnp.inf))
        better = heights[best] > height
        arrived = (jnp.sum(scaled**2) < _ARRIVED) | (~better & (reach < _SHORTEST))
        moved = jnp.where(better, u + sizes[best] * move, u)
        reach = jnp.where(better, jnp.minimum(1.0, reach / _SHORTER), reach * _SHORTER)
        return moved, jnp.where(better, heights[best], height), reach, arrived, taken + 1

    def unfinished(state):
        return ~state[3] & (state[4] < _NEWTON)

    start = jnp.asarray(_START[:dim] if start is None else start, dtype)
    begun = (start, h(start), jnp.ones((), dtype), jnp.array(False), 0)
    u, *_ = jax.lax.while_loop(unfinished, step, begun)
    values, vectors = curvature(u)
    if dim == 1:
        return u, values[:, None] ** -0.5
    return u, jnp.linalg.cholesky((vectors / values) @ vectors.T)


def _apart(nodes: int) -> float:
    """How far the middle ones of so many nodes are apart."""
    z, _ = np.polynomial.hermite_e.hermegauss(nodes)
    return float(z[nodes // 2 + 1] - z[nodes // 2])


def _rule(dim: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (K, dim), and the logarithms of their weights, of ∫ f(z) dz with f near a Gaussian."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    grids = np.meshgrid(*[nodes] * dim, indexing="ij")
    z = np.stack([grid.ravel() for grid in grids], axis=1)
    log_w = sum(np.log(grid.ravel()) for grid in np.meshgrid(*[weights] * dim, indexing="ij"))
    return z, log_w + 0.5 * np.sum(z**2, axis=1)
