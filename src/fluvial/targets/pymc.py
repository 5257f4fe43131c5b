"""A target from a PyMC model."""

import logging
import os
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, cast

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.errors import InputError, described
from fluvial.extras import require
from fluvial.targets import refusals
from fluvial.targets.annotations import Annotations
from fluvial.targets.batching import batched
from fluvial.targets.density import Density, JaxDensity
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.pymc_discrete import without_discrete
from fluvial.targets.pymc_rows import MinibatchedRows, minibatched
from fluvial.targets.space import Layout, Space, mapped_space
from fluvial.targets.target import Target
from fluvial.targets.tracing import Traced

if TYPE_CHECKING:
    import pymc

__all__ = ["from_pymc"]

_IMPROPER = ("FlatRV", "HalfFlatRV")
_MISSING_REMEDY = "give `observed` a NumPy array, whose NaN PyMC infers"


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
    installed; the draws are of the others.

    A model whose observed variables see a `pymc.Minibatch` becomes a target of rows, as
    `Target.from_rows` makes them, of all rows of the data.

    Args:
        model: a `pymc.Model`.

    Raises:
        InputError: if PyMC is not installed, `model` is no PyMC model, it has a discrete free
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
    adapter = _Adapter(model)
    model = adapter.model
    layout = Layout(adapter.value_shapes())
    rows = adapter.minibatched()
    if rows is not None:
        return _from_rows(model, adapter, layout, rows)
    log_density, constrain, log_likelihood = (
        adapter.function(layout, outputs)
        for outputs in (adapter.log_density(), adapter.variables(), adapter.log_likelihood())
    )
    space = mapped_space(constrain, layout.dim)
    annotations = adapter.annotations(space.variables)
    log_likelihood = batched(Traced(log_likelihood, layout.dim))
    refusals.check_observed(
        "PyMC variable", annotations.observed, log_likelihood, layout.dim, _MISSING_REMEDY
    )
    return Target.of(
        JaxDensity(Traced(lambda x: log_density(x)["log_density"], layout.dim), layout.dim),
        Space(
            space.variables,
            tuple(v.name for v in model.free_RVs),
            space.constrain,
            adapter.coordinates(layout),
        ),
        log_likelihood=log_likelihood,
        again=partial(from_pymc, model),
        annotations=annotations,
        functions=adapter.functions(layout, space),
    )


def _from_rows(
    model: "pymc.Model", adapter: "_Adapter", layout: Layout, rows: MinibatchedRows
) -> Target:
    """Make a target of all rows of a model that sees minibatches."""
    inputs = [*model.value_vars, *rows.inputs]
    graph = _jax_function(inputs, rows.terms)
    prior = adapter.function(layout, adapter.log_density(without=rows.variables))

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
    space = mapped_space(adapter.function(layout, adapter.variables()), layout.dim)
    return Target.of(
        target.streamed,
        Space(space.variables, tuple(v.name for v in model.free_RVs), space.constrain),
        again=partial(from_pymc, model),
        annotations=adapter.annotations(space.variables),
    )


class _Adapter:
    """A PyMC model, as JAX functions of its value variables."""

    def __init__(self, model: "pymc.Model"):
        require("pymc", "a PyMC model")
        try:
            import pymc
        except ImportError as error:
            raise InputError(
                f"PyMC is installed but cannot be imported ({error}): update it."
            ) from error
        if not isinstance(model, pymc.Model):
            raise InputError(f"the model is a {type(model).__name__}: give a pymc.Model.")
        model = without_discrete(model)
        if not model.free_RVs:
            raise InputError("the PyMC model has no free variable: there is nothing to infer.")
        self.model = model
        # Sampling a predictive makes PyMC (5.28) list its observed variables twice.
        self._observed_variables = list(dict.fromkeys(model.observed_RVs))
        self._observed, self._constant = _data(model)

    def value_shapes(self) -> OrderedDict[str, np.ndarray]:
        """Return name -> an array of the shape of each value variable."""
        variables = self.model.value_vars
        if all(None not in variable.type.shape for variable in variables):
            shapes = {variable.name: variable.type.shape for variable in variables}
        else:  # some shape follows from data that can be exchanged
            with _quiet():
                start = self.model.initial_point(random_seed=0)
            shapes = {name: np.shape(value) for name, value in start.items()}
        return OrderedDict((v.name, np.zeros([int(n) for n in shapes[v.name]])) for v in variables)

    def minibatched(self) -> MinibatchedRows | None:
        """Return the rows that observed variables see minibatches of, or None.

        Raises:
            InputError: if they are not those of one `pymc.Minibatch`.
        """
        variables = [v for v in self._observed_variables if _is_random(self.model.logp(v))]
        return minibatched(self.model, variables) if variables else None

    def log_density(self, without: Sequence = ()) -> dict:
        """Return the graph of the log density, with the log Jacobian.

        Args:
            without: observed variables that do not count.

        Raises:
            InputError: if it is random.
        """
        variables = [
            v
            for v in [*self._observed_variables, *self.model.free_RVs, *self.model.potentials]
            if not any(v is other for other in without)
        ]
        log_density = self.model.logp(variables, jacobian=True)
        if _is_random(log_density):
            name = next((v.name for v in variables if _is_random(self.model.logp(v))), "")
            raise refusals.subsampled(
                f"the PyMC variable {name!r} sees minibatches of its data", "give it all rows"
            )
        return {"log_density": log_density}

    def variables(self) -> dict:
        """Return name -> graph of the free variables, then of the deterministic ones."""
        variables = [*self.model.free_RVs, *self.model.deterministics]
        graphs = self.model.replace_rvs_by_values(variables)
        pairs = zip(variables, graphs, strict=True)
        return {v.name: graph for v, graph in pairs if not _is_random(graph)}

    def log_likelihood(self) -> dict:
        """Return name -> graph of the log likelihood of each observation."""
        observed = self._observed_variables
        graphs = cast(list, self.model.logp(observed, sum=False)) if observed else []
        return {v.name: graph for v, graph in zip(observed, graphs, strict=True)}

    def coordinates(self, layout: Layout) -> dict[str, tuple[int, int]]:
        """Return free variable -> where its value variable starts, and its size."""
        places = layout.coordinates
        values = self.model.rvs_to_values
        return {rv.name: places[values[rv].name] for rv in self.model.free_RVs}

    def functions(self, layout: Layout, space: Space) -> ModelFunctions:
        """Return what the model can tell beyond its log density, each compiled when asked."""
        improper = tuple(
            v.name for v in self.model.free_RVs if type(v.owner.op).__name__ in _IMPROPER
        )

        @cache
        def log_prior():
            priors = self.model.logp(self.model.free_RVs, jacobian=False, sum=False)
            graphs = zip(self.model.free_RVs, cast(list, priors), strict=True)
            return batched(
                Traced(self.function(layout, {v.name: g for v, g in graphs}), layout.dim)
            )

        return ModelFunctions(
            lambda points: log_prior()(points),
            (lambda points, numbers: self._predictive(space.constrain(points, 0), numbers))
            if self._observed_variables
            else None,
            None if improper else self._prior,
            lambda replaced: self._without_prior(layout, replaced),
            improper,
        )

    def _without_prior(self, layout: Layout, replaced: tuple[str, ...]) -> Density:
        kept = [v for v in self.model.free_RVs if v.name not in replaced]
        variables = [*self._observed_variables, *kept, *self.model.potentials]
        graph = {"log_density": self.model.logp(variables, jacobian=True)}
        log_density = self.function(layout, graph)
        return JaxDensity(Traced(lambda x: log_density(x)["log_density"], layout.dim), layout.dim)

    def _predictive(
        self, values: dict[str, np.ndarray], numbers: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Draw the observed variables, given the free ones; the first number decides how."""
        import pymc
        import xarray

        names = [v.name for v in self._observed_variables]
        given = {name: a for name, a in values.items() if name in self.model.named_vars}
        trace = xarray.Dataset(
            {
                name: (("chain", "draw", *(f"{name}_{i}" for i in range(a.ndim - 1))), a[None])
                for name, a in given.items()
            }
        )
        with _sampling(), self.model:
            found = pymc.sample_posterior_predictive(
                trace,
                var_names=names,
                progressbar=False,
                random_seed=int(numbers[0]),
                return_inferencedata=False,
            )
        return {name: np.asarray(found[name])[0] for name in names}

    def _prior(self, numbers: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Draw all variables; the first number decides how."""
        import pymc

        names = {v.name for v in self._observed_variables}
        kept = [v.name for v in [*self.model.free_RVs, *self.model.deterministics]]
        with _sampling(), self.model:
            found = pymc.sample_prior_predictive(
                len(numbers),
                var_names=[*kept, *names],
                random_seed=int(numbers[0]),
                return_inferencedata=False,
            )
        arrays = {name: np.asarray(found[name]) for name in [*kept, *names]}
        return (
            {name: a for name, a in arrays.items() if name not in names},
            {name: a for name, a in arrays.items() if name in names},
        )

    def annotations(self, variables: dict[str, tuple[int, ...]]) -> Annotations:
        """Return the model's dimensions, coordinates and data, as PyMC itself gives ArviZ."""
        from pymc.backends.arviz import coords_and_dims_for_inferencedata

        coords, dims = coords_and_dims_for_inferencedata(self.model)
        return Annotations.of(variables, dims, coords, self._observed, self._constant)

    def function(self, layout: Layout, outputs: dict) -> Callable:
        """Return a function of x (D,) to the named outputs; PyTensor mixes types freely."""
        graph = _jax_function(self.model.value_vars, list(outputs.values())) if outputs else None

        def evaluate(x):
            with jax.numpy_dtype_promotion("standard"):
                values = graph(*layout.unravel(x).values()) if graph else ()
            return OrderedDict(zip(outputs, values, strict=True))

        return evaluate


def _data(model: "pymc.Model") -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return a model's observations and other data.

    Raises:
        InputError: if any is masked, as PyMC does to NaN in what can be exchanged.
    """
    from pymc.backends.arviz import find_constants, find_observations

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Could not extract data from symbolic")
        observed = find_observations(model)
    constant = find_constants(model)
    for name, value in {**observed, **constant}.items():
        if np.ma.is_masked(value):
            where = np.ma.getmaskarray(value)
            raise refusals.missing(f"the PyMC variable {name!r}", where, _MISSING_REMEDY)
    return observed, constant


def _is_random(graph) -> bool:
    from pytensor.graph.traversal import graph_inputs
    from pytensor.tensor.random.type import RandomType

    return any(isinstance(variable.type, RandomType) for variable in graph_inputs([graph]))


def _jax_function(inputs: Sequence, outputs: Sequence) -> Callable:
    try:
        with _quiet():
            with _process_unchanged():
                from pymc.sampling.jax import get_jaxified_graph
            with jax.enable_x64(True):  # which the graph's constants need as well
                return get_jaxified_graph(inputs=list(inputs), outputs=list(outputs))
    except Exception as error:
        raise InputError(f"the PyMC model cannot run in JAX: {described(error)}") from error


@contextmanager
def _process_unchanged():
    """Undo what importing the JAX backends of PyTensor and PyMC does to the whole process.

    The one switches 64-bit types on; the other asks XLA for 100 CPU devices, which XLA would make
    when it is first used.
    """
    # Another thread sees what holds for the process, not what a `with` has set for this one.
    with ThreadPoolExecutor(1) as other:
        enabled = other.submit(jax.config.read, "jax_enable_x64").result()
    flags = os.environ.get("XLA_FLAGS")
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", enabled)
        if flags is None:
            os.environ.pop("XLA_FLAGS", None)
        else:
            os.environ["XLA_FLAGS"] = flags


@contextmanager
def _sampling():
    """Silence what PyMC says when it samples: its log names the variables, each time."""
    log = logging.getLogger("pymc")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with _quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        log.setLevel(level)


@contextmanager
def _quiet():
    """Silence PyTensor's advice on its own C code, which does not run here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
        yield
