"""What evaluates a block of rows, compiled once a shape."""

from collections.abc import Callable
from functools import partial
from typing import final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from fluvial.targets.batching import batched
from fluvial.targets.tracing import Traced, widest_array
from fluvial.xla import jit

__all__ = ["Programs", "padded"]


@final
class Programs:
    """Sums over a block's rows, some of them masked, at many points; compiled once a shape."""

    def __init__(self, log_prior: Traced, log_likelihood: Callable, dim: int):
        def terms(x, block):
            with jax.numpy_dtype_promotion("standard"):
                return jnp.asarray(log_likelihood(x, block), x.dtype)

        def total(x, block, count):
            found = terms(x, block)
            return jnp.sum(jnp.where(jnp.arange(len(found)) < count, found, 0.0))

        def product(pair, block, count):
            x, tangent = pair[:dim], pair[dim:]
            gradient = partial(jax.grad(total), block=block, count=count)
            return jax.jvp(gradient, (x,), (tangent,))[1]

        many = (0, None, None)
        self._total, self._dim = jax.vmap(total, many), dim
        self.terms = jit(terms)
        self.values = jit(self._total)
        self.gradients = jit(jax.vmap(jax.value_and_grad(total), many))
        self.products = jit(jax.vmap(product, many))
        self.prior_values = batched(log_prior)
        self.prior_gradients = batched(jax.value_and_grad(log_prior))
        self.prior_hessian = batched(jax.hessian(log_prior))

    def name(self, program: Callable) -> str:
        """Return what one of the sums is of: values, gradients, or products with the Hessian."""
        names = ("values", "gradients", "products")
        return next(name for name in names if getattr(self, name) is program)

    def width(self, block: PyTree) -> int:
        """How many numbers the widest array has that is computed for one more point."""
        few, many = (self._widest(block, points) for points in (64, 128))
        return max((many - few) // 64, len(jax.tree.leaves(block)[0]))

    def _widest(self, block: PyTree, points: int) -> int:
        at = jax.ShapeDtypeStruct((points, self._dim), np.float64)
        with jax.enable_x64(True):
            return widest_array(jax.make_jaxpr(self._total)(at, block, np.int64(1)))


def padded(block: PyTree, size: int) -> PyTree:
    """Repeat the last row, which is at a place where the likelihood is known to be defined."""
    return jax.tree.map(
        lambda leaf: (
            leaf
            if len(leaf) == size
            else np.concatenate([leaf, np.repeat(leaf[-1:], size - len(leaf), axis=0)])
        ),
        block,
    )
