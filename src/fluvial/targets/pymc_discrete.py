"""Discrete variables of a PyMC model, summed out by pymc-extras where that is installed."""

import importlib.util
from typing import TYPE_CHECKING, Any

from fluvial.errors import InputError, described
from fluvial.targets import refusals
from fluvial.targets.pymc_probabilities import tilted

if TYPE_CHECKING:
    import pymc

__all__ = ["without_discrete"]

Tilted = tuple["pymc.Model", dict[str, Any]]


def without_discrete(model: "pymc.Model") -> "tuple[pymc.Model, Tilted | None]":
    """Sum the discrete free variables of a model out.

    ``pymc_extras.marginalize`` enumerates finite ones, and runs forward through Markov chains.

    Args:
        model: with any free variables.

    Returns:
        The model itself if all of them are continuous, else another one, without the discrete ones;
        and by which their probabilities are known, see ``tilted``.

    Raises:
        InputError: if pymc-extras is not installed, or cannot sum one of them out.
    """
    discrete = [v for v in model.free_RVs if not v.dtype.startswith("float")]
    if not discrete:
        return model, None
    if importlib.util.find_spec("pymc_extras") is None:
        raise refusals.discrete(
            _told(discrete[0]),
            _distribution(discrete[0]),
            "install pymc-extras, by which fluvial sums it out, sum it out by hand",
        )
    from pymc_extras import marginalize  # pyright: ignore[reportMissingImports]

    try:
        found = marginalize(model, discrete)
    except Exception as error:
        names = ", ".join(variable.name for variable in discrete)
        raise InputError(
            f"pymc_extras.marginalize cannot sum out {names} of the PyMC model "
            f"({described(error)}): sum it out by hand, or observe it; a flow needs continuous "
            "variables."
        ) from error
    return found, tilted(model, [variable.name for variable in discrete], marginalize)


def _told(variable) -> str:
    return f"the PyMC variable {variable.name!r}"


def _distribution(variable) -> str:
    return type(variable.owner.op).__name__.removesuffix("RV")
