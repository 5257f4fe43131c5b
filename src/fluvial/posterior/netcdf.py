"""A posterior as a NetCDF file, with a log likelihood that need not fit into memory."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from fluvial.posterior.arviz import grouped
from fluvial.storage.folder import replaced
from fluvial.targets import Annotations

if TYPE_CHECKING:
    import xarray

__all__ = ["write_netcdf"]

LogLikelihood = Callable[[Float64[np.ndarray, "n D"]], dict[str, np.ndarray]]
_GROUP = "log_likelihood"
# As many numbers as `batched` computes at once.
_BLOCK = 2**22


def write_netcdf(
    path: Path,
    tree: "xarray.DataTree",
    told: LogLikelihood | None,
    points: Float64[np.ndarray, "chains draws D"] | None,
    annotations: Annotations,
) -> None:
    """Write a tree to a file, and then the log likelihood, in blocks of draws.

    Args:
        path: of the file.
        tree: without a log likelihood, unless it came with the draws.
        told: what computes the log likelihood; None for none.
        points: where, if ``told`` is given.
        annotations: names of dimensions and coordinates.
    """
    with replaced(path) as fresh:
        tree.to_netcdf(fresh, engine="h5netcdf")
        if told is not None and points is not None:
            _append(fresh, told, points, annotations)


def _append(
    path: Path,
    log_likelihood: LogLikelihood,
    points: Float64[np.ndarray, "chains draws D"],
    annotations: Annotations,
) -> None:
    import h5netcdf

    one = log_likelihood(points[0, :1])
    if not one:
        return
    # Views of a single number, which have the shapes and take no memory.
    shapes = {
        name: np.broadcast_to(0.0, (*points.shape[:2], *a.shape[1:])) for name, a in one.items()
    }
    dataset = grouped({_GROUP: shapes}, annotations, {})[_GROUP].to_dataset()
    coordinates = dataset.drop_vars(list(dataset.data_vars))
    coordinates.to_netcdf(path, group=_GROUP, mode="a", engine="h5netcdf")
    rows = max(1, _BLOCK // max(1, sum(a.size for a in one.values())))
    with h5netcdf.File(path, "a") as file:
        variables = [
            file[_GROUP].create_variable(name, array.dims, np.float64, fillvalue=np.nan)
            for name, array in dataset.data_vars.items()
        ]
        for chain, chosen in enumerate(points):
            for start in range(0, len(chosen), rows):
                block = log_likelihood(chosen[start : start + rows])
                for variable, values in zip(variables, block.values(), strict=True):
                    variable[chain, start : start + len(values)] = values
