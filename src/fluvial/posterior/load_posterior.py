"""A saved posterior, with its target where that can be rebuilt."""

from pathlib import Path

import numpy as np

from fluvial.errors import InputError
from fluvial.flows import Flow
from fluvial.posterior.pool import Pool
from fluvial.posterior.posterior import Posterior
from fluvial.posterior.storage import read
from fluvial.targets import Target, target_from_source

__all__ = ["load_posterior"]

_COMPARED = 8


def load_posterior(
    directory: Path, *, target: Target | None = None, flow: Flow | None = None
) -> Posterior:
    """Read a posterior that ``Posterior.save`` wrote; see ``fluvial.load``."""
    parts = read(directory, flow=flow)
    target = target or target_from_source(parts.source)
    if target is not None:
        _check_same(target, parts.pool, directory)
    return Posterior.of(parts, target)


def _check_same(target: Target, pool: Pool, directory: Path) -> None:
    points = pool.points[:_COMPARED]
    if target.dim != points.shape[1]:
        raise InputError(
            f"{directory} was fitted to a target of {points.shape[1]} dimensions, and this one "
            f"has {target.dim}: give the target that it was fitted to."
        )
    # Loosely: a target may hold float32 data, or come from another version of its library.
    if not np.allclose(
        target.values(points), pool.log_p[:_COMPARED], rtol=1e-3, atol=1e-2, equal_nan=True
    ):
        raise InputError(
            f"{directory} was fitted to another target: at the saved points, the log density of "
            "this one differs from what was saved."
        )
