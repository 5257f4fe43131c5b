"""The sites of a NumPyro model: what it infers, what it observes, and its plates."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import InputError
from fluvial.targets import refusals

__all__ = ["Sites", "log_volume", "read_sites"]


@dataclass
class Sites:
    """What one trace of a model shows.

    Attributes:
        latent: name -> unconstrained shape, in the model's order.
        discrete: name -> (shape, values) of discrete latent sites.
        observed: name -> value, a tracer if the model computes it.
        dims: name -> the plate of each axis, None where there is none.
        deterministic: the names of what is computed.
        improper: latent sites whose density has no finite integral.
    """

    latent: OrderedDict[str, jax.ShapeDtypeStruct] = field(default_factory=OrderedDict)
    discrete: dict[str, tuple[tuple[int, ...], np.ndarray]] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    dims: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    deterministic: tuple[str, ...] = ()
    improper: tuple[str, ...] = ()


def read_sites(model: Callable, args: tuple, kwargs: dict) -> Sites:
    """Trace a model, without computing anything.

    No site is sampled: each starts where its support says, as in NumPyro's own samplers, so that a
    distribution needs no more than a support and a log density.

    Args:
        model: a seeded model.
        args: its arguments.
        kwargs: its keyword arguments.

    Raises:
        InputError: if no flow could fit the model.
    """
    from numpyro.handlers import substitute, trace

    sites = Sites()

    def latent():
        found = trace(substitute(model, substitute_fn=_start)).get_trace(*args, **kwargs)
        values = OrderedDict()
        for name, site in found.items():
            if site["type"] == "plate":
                _refuse_subsampling(name, site, found)
            elif is_observation(site):
                sites.observed[name] = site["value"]
            elif site["type"] == "sample" and not site["is_observed"] and _is_discrete(site):
                sites.discrete[name] = (jnp.shape(site["value"]), _support(site))
            elif site["type"] == "sample" and not site["is_observed"]:
                values[name] = _transform(site).inv(site["value"])
                if _kind(site["fn"]) == "ImproperUniform":
                    sites.improper = (*sites.improper, name)
            elif site["type"] == "deterministic":
                sites.deterministic = (*sites.deterministic, name)
            if site["type"] in ("sample", "deterministic"):
                sites.dims[name] = _dims(site)
        return values

    sites.latent = jax.eval_shape(latent)
    return sites


def log_volume(site: dict, x: jax.Array) -> jax.Array:
    """Return the log Jacobian of the map from a latent site's unconstrained x to its value."""
    transform = _transform(site)
    return jnp.sum(transform.log_abs_det_jacobian(x, site["value"]))


def is_observation(site: dict) -> bool:
    """Whether a site has data, which a factor does not."""
    return (
        site["type"] == "sample"
        and site["is_observed"]
        and not site["infer"].get("is_auxiliary", False)
    )


def _start(site: dict) -> jax.Array | None:
    """Return a value in the support of a latent site, and nothing for any other."""
    if site["type"] != "sample" or site["is_observed"]:
        return None
    if _is_discrete(site):
        shape = (*site["kwargs"].get("sample_shape", ()), *site["fn"].shape())
        return jnp.full(shape, _support(site)[0])
    transform = _transform(site)
    shape = (*site["kwargs"].get("sample_shape", ()), *site["fn"].shape())
    return transform(jnp.zeros(transform.inverse_shape(shape)))


def _is_discrete(site: dict) -> bool:
    try:
        support = site["fn"].support
    except (AssertionError, NotImplementedError):
        return False
    return support is not None and support.is_discrete


def _support(site: dict) -> np.ndarray:
    """Return the values of a discrete site, shape (K,).

    Raises:
        InputError: if they are not finitely many numbers, or depend on other sites.
    """
    described = f"the NumPyro site {site['name']!r}"
    distribution = site["fn"]
    try:
        with jax.ensure_compile_time_eval():
            values = np.asarray(distribution.enumerate_support(expand=False))
    except (NotImplementedError, jax.errors.TracerArrayConversionError, AttributeError):
        values = np.empty(0)
    if not values.size or distribution.event_shape:
        raise refusals.discrete(
            described, _kind(distribution), "its values cannot all be listed: sum it out by hand"
        )
    return values.reshape(len(values), -1)[:, 0]


def _transform(site: dict):
    """Return the map from R^D to the support of a latent site."""
    from numpyro.distributions import biject_to

    name, distribution = site["name"], site["fn"]
    described = f"the NumPyro site {name!r}"
    kind = _kind(distribution)
    try:
        support = distribution.support
    except (AssertionError, NotImplementedError):  # as those say that are made of others
        support = None
    if support is None:
        raise InputError(
            f"{described} has no support ({kind}): give its class one, such as "
            "`support = numpyro.distributions.constraints.real`."
        )
    if support.is_discrete:
        raise refusals.discrete(described, kind, "sum it out by hand")
    try:
        return biject_to(support)
    except NotImplementedError as error:
        raise InputError(
            f"{described} has a support onto which NumPyro has no map "
            f"({type(support).__name__}): register one "
            "with `numpyro.distributions.biject_to.register`, or reparameterize the site."
        ) from error


def _kind(distribution) -> str:
    """Return the name of a distribution, without the wrappers of plates and events."""
    from numpyro.distributions import ExpandedDistribution, Independent, MaskedDistribution

    while isinstance(distribution, ExpandedDistribution | Independent | MaskedDistribution):
        distribution = distribution.base_dist
    return type(distribution).__name__


def _refuse_subsampling(name: str, plate: dict, sites: dict) -> None:
    size, subsample_size = plate["args"]
    if subsample_size in (None, size):
        return
    within = [
        repr(site["name"])
        for site in sites.values()
        if site["type"] == "sample" and name in {frame.name for frame in site["cond_indep_stack"]}
    ]
    rows = f" rows of the site {' and '.join(within)}" if within else ""
    raise refusals.subsampled(
        f"the NumPyro plate {name!r} subsamples {subsample_size} of {size}{rows}",
        "remove `subsample_size`",
    )


def _dims(site: dict) -> tuple[str | None, ...]:
    """Return the plate of each axis of a site, and what `infer` says of the others.

    Plates count from the right of a batch's axes, which event axes follow. A distribution knows how
    many those are; for a deterministic site, all axes that the plates do not take, if that fits
    their sizes, or else fewer.
    """
    shape = jnp.shape(site["value"])
    frames = site.get("cond_indep_stack", [])
    names: list[str | None] = [None] * len(shape)
    depth = max((-frame.dim for frame in frames), default=0)
    if site["type"] == "sample":
        candidates = [site["fn"].event_dim]
    else:
        candidates = list(range(len(shape) - depth, -1, -1))
    for events in candidates:
        axes = {len(shape) - events + frame.dim: frame for frame in frames}
        if all(axis >= 0 and shape[axis] == frame.size for axis, frame in axes.items()):
            for axis, frame in axes.items():
                names[axis] = frame.name
            break
    labels = site.get("infer", {}).get("event_dims", ())
    if labels and len(labels) <= len(shape):
        names[len(shape) - len(labels) :] = labels
    return tuple(names)
