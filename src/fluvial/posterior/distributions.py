"""A posterior as a distribution of NumPyro or PyMC, for use in other models."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.posterior.log_density import sampler
from fluvial.posterior.mixture import Mixture
from fluvial.xla import jit

__all__ = ["is_pytensor", "numpyro_distribution", "pymc_distribution", "pymc_values"]


def numpyro_distribution(q: Mixture, log_q: Callable[[jax.Array], jax.Array]) -> Any:
    """Make a NumPyro distribution over R^D of an approximation.

    Args:
        q: it.
        log_q: its log density at one point.

    Raises:
        InputError: if NumPyro is not installed.
    """
    require("numpyro", "a NumPyro distribution")
    from numpyro.distributions import Distribution, constraints

    draw = sampler(q)

    class NumPyroApproximation(Distribution):
        """Q, the approximation of a posterior."""

        support: Any = constraints.real_vector
        pytree_data_fields = ()

        def __init__(self, *, validate_args=None):
            super().__init__((), (q.dim,), validate_args=validate_args)

        def sample(self, key: Any, sample_shape=()):
            keys = jax.random.split(key, int(np.prod(sample_shape, dtype=int)))
            return jax.vmap(draw)(keys).reshape(*sample_shape, q.dim)

        def log_prob(self, value):
            return jnp.vectorize(log_q, signature="(d)->()")(jnp.asarray(value))

    return NumPyroApproximation()


def pymc_distribution(name: str, q: Mixture, log_q: Callable[[jax.Array], jax.Array]) -> Any:
    """Add a free variable over R^D to the PyMC model that is being built.

    Args:
        name: of the variable.
        q: its distribution.
        log_q: the log density at one point.

    Raises:
        InputError: if PyMC is not installed, or no model is being built.
    """
    require("pymc", "a PyMC distribution")
    import pymc

    try:
        pymc.modelcontext(None)
    except TypeError:
        raise InputError(
            "no PyMC model is being built: call to_pymc inside `with pymc.Model():`."
        ) from None
    log_density = _operation(log_q, 0)

    def random(*_, rng: np.random.Generator, size=None) -> np.ndarray:
        count = int(np.prod(size, dtype=int)) if size else 1
        x = q.sample(rng, count)[0]
        return x.reshape(*size, q.dim) if size else x[0]

    return pymc.CustomDist(
        name,
        q.sample(np.random.default_rng(0), 1)[0][0],  # an argument that says D, and no more
        logp=lambda value, _: log_density(value),
        random=random,
        signature="(d)->(d)",
    )


def pymc_values(
    x: Any, function: Callable[[jax.Array], jax.Array], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Any]:
    """Return functions of a variable of PyMC, which has a gradient, as variables.

    Args:
        x: of shape (D,).
        function: of one point; what it returns is one array (sum of sizes,).
        shapes: name -> shape of each piece of that.
    """
    flat, start, found = _operation(function, 1)(x), 0, {}
    for name, shape in shapes.items():
        size = int(np.prod(shape, dtype=int))
        found[name] = flat[start : start + size].reshape(shape)
        start += size
    return found


def is_pytensor(x: Any) -> bool:
    """Whether something is a variable of PyTensor, as those of PyMC are."""
    graph = sys.modules.get("pytensor.graph")
    return graph is not None and isinstance(x, graph.Variable)


def _operation(function: Callable[[jax.Array], jax.Array], axes: int) -> Any:
    """Make an operation of PyTensor that has a gradient, and that JAX can compile.

    Args:
        function: of one point, shape (D,).
        axes: of what it returns.
    """
    pt: Any = import_module("pytensor.tensor")
    graph: Any = import_module("pytensor.graph")
    funcify: Any = import_module("pytensor.link.jax.dispatch").jax_funcify

    def pulled(x, g):
        return jax.vjp(function, x)[1](jnp.asarray(g, x.dtype))[0]

    value, pullback = jit(function), jit(pulled)

    class Pullback(graph.Op):
        """The gradient of g · f."""

        def make_node(self, *inputs):
            x, g = (pt.as_tensor_variable(one) for one in inputs)
            return graph.Apply(self, [x, g], [x.type()])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = _on_host(pullback, *inputs)

    class Function(graph.Op):
        """F, of one point."""

        def make_node(self, *inputs):
            x = pt.as_tensor_variable(inputs[0])
            return graph.Apply(self, [x], [pt.tensor(dtype=x.dtype, shape=(None,) * axes)])

        def perform(self, node, inputs, output_storage):
            output_storage[0][0] = _on_host(value, inputs[0])

        def grad(self, inputs, output_grads):
            return [_pullback(inputs[0], output_grads[0])]

    _pullback = Pullback()
    funcify.register(Function, lambda op, **_: function)
    funcify.register(Pullback, lambda op, **_: pulled)
    return Function()


def _on_host(function: Callable, *inputs: np.ndarray) -> np.ndarray:
    with jax.enable_x64(True):
        # A copy, which PyTensor may write to.
        return np.array(function(*map(jnp.asarray, inputs)), inputs[0].dtype)
