r"""Two logistic regressions whose evidence is known, as JAX log densities.

German credit (Statlog, numeric version: 1000 rows, 24 columns), D = 25. Each column of x is
divided by its standard deviation (over n, not n - 1) and a column of ones is put first:

.. math:: \ln p(y, w) = \sum_i \ln \sigma\bigl((2 y_i - 1)\, w^\top x_i\bigr) + \ln p(w),

once WITHOUT any prior term, ln p(w) = 0, and once with w ~ N(0, 10^2 I), normalized. The literature
quotes both under one name, 80 nats apart.

Ionosphere (UCI: 351 rows, 34 columns), D = 35. Columns are centered and divided by their standard
deviation (a constant column is only centered), ones first; w ~ N(0, I), normalized.

A label's sign does not matter to the evidence where the prior is symmetric or absent.
"""

import math
import os
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import fluvial

__all__ = ["LOG_EVIDENCE", "data_folder", "german_credit", "ionosphere"]

LOG_EVIDENCE = {
    "german credit, no prior": -504.486,
    "german credit, N(0, 10^2)": -585.099,
    "ionosphere": -111.610,
}
"""In nats, for the densities above: importance sampling with two million Student-t draws whose mean
and covariance were first matched to the posterior's; standard errors 0.0005, 0.0005 and 0.0013."""

_WHERE = (
    "german_credit.npz and ionosphere.npz hold arrays x and y (0 or 1), made from UCI's Statlog "
    "german.data-numeric and ionosphere.data: give their folder with --data or FLUVIAL_DATA."
)


def data_folder(given: Path | None) -> Path:
    """The folder given, or the one named by FLUVIAL_DATA.

    Raises:
        SystemExit: if there is none, or it lacks a file; says where the data are from.
    """
    folder = given or Path(os.environ.get("FLUVIAL_DATA", ""))
    lacking = [
        name for name in ("german_credit.npz", "ionosphere.npz") if not (folder / name).is_file()
    ]
    if lacking:
        raise SystemExit(f"{folder} has no {' and no '.join(lacking)}. {_WHERE}")
    return folder


def german_credit(folder: Path, *, prior_sd: float | None) -> fluvial.Target:
    """The posterior of D = 25 coefficients, or with ``prior_sd=None`` their bare likelihood."""
    x, y = _read(folder / "german_credit.npz")
    return _regression(x / x.std(axis=0), y, prior_sd)


def ionosphere(folder: Path) -> fluvial.Target:
    """The posterior of D = 35 coefficients under a standard normal prior."""
    x, y = _read(folder / "ionosphere.npz")
    sd = x.std(axis=0)
    return _regression((x - x.mean(axis=0)) / np.where(sd > 0, sd, 1.0), y, 1.0)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["x"].astype(np.float64), arrays["y"].astype(np.float64)


def _regression(x: np.ndarray, y: np.ndarray, prior_sd: float | None) -> fluvial.Target:
    signed = (2.0 * y - 1.0)[:, None] * np.column_stack([np.ones(len(x)), x])

    def log_density(w: Float[Array, " D"]) -> Float[Array, ""]:
        log_likelihood = jnp.sum(jax.nn.log_sigmoid(jnp.asarray(signed, w.dtype) @ w))
        return log_likelihood if prior_sd is None else log_likelihood + _log_prior(w, prior_sd)

    return fluvial.Target(log_density, dim=signed.shape[1])


def _log_prior(w: Float[Array, " D"], sd: float) -> Float[Array, ""]:
    constant = math.log(sd) + 0.5 * math.log(2 * math.pi)
    return jnp.sum(-0.5 * (w / sd) ** 2 - constant)
