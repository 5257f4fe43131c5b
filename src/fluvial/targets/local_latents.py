r"""Groups with latents of their own, integrated out one by one.

With u the latents of a group, and y its rows, the log likelihood of the shared parameters θ is

.. math:: \ln p(y \mid \theta) = \ln \int e^{h(u)} du, \qquad
          h(u) = \ln p(u \mid \theta) + \sum_j \ln p(y_j \mid u, \theta),

a sum over groups of which is a density of rows, each row a group. The integral has few dimensions
and is taken by adaptive Gauss-Hermite quadrature (Liu & Pierce 1994, Biometrika 81): nodes z_k are
laid around the mode û of h, in the coordinates that its Hessian −(LLᵀ)⁻¹ there whitens,

.. math:: \int e^{h(u)} du \approx |L| \sum_k w_k\, e^{h(\hat u + L z_k) + |z_k|^2 / 2}
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

__all__ = ["MOST_LOCAL", "Locals", "check_alone", "local_draw", "marginal"]

MOST_LOCAL = 3  # of a product rule, whose nodes are so many to the power of this
_NODES = {1: 9, 2: 7, 3: 5}
_NEWTON = 30
_ARRIVED = 1e-2  # squared sd, before the last step, that are left to the mode
_FLAT = 1e-8
_CANDIDATES = 64
_WIDER = 1.2  # than the Gaussian at the mode, so that the weights of candidates have no tail


class Locals(NamedTuple):
    """What a group's latents are.

    Attributes:
        dim: how many.
        log_prior: from θ and u to a scalar.
        log_likelihood: from θ, u and the rows of one group to a number for each.
    """

    dim: int
    log_prior: Callable[[Any, Any], Any]
    log_likelihood: Callable[[Any, Any, PyTree], Any]


def marginal(locals_: Locals, nodes: int | None = None) -> Callable[[Any, PyTree], Any]:
    """Return the log likelihood of θ of each group of a block.

    Args:
        locals_: the groups' latents.
        nodes: for each of them; by default 9, 7 or 5, where a group has one, two or three.
    """
    z, log_w = _rule(locals_.dim, nodes or _NODES[locals_.dim])

    def of_group(theta, group):
        def h(u):
            return _joint(locals_, theta, u, group)

        # Nodes that stand still give the derivatives of the integral, too, as far as it is exact.
        held = jax.lax.stop_gradient(theta)
        mode, factor = _peak(lambda u: _joint(locals_, held, u, group), locals_.dim, theta.dtype)
        at = mode + jnp.asarray(z, theta.dtype) @ factor.T
        volume = jnp.sum(jnp.log(jnp.abs(jnp.diagonal(factor))))
        terms = jax.vmap(h)(at) + jnp.asarray(log_w, theta.dtype)
        return volume + jax.scipy.special.logsumexp(terms)

    def log_likelihood(theta, block):
        return jax.vmap(of_group, (None, 0))(theta, block)

    return log_likelihood


def local_draw(locals_: Locals, theta: Float[Array, " D"], group: PyTree, key: Array) -> Array:
    """Draw a group's latents given θ: one of several candidates, in proportion to their weights."""

    def h(u):
        return _joint(locals_, theta, u, group)

    mode, factor = _peak(h, locals_.dim, theta.dtype)
    drawn, chosen = jax.random.split(key)
    z = _WIDER * jax.random.normal(drawn, (_CANDIDATES, locals_.dim), theta.dtype)
    u = mode + z @ factor.T
    log_w = jax.vmap(h)(u) + 0.5 * jnp.sum(z**2, axis=1) / _WIDER**2
    return u[jax.random.categorical(chosen, jnp.nan_to_num(log_w, nan=-jnp.inf))]


def _joint(locals_: Locals, theta, u, group) -> Array:
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
            f"{both[first]:.6g} beside some rows and {one[first]:.6g} beside others. Compute what "
            "spans a group's rows, such as a mean, beforehand and give it as a column."
        )


def _peak(h: Callable, dim: int, dtype: Any) -> tuple[Array, Array]:
    """The mode by Newton's method, damped where it does not climb, and L of the Hessian there."""
    gradient, hessian = jax.grad(h), jax.hessian(h)
    sizes = jnp.asarray([1.0, 0.2], dtype)

    def curvature(u):
        if dim == 1:
            return jnp.maximum(jnp.abs(hessian(u))[0], _FLAT), jnp.ones((1, 1), dtype)
        values, vectors = jnp.linalg.eigh(-hessian(u))
        return jnp.maximum(jnp.abs(values), _FLAT), vectors

    def step(state):
        u, height, _, taken = state
        values, vectors = curvature(u)
        scaled = (vectors.T @ gradient(u)) / jnp.sqrt(values)
        move = vectors @ (scaled / jnp.sqrt(values))
        heights = jax.vmap(lambda size: h(u + size * move))(sizes)
        best = jnp.argmax(jnp.where(jnp.isfinite(heights), heights, -jnp.inf))
        better = heights[best] > height
        arrived = (jnp.sum(scaled**2) < _ARRIVED) | ~better
        moved = jnp.where(better, u + sizes[best] * move, u)
        return moved, jnp.where(better, heights[best], height), arrived, taken + 1

    def unfinished(state):
        return ~state[2] & (state[3] < _NEWTON)

    start = jnp.zeros(dim, dtype)
    u, *_ = jax.lax.while_loop(unfinished, step, (start, h(start), jnp.array(False), 0))
    values, vectors = curvature(u)
    if dim == 1:
        return u, values[:, None] ** -0.5
    return u, jnp.linalg.cholesky((vectors / values) @ vectors.T)


def _rule(dim: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (K, dim), and the logarithms of their weights, of ∫ f(z) dz with f near a Gaussian."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    grids = np.meshgrid(*[nodes] * dim, indexing="ij")
    z = np.stack([grid.ravel() for grid in grids], axis=1)
    log_w = sum(np.log(grid.ravel()) for grid in np.meshgrid(*[weights] * dim, indexing="ij"))
    return z, log_w + 0.5 * np.sum(z**2, axis=1)
