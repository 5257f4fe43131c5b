r"""Probabilities of a PyMC model's discrete variables, of which the model is a sum.

Let a factor :math:`e^{t_{ik}}` be 1 for all values k of every element i. The slope of the log of
the sum by :math:`t_{ik}` is the probability of that value, given the continuous variables (Darwiche
2003, JACM 50). PyMC sums what its observed variables depend on, so each discrete variable gets one
more, an exponential one observed at 0, whose log density is the log of its rate.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pymc

__all__ = ["tilted"]


def tilted(
    model: "pymc.Model", names: Sequence[str], marginalize: Callable[..., "pymc.Model"]
) -> "tuple[pymc.Model, dict[str, Any]] | None":
    """Return a model with such factors, summed out, and name -> t (*shape, K) of each variable.

    Args:
        model: with the discrete variables.
        names: of these.
        marginalize: of pymc-extras.

    Returns:
        None where pymc-extras cannot sum such a factor out as well.
    """
    import pymc
    from pymc.model.fgraph import clone_model
    from pytensor.tensor import math as pt

    clone = clone_model(model)
    try:
        with clone, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of sums with several observed variables
            for name in names:
                variable = clone[name]
                values, shape = _values(variable), tuple(int(n) for n in variable.shape.eval())
                tilt: Any = pymc.Data(f"{name}_tilt", np.zeros((*shape, len(values))))
                chosen = sum(tilt[..., k] * pt.eq(variable, v) for k, v in enumerate(values))
                pymc.Exponential(f"{name}_tilted", pt.exp(chosen), observed=np.zeros(shape))
            summed = marginalize(clone, list(names))
        return summed, {name: summed[f"{name}_tilt"] for name in names}
    except Exception:
        return None


def _values(variable: Any) -> list[int]:
    """The values of a finite variable of one of the kinds that pymc-extras sums out.

    Raises:
        ValueError: if they depend on other variables.
    """
    from pymc import pytensorf

    constant_fold: Any = pytensorf.constant_fold
    op = variable.owner.op
    first = op.dist_params(variable.owner)[0]
    kind = type(op).__name__
    if kind == "BernoulliRV":
        return [0, 1]
    if kind == "DiscreteUniformRV":
        low, high = constant_fold(op.dist_params(variable.owner))
        return list(range(int(np.max(low)), int(np.min(high)) + 1))
    (count,) = constant_fold([first.shape[-1]])
    return list(range(int(count)))
