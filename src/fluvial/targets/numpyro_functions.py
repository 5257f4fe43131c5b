"""What a NumPyro model tells beyond its log density: its priors, and draws of its data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import InputError, described
from fluvial.targets.batching import batched
from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.numpyro_model import NumPyroModel
from fluvial.targets.numpyro_sites import log_volume
from fluvial.targets.space import Layout
from fluvial.targets.tracing import Traced

__all__ = ["explained", "functions_of"]


def functions_of(model: NumPyroModel, layout: Layout) -> ModelFunctions:
    """Return what the model provides beyond its log density, each traced when first used."""
    names, dim, improper = set(model.sites.observed), layout.dim, model.sites.improper
    log_prior = _when_asked(lambda x: _log_prior(model, layout.unravel(x)), dim)

    def draw(v):  # the last number is the draw's
        return model.drawn(model.constrain(layout.unravel(v[:dim])), v[dim])

    predictive = _when_asked(lambda v: _chosen(draw(v), names), dim + 1)
    both = _when_asked(lambda v: model.drawn({}, v[0]), 1)

    def prior(numbers):
        found = both(numbers[:, None])
        return (
            {name: a for name, a in found.items() if name not in names},
            {name: a for name, a in found.items() if name in names},
        )

    return ModelFunctions(
        log_prior,
        (lambda points, n: predictive(np.column_stack([points, n]))) if names else None,
        None if improper else prior,
        lambda replaced: _without_prior(model, layout, replaced),
        improper,
    )


def _log_prior(model: NumPyroModel, sites) -> dict[str, jax.Array]:
    """Return the log prior of each latent site, in its own space."""
    found = model.log_probs(model.constrain(sites), total=False)[0]
    return {name: value for name, value in found.items() if name in model.sites.latent}


def _without_prior(model: NumPyroModel, layout: Layout, replaced: tuple[str, ...]) -> Density:
    def log_density(x):
        sites = layout.unravel(x)
        values = model.constrain(sites)
        found, traced = model.log_probs(values, total=True)
        with jax.numpy_dtype_promotion("standard"):
            terms = [value for name, value in found.items() if name not in replaced]
            terms += [
                log_volume(traced[name], sites[name])
                for name in model.sites.latent
                if name not in replaced
            ]
            return jnp.asarray(sum(terms, jnp.zeros((), x.dtype)))

    return JaxDensity(Traced(log_density, layout.dim), layout.dim)


def _chosen(found: dict, names: set[str]) -> dict:
    return {name: value for name, value in found.items() if name in names}


def _when_asked(function: Callable, dim: int) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Trace a function of one point when it is first asked for many."""

    @cache
    def traced():
        return batched(Traced(function, dim))

    def apply(points: np.ndarray) -> dict[str, np.ndarray]:
        with explained():
            return traced()(np.ascontiguousarray(points, np.float64))

    return apply


@contextmanager
def explained() -> Iterator[None]:
    """Turn whatever error a model fails with into one sentence."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"the NumPyro model failed: {described(error)}") from error
