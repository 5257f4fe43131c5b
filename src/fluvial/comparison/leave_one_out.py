"""How well models predict: leave-one-out, stacking, and whether the prior matters."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import xarray

__all__ = ["LeaveOneOut", "leave_one_out", "prior_sensitivity"]


class LeaveOneOut(NamedTuple):
    """What leave-one-out says of one model; see ``Row``."""

    elpd: float
    elpd_se: float
    difference: float
    difference_se: float
    weight: float
    bad_khat: int


def leave_one_out(trees: Mapping[str, "xarray.DataTree"]) -> dict[str, LeaveOneOut]:
    """Compare by Pareto-smoothed leave-one-out, and stack (Yao et al. 2018).

    Args:
        trees: name -> a tree with the group log_likelihood, of one array each.

    Returns:
        Name -> numbers; nothing if fewer than two trees have that group.
    """
    stats: Any = import_module("arviz_stats")
    trees = {n: _joined(t) for n, t in trees.items() if "log_likelihood" in t.children}
    if len(trees) < 2:
        return {}
    with _quiet():
        found = {name: stats.loo(tree, pointwise=True) for name, tree in trees.items()}
        table = stats.compare(found, method="stacking")
    best = max(found, key=lambda name: float(found[name].elpd))
    pointwise = {name: np.ravel(np.asarray(elpd.elpd_i)) for name, elpd in found.items()}
    result = {}
    for name, elpd in found.items():
        gaps = pointwise[name] - pointwise[best]
        khat = np.ravel(np.asarray(elpd.pareto_k))
        result[name] = LeaveOneOut(
            float(elpd.elpd),
            float(elpd.se),
            float(gaps.sum()),
            float(np.sqrt(len(gaps) * np.var(gaps))),
            float(table.loc[name, "weight"]),
            int(np.sum(khat > float(elpd.good_k))),
        )
    return result


def prior_sensitivity(
    tree: "xarray.DataTree", parameters: tuple[str, ...]
) -> tuple[float, str] | None:
    """Return the largest sensitivity to the prior, and whose it is; None if it is not told.

    The prior is raised to a power near 1, and the cumulative Jensen-Shannon distance of the draws
    is taken per log2 of the power (Kallioinen et al. 2024, Statistics and Computing 34, 57).
    """
    if "log_prior" not in tree.children:
        return None
    stats: Any = import_module("arviz_stats")
    names = [name for name in (p.replace("/", ".") for p in parameters) if name in tree.posterior]
    with _quiet():
        found = stats.psense(tree, var_names=names, group="prior")
    labeled = [
        (float(value), f"{name}[{','.join(map(str, index))}]" if index else str(name))
        for name, array in found.data_vars.items()
        for index, value in np.ndenumerate(np.asarray(array))
        if np.isfinite(value)
    ]
    return max(labeled, default=None)


def _joined(tree: "xarray.DataTree") -> "xarray.DataTree":
    """Put all log likelihoods into one array, as leave-one-out wants them."""
    import xarray

    likelihood = tree["log_likelihood"].to_dataset()
    if len(likelihood.data_vars) == 1:
        return tree
    flat = [
        np.asarray(a.transpose("chain", "draw", ...)).reshape(*a.shape[:2], -1)
        for a in (array.transpose("chain", "draw", ...) for array in likelihood.data_vars.values())
    ]
    whole = xarray.Dataset({"all": (("chain", "draw", "observation"), np.concatenate(flat, -1))})
    groups = {"posterior": tree["posterior"].to_dataset(), "log_likelihood": whole}
    return xarray.DataTree.from_dict(groups)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence warnings whose content the table has: large k-hats, and how to compare."""
    log = logging.getLogger("arviz_stats")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
