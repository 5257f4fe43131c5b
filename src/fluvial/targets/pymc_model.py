"""A PyMC model, as JAX functions of its value variables."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import jax
import numpy as np

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.targets import refusals
from fluvial.targets.annotations import Annotations
from fluvial.targets.batching import batched
from fluvial.targets.density import Density, JaxDensity, with_gradient
from fluvial.targets.model_functions import ModelFunctions
from fluvial.targets.pymc_discrete import without_discrete
from fluvial.targets.pymc_graphs import is_random, jax_function, quiet, sampling
from fluvial.targets.pymc_rows import MinibatchedRows, minibatched
from fluvial.targets.space import Layout, Space
from fluvial.targets.tracing import Traced

if TYPE_CHECKING:
    import pymc

__all__ = ["MISSING_REMEDY", "PyMCModel"]

_IMPROPER = ("FlatRV", "HalfFlatRV")
MISSING_REMEDY = "give `observed` a NumPy array, whose NaN PyMC infers"


class PyMCModel:
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
        given = model
        model, self._tilted = without_discrete(given)
        if not model.free_RVs:
            raise InputError("the PyMC model has no free variable: there is nothing to infer.")
        self.model = model
        self._summed_out = model is not given
        # Sampling a predictive makes PyMC (5.28) list its observed variables twice.
        self._observed_variables = list(dict.fromkeys(model.observed_RVs))
        self._observed, self._constant = _data(model)

    def value_shapes(self) -> OrderedDict[str, np.ndarray]:
        """Return name -> an array of the shape of each value variable."""
        variables = self.model.value_vars
        if all(None not in variable.type.shape for variable in variables):
            shapes = {variable.name: variable.type.shape for variable in variables}
        else:  # some shape follows from data that can be exchanged
            with quiet():
                start = self.model.initial_point(random_seed=0)
            shapes = {name: np.shape(value) for name, value in start.items()}
        return OrderedDict((v.name, np.zeros([int(n) for n in shapes[v.name]])) for v in variables)

    def minibatched(self) -> MinibatchedRows | None:
        """Return the rows that observed variables see minibatches of, or None.

        Raises:
            InputError: if they are not those of one `pymc.Minibatch`.
        """
        variables = [v for v in self._observed_variables if is_random(self.model.logp(v))]
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
        if is_random(log_density):
            name = next((v.name for v in variables if is_random(self.model.logp(v))), "")
            raise refusals.subsampled(
                f"the PyMC variable {name!r} sees minibatches of its data", "give it all rows"
            )
        return {"log_density": log_density}

    def traceable(self, layout: Layout) -> Callable:
        """Return the log density as a function of x (D,).

        Of a sum over discrete variables it has PyTensor's gradient: a term that is 0, as of a
        success where there can be none, has an infinite slope, and JAX multiplies it by 0.
        """
        outputs = self.log_density()
        value = self.function(layout, outputs)
        if not self._summed_out:
            return lambda x: value(x)["log_density"]
        from pymc.pytensorf import gradient

        slopes = {"slopes": gradient(outputs["log_density"], self.model.value_vars)}
        both = self.function(layout, outputs | slopes)
        return with_gradient(
            lambda x: value(x)["log_density"],
            lambda x: tuple(part.astype(x.dtype) for part in both(x).values()),
        )

    def variables(self) -> dict:
        """Return name -> graph of the free variables, then of the deterministic ones."""
        variables = [*self.model.free_RVs, *self.model.deterministics]
        graphs = self.model.replace_rvs_by_values(variables)
        pairs = zip(variables, graphs, strict=True)
        return {v.name: graph for v, graph in pairs if not is_random(graph)}

    def log_likelihood(self) -> dict:
        """Return name -> graph of the log likelihood of each observation."""
        observed = self._observed_variables
        graphs = cast(list, self.model.logp(observed, sum=False)) if observed else []
        return {v.name: graph for v, graph in zip(observed, graphs, strict=True)}

    def probabilities(self, layout: Layout) -> Callable:
        """Return a function of x (D,) to the probabilities of variables that are summed out.

        They are name_probs -> (*shape, K) of K values; none where that is not known.
        """
        if self._tilted is None:
            return lambda x: OrderedDict()
        from pytensor.gradient import grad

        model, tilts = self._tilted
        with quiet():
            log_density = cast(Any, model.logp(jacobian=False))
            slopes = cast(list, grad(log_density, list(tilts.values())))
        outputs = {f"{name}_probs": slope for name, slope in zip(tilts, slopes, strict=True)}
        values = {value.name: value for value in model.value_vars}
        return self.function(layout, outputs, [values[v.name] for v in self.model.value_vars])

    def coordinates(self, layout: Layout) -> dict[str, tuple[int, int]]:
        """Return free variable -> where its value variable starts, and its size."""
        places = layout.coordinates
        values = self.model.rvs_to_values
        return {rv.name: places[values[rv].name] for rv in self.model.free_RVs}

    def functions(self, layout: Layout, space: Space) -> ModelFunctions:
        """Return what the model provides beyond its log density, each compiled when first used."""
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
            tuple(v.name for v in self.model.free_RVs if self._is_cut(v)),
        )

    def _is_cut(self, variable: Any) -> bool:
        """Whether a transform of the user's leaves out a part of a variable's support.

        An order does. So does any other one of a variable for which PyMC has none, as of all real
        numbers; but PyMC does not know the support of a custom distribution.
        """
        from pymc.distributions import transforms

        given, op = self.model.rvs_to_transforms[variable], variable.owner.op
        parts = getattr(given, "transform_list", [given])
        if any(isinstance(part, transforms.Ordered) for part in parts):
            return True
        default = getattr(transforms, "_default_transform", None)
        if given is None or default is None or type(op).__module__.endswith("custom"):
            return False
        return default(op, variable) is None

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
        with sampling(), self.model:
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
        with sampling(), self.model:
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

    def function(self, layout: Layout, outputs: dict, inputs: Sequence | None = None) -> Callable:
        """Return a function of x (D,) to the named outputs; PyTensor mixes types freely."""
        inputs = self.model.value_vars if inputs is None else inputs
        graph = jax_function(inputs, list(outputs.values())) if outputs else None

        def evaluate(x):
            with jax.numpy_dtype_promotion("standard"):
                values = graph(*layout.unravel(x).values()) if graph else ()
            return OrderedDict(zip(outputs, values, strict=True))

        return evaluate


def _data(model: "pymc.Model") -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return a model's observations and other data.

    Raises:
        InputError: if any is masked, as PyMC does with NaN in mutable data.
    """
    from pymc.backends.arviz import find_constants, find_observations

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Could not extract data from symbolic")
        observed = find_observations(model)
    constant = find_constants(model)
    for name, value in {**observed, **constant}.items():
        if np.ma.is_masked(value):
            where = np.ma.getmaskarray(value)
            raise refusals.missing(f"the PyMC variable {name!r}", where, MISSING_REMEDY)
    return observed, constant
