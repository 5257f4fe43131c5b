"""A target from a PyMC model."""

from functools import partial
from typing import TYPE_CHECKING

import jax.numpy as jnp

from fluvial.targets import refusals
from fluvial.targets.batching import batched
from fluvial.targets.density import JaxDensity
from fluvial.targets.pymc_graphs import jax_function
from fluvial.targets.pymc_model import MISSING_REMEDY, PyMCModel
from fluvial.targets.pymc_rows import MinibatchedRows
from fluvial.targets.space import Layout, Space, mapped_space
from fluvial.targets.target import Target
from fluvial.targets.tracing import Traced

if TYPE_CHECKING:
    import pymc

__all__ = ["from_pymc"]


def from_pymc(model: "pymc.Model") -> Target:
    """Make a target of a PyMC model, whose graph PyTensor turns into a JAX function.

    The log density is ``model.logp(jacobian=True)``, that of PyMC's own unconstrained value
    variables; no constant is dropped, though PyTensor computes some of them in float32, which shows
    from the eighth digit on. The coordinates are the free variables in the order in which
    the model declares them, each in row-major order. Draws hold the free variables in the model's
    own space, then the deterministic ones. With the model's dimensions, coordinates and data,
    ``arviz.InferenceData.from_datatree(posterior.to_arviz())`` is what
    ``pymc.sample_posterior_predictive`` takes.

    Discrete free variables are summed out by ``pymc_extras.marginalize``, where pymc-extras is
    installed. In place of one that is called ``z``, draws hold ``z_probs``, the probability of each
    of its values given the other variables, shape (*shape, K).

    A model whose observed variables see a `pymc.Minibatch` becomes a target of rows, as
    `Target.from_rows` makes them, of all rows of the data.

    Args:
        model: a `pymc.Model`.

    Raises:
        InputError: if PyMC is not installed, `model` is not a PyMC model, it has a discrete free
            variable that cannot be summed out or no continuous one at all, NaN in its data, or an
            operation that has no JAX version; or if rows of its data are drawn more than once.

    Example:
        >>> import pymc  # doctest: +SKIP
        >>> with pymc.Model() as model:  # doctest: +SKIP
        ...     scale = pymc.HalfNormal("scale")
        ...     y = pymc.Normal("y", 0, scale, observed=[0.3, -1.2])
        >>> from_pymc(model).variables  # doctest: +SKIP
        {'scale': ()}
    """
    adapted = PyMCModel(model)
    model = adapted.model
    layout = Layout(adapted.value_shapes())
    rows = adapted.minibatched()
    if rows is not None:
        return _from_rows(model, adapted, layout, rows)
    constrain, log_likelihood = (
        adapted.function(layout, outputs)
        for outputs in (adapted.variables(), adapted.log_likelihood())
    )
    probabilities = adapted.probabilities(layout)
    space = mapped_space(lambda x: constrain(x) | probabilities(x), layout.dim)
    annotations = adapted.annotations(space.variables)
    log_likelihood = batched(Traced(log_likelihood, layout.dim))
    refusals.check_observed(
        "PyMC variable", annotations.observed, log_likelihood, layout.dim, MISSING_REMEDY
    )
    return Target.of(
        JaxDensity(Traced(adapted.traceable(layout), layout.dim), layout.dim),
        Space(
            space.variables,
            tuple(v.name for v in model.free_RVs),
            space.constrain,
            adapted.coordinates(layout),
        ),
        log_likelihood=log_likelihood,
        again=partial(from_pymc, model),
        annotations=annotations,
        functions=adapted.functions(layout, space),
    )


def _from_rows(
    model: "pymc.Model", adapted: "PyMCModel", layout: Layout, rows: MinibatchedRows
) -> Target:
    """Make a target of all rows of a model that sees minibatches."""
    inputs = [*model.value_vars, *rows.inputs]
    graph = jax_function(inputs, rows.terms)
    prior = adapted.function(layout, adapted.log_density(without=rows.variables))

    def log_likelihood(x, block):
        count = len(block[0])
        total = jnp.zeros(count)
        for terms in graph(*layout.unravel(x).values(), *block):
            total = total + jnp.sum(terms.reshape(count, -1), axis=1)
        return total

    target = Target.from_rows(
        lambda x: prior(x)["log_density"], log_likelihood, rows.data, dim=layout.dim
    )
    assert target.streamed is not None
    space = mapped_space(adapted.function(layout, adapted.variables()), layout.dim)
    return Target.of(
        target.streamed,
        Space(space.variables, tuple(v.name for v in model.free_RVs), space.constrain),
        again=partial(from_pymc, model),
        annotations=adapted.annotations(space.variables),
    )
