"""A posterior as a NetCDF file, with a log likelihood that need not fit into memory."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Int

from fluvial.posterior.arviz import arranged, grouped, to_datatree
from fluvial.storage.folder import replaced

if TYPE_CHECKING:
    from fluvial.posterior.posterior import Posterior

__all__ = ["write_netcdf"]

_GROUP = "log_likelihood"
# As many numbers as `batched` computes at once.
_BLOCK = 2**22


def write_netcdf(
    posterior: "Posterior", path: Path, n: int, seed: int, *, log_likelihood: bool
) -> None:
    """Write to a file what ``to_datatree`` returns; see ``Posterior.to_netcdf``.

    The log likelihood that a target tells is computed and written in blocks of draws. The one that
    a Stan program generates comes with its draws, and so at once.
    """
    posterior = posterior.enlarged(n, seed)
    target = posterior.target
    told = None if target is None or not log_likelihood else target.log_likelihood
    tree = to_datatree(posterior, n, seed, log_likelihood=log_likelihood and told is None)
    with replaced(path) as fresh:
        tree.to_netcdf(fresh, engine="h5netcdf")
        if told is not None:
            _append(fresh, posterior, told, arranged(posterior.pool, n, seed))


def _append(
    path: Path,
    posterior: "Posterior",
    log_likelihood: Callable[[Float64[np.ndarray, "n D"]], dict[str, np.ndarray]],
    indices: Int[np.ndarray, "chains draws"],
) -> None:
    import h5netcdf

    points = posterior.pool.points
    one = log_likelihood(points[indices[0, :1]])
    if not one:
        return
    # Views of a single number, which have the shapes and take no memory.
    shapes = {name: np.broadcast_to(0.0, (*indices.shape, *a.shape[1:])) for name, a in one.items()}
    dataset = grouped({_GROUP: shapes}, posterior.annotations, {})[_GROUP].to_dataset()
    coordinates = dataset.drop_vars(list(dataset.data_vars))
    coordinates.to_netcdf(path, group=_GROUP, mode="a", engine="h5netcdf")
    rows = max(1, _BLOCK // max(1, sum(a.size for a in one.values())))
    with h5netcdf.File(path, "a") as file:
        variables = [
            file[_GROUP].create_variable(name, array.dims, np.float64, fillvalue=np.nan)
            for name, array in dataset.data_vars.items()
        ]
        for chain, chosen in enumerate(indices):
            for start in range(0, len(chosen), rows):
                block = log_likelihood(points[chosen[start : start + rows]])
                for variable, values in zip(variables, block.values(), strict=True):
                    variable[chain, start : start + len(values)] = values
