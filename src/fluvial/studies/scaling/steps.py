"""The gradient steps that are timed, each as one compiled program."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from fluvial.errors import InputError
from fluvial.flows import Planar, Radial, Stacked
from fluvial.objectives import base_log_prob

__all__ = ["GradientStep", "dense_step", "flow_step", "network_step"]


class GradientStep(NamedTuple):
    """A compiled step, and what to call it with.

    Attributes:
        compiled: from parameters and points to a loss and its gradient.
        arguments: from a seed to parameters and points.
    """

    compiled: jax.stages.Compiled
    arguments: Callable[[int], tuple[Any, Array]]

    @property
    def temporary_bytes(self) -> int:
        """Bytes that the program needs besides its arguments and results."""
        analysis = self.compiled.memory_analysis()
        if analysis is None:
            raise InputError(
                "this device's compiler does not tell what memory a program needs: set "
                "JAX_PLATFORMS=cpu."
            )
        return int(analysis.temp_size_in_bytes)


def flow_step(
    what: str, length: int, dim: int, batch: int, *, checkpoint: bool = False
) -> GradientStep:
    """Return a step of the free energy (eq. 15) on a Gaussian, whose own cost is small.

    The base draws are given: to draw them costs O(D) whatever K is.

    Args:
        what: "planar" or "radial".
        length: K.
        dim: D.
        batch: draws from the flow.
        checkpoint: see `Stacked`.
    """
    layer = {"planar": Planar, "radial": Radial}[what]

    @functools.cache
    def flow(seed: int) -> Stacked:
        keys = jax.random.split(jax.random.key(seed), length)
        return Stacked([layer(dim, key=key) for key in keys], checkpoint=checkpoint)

    _, static = eqx.partition(flow(0), eqx.is_array)

    def loss(arrays, z):
        x, log_det = jax.vmap(eqx.combine(arrays, static).forward)(z)
        log_q = jax.vmap(base_log_prob)(z) - log_det
        return jnp.mean(log_q - jax.vmap(base_log_prob)(x - 1.0))

    return _step(
        loss, lambda seed: (eqx.filter(flow(seed), eqx.is_array), _draws(seed, batch, dim))
    )


def dense_step(dim: int, batch: int) -> GradientStep:
    r"""Return a step of one layer :math:`x = z + U \tanh(W z + b)` with square U and W.

    Its Jacobian, :math:`I + U \operatorname{diag}(1 - \tanh^2) W`, has no structure to use: the
    determinant takes O(D³), which is what planar and radial flows avoid.
    """

    def loss(parameters, z):
        x, log_det = jax.vmap(_dense, in_axes=(None, 0))(parameters, z)
        log_q = jax.vmap(base_log_prob)(z) - log_det
        return jnp.mean(log_q - jax.vmap(base_log_prob)(x - 1.0))

    def arguments(seed: int):
        shapes = ((dim, dim), (dim, dim), (dim,))
        keys = jax.random.split(jax.random.key(seed), 3)
        drawn = [
            0.3 * jax.random.normal(k, s) / dim**0.5 for k, s in zip(keys, shapes, strict=True)
        ]
        return tuple(drawn), _draws(seed, batch, dim)

    return _step(loss, arguments)


def network_step(width: int, depth: int, batch: int) -> GradientStep:
    """Return a step of L hidden layers of N units, as of an inference network.

    Args:
        width: N, of the input and the output too.
        depth: L.
        batch: data.
    """

    def arguments(seed: int):
        network = eqx.nn.MLP(width, width, width, depth, key=jax.random.key(seed))
        return eqx.filter(network, eqx.is_array), _draws(seed, batch, width)

    structure = eqx.filter_eval_shape(eqx.nn.MLP, width, width, width, depth, key=jax.random.key(0))
    _, static = eqx.partition(structure, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))

    def loss(arrays, data):
        return jnp.mean(jax.vmap(eqx.combine(arrays, static))(data) ** 2)

    return _step(loss, arguments)


def _dense(parameters, z: Float[Array, " D"]) -> tuple[Float[Array, " D"], Float[Array, ""]]:
    U, W, b = parameters
    t = jnp.tanh(W @ z + b)
    jacobian = jnp.eye(z.shape[0], dtype=z.dtype) + (U * (1 - t**2)) @ W
    return z + U @ t, jnp.linalg.slogdet(jacobian)[1]


def _draws(seed: int, batch: int, dim: int) -> Float[Array, "batch dim"]:
    return jax.random.normal(jax.random.fold_in(jax.random.key(1000), seed), (batch, dim))


def _step(loss: Callable, arguments: Callable[[int], tuple[Any, Array]]) -> GradientStep:
    compiled = jax.jit(jax.value_and_grad(loss)).lower(*arguments(0)).compile()
    return GradientStep(compiled, arguments)
