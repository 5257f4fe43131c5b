"""A NumPyro model and its arguments, as functions of its unconstrained latent sites."""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.targets import refusals
from fluvial.targets.batching import batched
from fluvial.targets.numpyro_discrete import Enumeration
from fluvial.targets.numpyro_sites import Sites, read_sites
from fluvial.targets.space import Layout
from fluvial.targets.tracing import Traced

__all__ = ["NumPyroModel"]

_LOOKS = 4  # at values of discrete sites, to see what depends on them


class NumPyroModel:
    """A NumPyro model with its arguments, as functions of its unconstrained latent sites.

    NumPyro mixes types freely, which strict promotion would forbid, hence the standard one.
    """

    def __init__(self, model: Callable, args: tuple, kwargs: dict):
        require("numpyro", "a NumPyro model")
        self._model, self._args, self._kwargs = model, args, kwargs
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            self.sites: Sites = read_sites(self._seeded, args, kwargs)
        if not self.sites.latent:
            kind = "continuous latent site" if self.sites.discrete else "latent site"
            raise InputError(f"the NumPyro model has no {kind}: there is nothing to infer.")
        self._enumeration: Enumeration | None = None
        self._steady: set[str] = set()

    def enumerate(self, layout: Layout) -> None:
        """Sum over discrete sites from now on.

        Raises:
            InputError: if the sum has too many terms.
        """
        self._enumeration = Enumeration(self.sites.discrete, self._factors, layout)
        self._steady = self._unmoved(layout)

    def _unmoved(self, layout: Layout) -> set[str]:
        """Return the deterministic sites that do not depend on the discrete ones."""
        from numpyro.handlers import substitute
        from numpyro.infer.util import constrain_fn

        def derived(v):
            rng = np.random.default_rng(0)
            found = []
            for _ in range(_LOOKS):
                chosen = self.sites.discrete.items()
                z = {n: jnp.asarray(rng.choice(k, size=s)) for n, (s, k) in chosen}
                with jax.numpy_dtype_promotion("standard"):
                    model = substitute(self._seeded, data=z)
                    found.append(
                        constrain_fn(
                            model,
                            self._args,
                            self._kwargs,
                            layout.unravel(v),
                            return_deterministic=True,
                        )
                    )
            first, *others = found
            return {n: jnp.array([jnp.all(first[n] == o[n]) for o in others]) for n in first}

        point = np.random.default_rng(0).standard_normal((1, layout.dim))
        same = batched(Traced(derived, layout.dim))(point)
        return {name for name, equal in same.items() if equal.all()}

    def _factors(self, sites, discrete: dict[str, jax.Array]) -> jax.Array:
        """Return ln of every factor of the joint density, of each element of each site."""
        from numpyro.handlers import substitute, trace
        from numpyro.infer.util import constrain_fn

        with jax.numpy_dtype_promotion("standard"):
            model = substitute(self._seeded, data=discrete)
            values = constrain_fn(model, self._args, self._kwargs, sites)
            values = {**values, **discrete}
            found = trace(substitute(self._seeded, data=values)).get_trace(
                *self._args, **self._kwargs
            )
            parts = [_log_factor(site) for site in found.values() if site["type"] == "sample"]
        return jnp.concatenate([jnp.ravel(part).astype(jnp.float64) for part in parts])

    def _summed(self, sites) -> tuple[Callable, jax.Array]:
        """Return the model with discrete sites at some values, and what their sum adds to it."""
        from numpyro.handlers import substitute

        enumeration = self._enumeration
        if enumeration is None:
            return self._seeded, jnp.zeros(())
        return substitute(self._seeded, data=enumeration.base), enumeration.log_gain(sites)

    def _seeded(self, *args: Any, **kwargs: Any):
        """Run the model with the same random numbers at every call.

        The first trace needs them, and models that ask for a random key of their own.
        """
        from numpyro.handlers import seed

        return seed(self._model, 0)(*args, **kwargs)

    def observed(self, layout: Layout) -> dict[str, np.ndarray]:
        """Return name -> data of the observed sites, except those that depend on latent ones."""
        values = self.sites.observed
        computed = [name for name, value in values.items() if isinstance(value, Tracer)]
        if not computed:
            return {name: np.asarray(value) for name, value in values.items()}
        evaluate = batched(
            Traced(lambda x: self._observations(layout.unravel(x), computed), layout.dim)
        )
        found = evaluate(np.linspace([0.0] * layout.dim, [1.0] * layout.dim, 2))
        known = {
            name: found[name][0] if name in found else np.asarray(value)
            for name, value in values.items()
        }
        moving = {name for name, (a, b) in found.items() if a.tobytes() != b.tobytes()}
        return {name: value for name, value in known.items() if name not in moving}

    def _observations(self, sites, names: list[str]) -> dict[str, jax.Array]:
        from numpyro.handlers import substitute, trace

        with jax.numpy_dtype_promotion("standard"):
            model = substitute(self._seeded, dict(self.constrain(sites)))
            found = trace(model).get_trace(*self._args, **self._kwargs)
            return {name: jnp.asarray(found[name]["value"]) for name in names}

    def log_density(self, sites) -> jax.Array:
        """Return the log joint density, with the log Jacobian."""
        from numpyro.infer.util import potential_energy

        with jax.numpy_dtype_promotion("standard"):
            model, gain = self._summed(sites)
            energy = potential_energy(model, self._args, self._kwargs, sites)
            return gain - jnp.asarray(energy)

    def constrain(self, sites) -> OrderedDict[str, jax.Array]:
        """Return the latent sites in the model's own space, then the deterministic ones."""
        from numpyro.infer.util import constrain_fn

        with jax.numpy_dtype_promotion("standard"):
            values = constrain_fn(
                self._seeded, self._args, self._kwargs, sites, return_deterministic=True
            )
        derived = [name for name in values if name not in sites]
        if self._enumeration is not None:
            derived = [n for n in derived if n not in self.sites.discrete and n in self._steady]
            found = OrderedDict((n, jnp.asarray(values[n])) for n in [*sites, *derived])
            for name, probabilities in self._enumeration.probabilities(sites).items():
                found[f"{name}_probs"] = probabilities
            return found
        return OrderedDict((name, jnp.asarray(values[name])) for name in [*sites, *derived])

    def checked_log_likelihood(self, layout: Layout, observed: dict[str, np.ndarray]) -> Callable:
        """Return the log likelihood of many points, once it is known that no NaN reaches it.

        Raises:
            InputError: if one does.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Out-of-support values")
            function = batched(Traced(lambda x: self.log_likelihood(layout.unravel(x)), layout.dim))
            remedy = "give `numpyro.sample` an `obs_mask`"
            refusals.check_observed("NumPyro site", observed, function, layout.dim, remedy)
        return function

    def log_likelihood(self, sites) -> dict[str, jax.Array]:
        """Return the log likelihood of each observation, of each observed site."""
        from numpyro.infer import log_likelihood

        with jax.numpy_dtype_promotion("standard"):
            values = self.constrain(sites)
            found = log_likelihood(
                self._seeded, dict(values), *self._args, batch_ndims=0, **self._kwargs
            )
        return {name: value for name, value in found.items() if name in self.sites.observed}

    def log_probs(self, values, *, total: bool):
        """Return the log probability of every site, and the sites, as NumPyro does."""
        from numpyro.infer.util import compute_log_probs

        with jax.numpy_dtype_promotion("standard"):
            return compute_log_probs(
                self._seeded, self._args, self._kwargs, dict(values), sum_log_prob=total
            )

    def drawn(self, values, number) -> dict[str, jax.Array]:
        """Run the model with some of its sites known, and draw the others, observed ones too."""
        from numpyro.handlers import seed, substitute, trace, uncondition

        with jax.numpy_dtype_promotion("standard"):
            key = jax.random.fold_in(jax.random.key(0), number.astype(jnp.uint32))
            model = substitute(uncondition(seed(self._model, key)), dict(values))
            found = trace(model).get_trace(*self._args, **self._kwargs)
            kept = {*self.sites.latent, *self.sites.observed, *self.sites.deterministic}
            return {name: jnp.asarray(found[name]["value"]) for name in found if name in kept}


def _log_factor(site: dict) -> jax.Array:
    value = site["fn"].log_prob(site["value"])
    return value if site["scale"] is None else value * site["scale"]
