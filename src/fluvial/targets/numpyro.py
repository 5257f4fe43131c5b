"""A target from a NumPyro model and its arguments."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.targets.batching import batched
from fluvial.targets.density import JaxDensity
from fluvial.targets.space import Layout, Space, mapped_space
from fluvial.targets.target import Target
from fluvial.targets.tracing import Traced

__all__ = ["from_numpyro"]


def from_numpyro(model: Callable, *args: Any, **kwargs: Any) -> Target:
    """Make a target of a NumPyro model, called with the given arguments.

    The log density is that of the latent sites mapped to R^D by NumPyro's `biject_to`, with its
    log Jacobian; no constant is dropped. The coordinates are the sites in the order in which the
    model samples them, each in row-major order. Draws hold the latent sites, then the
    deterministic ones. Data that are JAX arrays in float32 stay in float32; NumPy arrays in
    float64 are used as such.

    Args:
        model: a function that calls `numpyro.sample`.
        args: its arguments.
        kwargs: its keyword arguments.

    Raises:
        InputError: if NumPyro is not installed, the model fails, has a discrete latent site or
            none at all, or subsamples its data.

    Example:
        >>> import numpyro
        >>> from numpyro.distributions import HalfNormal, Normal
        >>> def model(y):
        ...     scale = numpyro.sample("scale", HalfNormal(1.0))
        ...     numpyro.sample("y", Normal(0.0, scale), obs=y)
        >>> from_numpyro(model, 0.3).variables
        {'scale': ()}
    """
    adapter = _Adapter(model, args, kwargs)
    sites = adapter.latent_sites()
    layout = Layout(sites)
    space = mapped_space(lambda x: adapter.constrain(layout.unravel(x)), layout.dim)
    log_density = Traced(lambda x: adapter.log_density(layout.unravel(x)), layout.dim)
    log_likelihood = Traced(lambda x: adapter.log_likelihood(layout.unravel(x)), layout.dim)
    return Target.of(
        JaxDensity(log_density, layout.dim),
        Space(space.variables, tuple(sites), space.constrain),
        log_likelihood=batched(log_likelihood),
        again=partial(from_numpyro, model, *args, **kwargs),
    )


class _Adapter:
    """A NumPyro model with its arguments, as functions of its unconstrained latent sites.

    NumPyro mixes types freely, which strict promotion would forbid, hence the standard one.
    """

    def __init__(self, model: Callable, args: tuple, kwargs: dict):
        require("numpyro", "a NumPyro model")
        self._model, self._args, self._kwargs = model, args, kwargs

    def _seeded(self, *args: Any, **kwargs: Any):
        """Run the model with the same random numbers at every call.

        The first trace needs them, and models that ask for a random key of their own.
        """
        from numpyro.handlers import seed

        return seed(self._model, 0)(*args, **kwargs)

    def latent_sites(self) -> OrderedDict[str, jax.ShapeDtypeStruct]:
        """Return name -> unconstrained shape of the latent sites, in the model's order.

        Raises:
            InputError: if the model fails, or is none that a flow could fit.
        """
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            try:
                sites = jax.eval_shape(self._unconstrained)
            except InputError:
                raise
            except Exception as error:
                reason = (str(error).splitlines() or [""])[0]
                raise InputError(
                    f"the NumPyro model failed: {type(error).__name__}: {reason}"
                ) from error
        if not sites:
            raise InputError("the NumPyro model has no latent site: there is nothing to infer.")
        return sites

    def _unconstrained(self) -> OrderedDict[str, jax.Array]:
        """Return one unconstrained value of each latent site."""
        from numpyro.distributions import biject_to
        from numpyro.handlers import trace

        values = OrderedDict()
        for name, site in trace(self._seeded).get_trace(*self._args, **self._kwargs).items():
            if site["type"] == "plate":
                _refuse_subsampling(name, *site["args"])
            elif site["type"] == "sample" and not site["is_observed"]:
                _refuse_discrete(name, site["fn"])
                values[name] = biject_to(site["fn"].support).inv(site["value"])
        return values

    def log_density(self, sites) -> jax.Array:
        """Return the log joint density, with the log Jacobian."""
        from numpyro.infer.util import potential_energy

        with jax.numpy_dtype_promotion("standard"):
            energy = potential_energy(self._seeded, self._args, self._kwargs, sites)
            return -jnp.asarray(energy)

    def constrain(self, sites) -> OrderedDict[str, jax.Array]:
        """Return the latent sites in the model's own space, then the deterministic ones."""
        from numpyro.infer.util import constrain_fn

        with jax.numpy_dtype_promotion("standard"):
            values = constrain_fn(
                self._seeded, self._args, self._kwargs, sites, return_deterministic=True
            )
        derived = [name for name in values if name not in sites]
        return OrderedDict((name, jnp.asarray(values[name])) for name in [*sites, *derived])

    def log_likelihood(self, sites) -> dict[str, jax.Array]:
        """Return the log likelihood of each observation, of each observed site."""
        from numpyro.infer import log_likelihood

        with jax.numpy_dtype_promotion("standard"):
            values = self.constrain(sites)
            return log_likelihood(
                self._seeded, dict(values), *self._args, batch_ndims=0, **self._kwargs
            )


def _refuse_subsampling(name: str, size: int, subsample_size: int | None = None) -> None:
    if subsample_size not in (None, size):
        raise InputError(
            f"the NumPyro plate {name!r} subsamples {subsample_size} of {size}, so that its log "
            "density is random: remove `subsample_size`."
        )


def _refuse_discrete(name: str, distribution) -> None:
    if distribution.support.is_discrete:
        raise InputError(
            f"the NumPyro site {name!r} is discrete ({type(distribution).__name__}): sum it out "
            "by hand, or observe it; a flow needs continuous sites."
        )
