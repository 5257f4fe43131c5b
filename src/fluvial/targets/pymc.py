"""A target from a PyMC model."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, cast

import jax
import numpy as np

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.targets.batching import batched
from fluvial.targets.density import JaxDensity
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
    own space, then the deterministic ones.

    Args:
        model: a `pymc.Model`.

    Raises:
        InputError: if PyMC is not installed, `model` is no PyMC model, it has a discrete free
            variable or no free variable at all, or an operation that has no JAX version.

    Example:
        >>> import pymc  # doctest: +SKIP
        >>> with pymc.Model() as model:  # doctest: +SKIP
        ...     scale = pymc.HalfNormal("scale")
        ...     y = pymc.Normal("y", 0, scale, observed=[0.3, -1.2])
        >>> from_pymc(model).variables  # doctest: +SKIP
        {'scale': ()}
    """
    adapter = _Adapter(model)
    layout = Layout(adapter.value_shapes())
    log_density, constrain, log_likelihood = (
        adapter.function(layout, outputs)
        for outputs in (adapter.log_density(), adapter.variables(), adapter.log_likelihood())
    )
    space = mapped_space(constrain, layout.dim)
    return Target.of(
        JaxDensity(Traced(lambda x: log_density(x)["log_density"], layout.dim), layout.dim),
        Space(space.variables, tuple(v.name for v in model.free_RVs), space.constrain),
        log_likelihood=batched(Traced(log_likelihood, layout.dim)),
        again=partial(from_pymc, model),
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
        discrete = [variable.name for variable in model.discrete_value_vars]
        if discrete:
            raise InputError(
                f"the PyMC variable {discrete[0]!r} is discrete: sum it out with "
                "pymc_extras.marginalize, or by hand; a flow needs continuous variables."
            )
        if not model.free_RVs:
            raise InputError("the PyMC model has no free variable: there is nothing to infer.")
        self._model = model

    def value_shapes(self) -> OrderedDict[str, np.ndarray]:
        """Return name -> an array of the shape of each value variable."""
        variables = self._model.value_vars
        if all(None not in variable.type.shape for variable in variables):
            shapes = {variable.name: variable.type.shape for variable in variables}
        else:  # some shape follows from data that can be exchanged
            with _quiet():
                shapes = self._model.eval_rv_shapes()
        return OrderedDict((v.name, np.zeros([int(n) for n in shapes[v.name]])) for v in variables)

    def log_density(self) -> dict:
        """Return the graph of the log density, with the log Jacobian."""
        return {"log_density": self._model.logp(jacobian=True)}

    def variables(self) -> dict:
        """Return name -> graph of the free variables, then of the deterministic ones."""
        variables = [*self._model.free_RVs, *self._model.deterministics]
        graphs = self._model.replace_rvs_by_values(variables)
        return {v.name: graph for v, graph in zip(variables, graphs, strict=True)}

    def log_likelihood(self) -> dict:
        """Return name -> graph of the log likelihood of each observation."""
        observed = self._model.observed_RVs
        graphs = cast(list, self._model.logp(observed, sum=False)) if observed else []
        return {v.name: graph for v, graph in zip(observed, graphs, strict=True)}

    def function(self, layout: Layout, outputs: dict) -> Callable:
        """Return a function of x (D,) to the named outputs; PyTensor mixes types freely."""
        graph = _jax_function(self._model.value_vars, list(outputs.values())) if outputs else None

        def evaluate(x):
            with jax.numpy_dtype_promotion("standard"):
                values = graph(*layout.unravel(x).values()) if graph else ()
            return OrderedDict(zip(outputs, values, strict=True))

        return evaluate


def _jax_function(inputs: Sequence, outputs: Sequence) -> Callable:
    enabled = jax.config.read("jax_enable_x64")
    try:
        with _quiet():
            from pymc.sampling.jax import get_jaxified_graph

            with jax.enable_x64(True):  # which the graph's constants need as well
                return get_jaxified_graph(inputs=list(inputs), outputs=list(outputs))
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"the PyMC model cannot run in JAX: {type(error).__name__}: {reason}"
        ) from error
    finally:
        # PyTensor sets the flag for the whole process when its JAX backend is imported.
        jax.config.update("jax_enable_x64", enabled)


@contextmanager
def _quiet():
    """Silence PyTensor's advice on its own C code, which does not run here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")
        yield
