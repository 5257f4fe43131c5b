"""A target from a NumPyro model and its arguments."""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from jax.core import Tracer

from fluvial.extras import require
from fluvial.targets.annotations import Annotations
from fluvial.targets.density import JaxDensity
from fluvial.targets.numpyro_constants import constants
from fluvial.targets.numpyro_functions import explained, functions_of
from fluvial.targets.numpyro_model import NumPyroModel
from fluvial.targets.numpyro_rows import (
    Subsampled,
    block_model,
    inside,
    row_terms,
    split_arguments,
    subsampling,
)
from fluvial.targets.rows import Rows
from fluvial.targets.space import Layout, Space, mapped_space
from fluvial.targets.target import Target
from fluvial.targets.tracing import Traced

__all__ = ["from_numpyro"]


def from_numpyro(model: Callable, *args: Any, **kwargs: Any) -> Target:
    """Make a target of a NumPyro model, called with the given arguments.

    The log density is that of the latent sites mapped to R^D by NumPyro's `biject_to`, with its
    log Jacobian; no constant is dropped. The coordinates are the sites in the order in which the
    model samples them, each in row-major order. Draws hold the latent sites, then the
    deterministic ones; their dimensions have the names of the model's plates. Data that are JAX
    arrays in float32 stay in float32; NumPy arrays in float64 are used as such. A latent site needs
    a support and a log density, so `ImproperUniform` is accepted.

    A model whose plate subsamples becomes a target of rows, as `Target.from_rows` makes them: of
    all rows of those arguments that have as many as the plate, a block at a time.

    Discrete latent sites are summed out, as long as the sum factorizes: mixtures, hidden
    Markov models, change points, occupancy. In their place draws hold the probability of each value
    given the other sites, under `{name}_probs` with one more axis; its mean is the posterior.
    Deterministic sites that depend on them are left out, and there is no log likelihood.

    Args:
        model: a function that calls `numpyro.sample`.
        args: its arguments.
        kwargs: its keyword arguments.

    Raises:
        InputError: if NumPyro is not installed, the model fails, has no continuous latent site,
            or a discrete one that cannot be summed out, or observes NaN; or a plate subsamples
            something other than the model's arguments, or has latent sites.

    Example:
        >>> import numpyro
        >>> from numpyro.distributions import HalfNormal, Normal
        >>> def model(y):
        ...     scale = numpyro.sample("scale", HalfNormal(1.0))
        ...     numpyro.sample("y", Normal(0.0, scale), obs=y)
        >>> from_numpyro(model, 0.3).variables
        {'scale': ()}
    """
    require("numpyro", "a NumPyro model")
    with explained():
        plate = _subsampling(model, args, kwargs)
        if plate is not None:
            return _from_rows(model, args, kwargs, plate)
        adapted = NumPyroModel(model, args, kwargs)
        layout = Layout(adapted.sites.latent)
        if _is_traced(args, kwargs):
            return _bare(adapted, layout)
        observed = adapted.observed(layout)
        log_likelihood = adapted.checked_log_likelihood(layout, observed)
        if adapted.sites.discrete:
            adapted.enumerate(layout)
            log_likelihood = None
        bare = _bare(adapted, layout)
    return Target.of(
        bare.density,
        bare.space,
        log_likelihood=log_likelihood,
        again=partial(from_numpyro, model, *args, **kwargs),
        annotations=Annotations.of(
            bare.variables,
            adapted.sites.dims,
            observed=observed,
            constant=constants(model, args, kwargs, observed, {*bare.variables, *observed}),
        ),
        functions=functions_of(adapted, layout),
    )


def _is_traced(*arguments: Any) -> bool:
    """Whether the model is called inside another trace, whose data have no values yet."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(arguments))


def _bare(adapted: NumPyroModel, layout: Layout) -> Target:
    """Make a target of a model's density and the map to its space, and nothing else."""
    log_density = Traced(lambda x: adapted.log_density(layout.unravel(x)), layout.dim)
    space = mapped_space(lambda x: adapted.constrain(layout.unravel(x)), layout.dim)
    own = Space(
        space.variables,
        tuple(adapted.sites.latent),
        space.constrain,
        layout.coordinates,
        space.traced,
    )
    return Target.of(JaxDensity(log_density, layout.dim), own)


def _subsampling(model: Callable, args: tuple, kwargs: dict) -> Subsampled | None:
    from numpyro.handlers import seed

    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        return subsampling(seed(model, 0), args, kwargs)


def _from_rows(model: Callable, args: tuple, kwargs: dict, plate: Subsampled) -> Target:
    """Make a target of rows of a model whose plate subsamples."""
    from numpyro.handlers import seed, substitute, trace

    rows, with_rows = split_arguments(plate, args, kwargs)
    few = min(2, plate.size)
    some = with_rows(Rows(rows).block(0, few))
    adapted = NumPyroModel(block_model(model, plate, few, observed=False), *some)
    layout = Layout(adapted.sites.latent)

    def traced(x, count, given):
        block = block_model(model, plate, count, observed=True)
        values = dict(adapted.constrain(layout.unravel(x)))
        latent = {name: values[name] for name in adapted.sites.latent}
        return trace(substitute(seed(block, 0), latent)).get_trace(*given[0], **given[1])

    def log_likelihood(x, block):
        count = len(block[0])
        return row_terms(traced(x, count, with_rows(block)), plate, count)

    def constrain(x):
        hidden = inside(traced(x, few, some), plate)
        values = adapted.constrain(layout.unravel(x))
        return OrderedDict((name, v) for name, v in values.items() if name not in hidden)

    target = Target.from_rows(
        lambda x: adapted.log_density(layout.unravel(x)), log_likelihood, rows, dim=layout.dim
    )
    assert target.streamed is not None
    space = mapped_space(constrain, layout.dim)
    return Target.of(
        target.streamed,
        Space(space.variables, tuple(adapted.sites.latent), space.constrain),
        again=partial(from_numpyro, model, *args, **kwargs),
        annotations=Annotations.of(space.variables, adapted.sites.dims),
    )
