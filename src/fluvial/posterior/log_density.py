"""The approximation's log density as a function that JAX can trace, and draws that it can."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray

from fluvial.errors import InputError
from fluvial.objectives import base_log_prob
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.targets.density import JaxDensity
from fluvial.targets.elementwise import Elementwise
from fluvial.targets.tracing import Traced

__all__ = [
    "all_gaussian",
    "marginal",
    "named_log_density",
    "sampler",
    "traceable",
    "unconstrained_log_density",
]


def traceable(q: Mixture) -> JaxDensity:
    """Return ln q as a density, evaluated in float64 whatever the dtype of the point."""

    def log_q(x):
        def one(component):
            z, log_det = component.flow.inverse(x)
            return base_log_prob(z) + log_det

        terms = jnp.stack([one(component) for component in q.components])
        return jax.nn.logsumexp(terms + np.log(q.weights))

    return JaxDensity(Traced(log_q, q.dim), q.dim)


def unconstrained_log_density(log_q: JaxDensity, x: ArrayLike) -> Float[Array, ""]:
    """Return ln q at one unconstrained point.

    Raises:
        InputError: if it does not have shape (D,).
    """
    if jnp.shape(x) != (log_q.dim,):
        raise InputError(
            f"log_density was given a point of shape {jnp.shape(x)}: give one of shape "
            f"({log_q.dim},); for many points use jax.vmap."
        )
    return log_q.log_prob(jnp.asarray(x, jnp.result_type(float, x)))


def named_log_density(
    log_q: Callable[[Array], Array], elements: Elementwise, values: Mapping[str, ArrayLike]
) -> Float[Array, ""]:
    """Return ln q of parameters in the model's own space: ln q(x) − ln|det dθ/dx|.

    It is −inf where a parameter is out of its bounds, or on them.

    Raises:
        InputError: if the names or the shapes are not the model's.
    """
    arrays = {name: jnp.asarray(value) for name, value in values.items()}
    missing = [name for name in elements.places if name not in arrays]
    extra = [name for name in arrays if name not in elements.places]
    if missing or extra:
        what = f"lacks {missing[0]!r}" if missing else f"has {extra[0]!r}, which is not a parameter"
        raise InputError(
            f"log_density was given a dictionary that {what}: give "
            f"{', '.join(elements.places)}, or an unconstrained point."
        )
    for name, shape in elements.shapes.items():
        if arrays[name].shape != shape:
            raise InputError(
                f"log_density was given {name!r} of shape {arrays[name].shape}: its shape is "
                f"{shape}; for many points use jax.vmap."
            )
    dtype = jnp.result_type(float, *(a.dtype for a in arrays.values()))
    with jax.numpy_dtype_promotion("standard"):
        given = {name: array.astype(dtype) for name, array in arrays.items()}
        x, _ = elements.inverse(given)
        known = jnp.stack([jnp.all(jnp.isfinite(array)) for array in given.values()]).all()
        outside = known & ~jnp.all(jnp.isfinite(x))
        inside = elements.values(jnp.zeros_like(x))  # where gradients are finite
        given = {n: jnp.where(outside, inside[n].astype(dtype), a) for n, a in given.items()}
        x, log_volume = elements.inverse(given)
        return jnp.where(outside, -jnp.inf, log_q(x) - log_volume)


def sampler(q: Mixture) -> Callable[[PRNGKeyArray], Float[Array, " D"]]:
    """Return a function that draws one point of q from a key, and that JAX can trace."""

    def draw(key):
        dtype = jnp.result_type(float)
        with jax.enable_x64(True):
            first, second = jax.random.split(key)
            z = jax.random.normal(second, (q.dim,), jnp.float64)
            pushed = jnp.stack([component.flow.forward(z)[0] for component in q.components])
            chosen = jax.random.categorical(first, jnp.asarray(np.log(q.weights)))
            return pushed[chosen].astype(dtype)

    return draw


def all_gaussian(q: Mixture) -> bool:
    """Whether no component has a flow, so that marginals are known."""
    return all(isinstance(component, GaussianComponent) for component in q.components)


def marginal(q: Mixture, places: np.ndarray) -> Mixture:
    """Return the marginal density of some coordinates of a mixture of Gaussians."""

    def one(gaussian: Gaussian | DiagonalGaussian) -> GaussianComponent:
        if isinstance(gaussian, DiagonalGaussian):
            return GaussianComponent(DiagonalGaussian(gaussian.mean[places], gaussian.sd[places]))
        rows = gaussian.cholesky[places]
        covariance = rows @ rows.T
        return GaussianComponent(Gaussian(gaussian.mean[places], np.linalg.cholesky(covariance)))

    return Mixture(tuple(one(component.gaussian) for component in q.components), q.weights)
