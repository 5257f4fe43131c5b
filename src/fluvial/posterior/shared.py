"""The parameters that a target shares with an earlier posterior."""

from dataclasses import dataclass

import numpy as np

from fluvial.errors import InputError
from fluvial.posterior.earlier import EarlierFit
from fluvial.targets import Target

__all__ = ["Shared", "shared_parameters"]

_COMPARED = 8  # points at which two maps to the model's own space are compared
_SAME = 1e-4  # PyTensor and float32 data leave fewer digits than float64 has


@dataclass(frozen=True, eq=False)
class Shared:
    """Where the shared parameters are, coordinate by coordinate, sorted by their place before.

    Attributes:
        names: of the parameters.
        old: their coordinates in the earlier posterior.
        new: their coordinates in the target.
        only_old: parameters that only the posterior has.
        only_new: parameters that only the target has.
    """

    names: tuple[str, ...]
    old: np.ndarray
    new: np.ndarray
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()


def shared_parameters(target: Target, posterior: EarlierFit) -> Shared:
    """Find the parameters that both name, and check that they are the same.

    Raises:
        InputError: if there are none, their coordinates are not known, or one has another shape, or
            is bounded differently.
    """
    before, now = posterior.coordinates, target.coordinates
    for what, known in (("model", now), ("posterior", before)):
        if not known:
            raise InputError(
                f"where the parameters of the {what} lie on R^D is not known, as of every function "
                "of NumPy arrays: fit all the data at once, without `given` or `start`."
            )
    names = tuple(name for name in before if name in now)
    if not names:
        raise InputError(
            f"the model and the posterior share no parameter: the model has {_listed(now)}, the "
            f"posterior {_listed(before)}; call the same parameter by the same name."
        )
    for name in names:
        if before[name][1] != now[name][1]:
            raise InputError(
                f"the parameter {name} has {now[name][1]} unconstrained coordinates in the model, "
                f"and {before[name][1]} in the posterior: a parameter that is shared must have the "
                "same shape."
            )
    old = np.concatenate([np.arange(before[n][0], sum(before[n])) for n in names])
    new = np.concatenate([np.arange(now[n][0], sum(now[n])) for n in names])
    order = np.argsort(old)
    only_old = tuple(name for name in before if name not in now)
    only_new = tuple(name for name in now if name not in before)
    shared = Shared(names, old[order], new[order], only_old, only_new)
    _check_same_space(target, posterior, shared)
    return shared


def _check_same_space(target: Target, posterior: EarlierFit, shared: Shared) -> None:
    """Compare the maps to the model's own space, at points of the pool."""
    chosen = np.linspace(0, posterior.pool.size - 1, _COMPARED).astype(int)
    points = np.zeros((_COMPARED, target.dim))
    points[:, shared.new] = posterior.pool.points[np.ix_(chosen, shared.old)]
    now, before = target.constrain(points), posterior.constrained(chosen, seed=0)
    for name in shared.names:
        if name not in now or name not in before:
            continue
        if now[name].shape != before[name].shape:
            raise InputError(
                f"the parameter {name} has shape {now[name].shape[1:]} in the model, and "
                f"{before[name].shape[1:]} in the posterior: a parameter that is shared must have "
                "the same shape."
            )
        if not np.allclose(now[name], before[name], rtol=_SAME, atol=_SAME):
            raise InputError(
                f"the parameter {name} is bounded, or mapped to R^D, differently in the model and "
                "in the posterior: give it the same support in both."
            )


def _listed(names: dict[str, tuple[int, int]]) -> str:
    shown = list(names)[:8]
    return ", ".join(shown) + (", …" if len(names) > 8 else "")
