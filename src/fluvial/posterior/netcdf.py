"""A posterior as a NetCDF file, with a log likelihood that need not fit into memory."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from fluvial.extras import require
from fluvial.posterior.arviz import grouped
from fluvial.posterior.data_tree import Contents, Drawn, data_tree
from fluvial.storage.writing import replaced
from fluvial.targets import Annotations, Target

__all__ = ["write_netcdf"]

LogLikelihood = Callable[[Float64[np.ndarray, "n D"]], dict[str, np.ndarray]]
_GROUP = "log_likelihood"
# As many numbers as `batched` computes at once.
_BLOCK = 2**22
_MOST_AT_ONCE = 2**22  # numbers of a group that is not written piece by piece: 32 MB


def write_netcdf(
    path: Path,
    drawn: Drawn,
    target: Target | None,
    contents: Contents,
    attributes: dict[str, str | float | int],
) -> None:
    """Write draws as a tree to a file, and then the log likelihood, in blocks of draws.

    Args:
        path: of the file.
        drawn: the draws.
        target: provides the log likelihood, where it is available.
        contents: what is wanted besides the draws; predictive draws are left out if there are too
            many.
        attributes: of the whole tree.
    """
    require("arviz", "a file for ArviZ", "arviz_base", "h5netcdf", "xarray")
    told = target.log_likelihood if target is not None and contents.log_likelihood else None
    predictive = len(drawn.points) * sum(a.size for a in drawn.annotations.observed.values())
    at_once = Contents(
        log_likelihood=contents.log_likelihood and told is None,
        predictive=contents.predictive and predictive <= _MOST_AT_ONCE,
        groups=contents.groups,
    )
    tree = data_tree(drawn, target, at_once, attributes)
    with replaced(path) as fresh:
        tree.to_netcdf(fresh, engine="h5netcdf")
        if told is not None:
            points = drawn.points.reshape(*drawn.shape, -1)
            _append(fresh, told, points, drawn.annotations)


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
