"""How far draws are from the truth: moments, marginal Wasserstein distances, shares of mass."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import wasserstein_distance

__all__ = ["Accuracy", "accuracy", "marginal_w1", "share_error", "shares", "w1_ratio"]


class Accuracy(NamedTuple):
    """Distances of draws from reference draws, all in units of the reference's spread."""

    mean: float
    """Largest |mean - reference mean| / reference sd over the parameters."""
    sd: float
    """Largest |ln(sd / reference sd)| over the parameters."""
    w1: float
    """Mean over the parameters of the marginal Wasserstein-1 distance, in reference sds."""


def accuracy(draws: Float[np.ndarray, "N P"], reference: Float[np.ndarray, "M P"]) -> Accuracy:
    """Compare draws with reference draws of the same P parameters.

    Parameters that are constant in the reference (structural zeros, fixed corners) carry no
    information and are left out. A non-finite draw makes the result non-finite.

    Args:
        draws: (N, P), equally weighted.
        reference: (M, P), equally weighted; M need not be N.

    Raises:
        ValueError: if the widths differ, or every reference column is constant.
    """
    if draws.shape[1] != reference.shape[1]:
        raise ValueError(f"{draws.shape[1]} columns against {reference.shape[1]} of reference.")
    varying = np.std(reference, axis=0) > 0
    if not varying.any():
        raise ValueError("every reference column is constant; nothing to compare.")
    draws, reference = draws[:, varying], reference[:, varying]
    sd = np.std(reference, axis=0, ddof=1)
    shift = np.abs(draws.mean(axis=0) - reference.mean(axis=0)) / sd
    with np.errstate(divide="ignore"):  # collapsed draws have sd 0: an infinite error, as due
        stretch = np.abs(np.log(np.std(draws, axis=0, ddof=1) / sd))
    w1 = marginal_w1(draws / sd, reference / sd)
    return Accuracy(float(shift.max()), float(stretch.max()), float(w1.mean()))


def marginal_w1(
    a: Float[np.ndarray, "N P"], b: Float[np.ndarray, "M P"]
) -> Float[np.ndarray, " P"]:
    """Wasserstein-1 distance between each column of a and the same column of b."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.full(a.shape[1], np.nan)
    return np.array([wasserstein_distance(x, y) for x, y in zip(a.T, b.T, strict=True)])


def w1_ratio(draws: Float[np.ndarray, "N P"], exact: Sequence[Float[np.ndarray, "N P"]]) -> float:
    """Summed marginal W1 of draws to exact samples, over that of exact samples to one another.

    1 means: as good as exact. Both sides are averaged over the given independent exact samples
    (at least two, each of the size of ``draws``), so that one lucky sample does not decide.
    """
    if len(exact) < 2:
        raise ValueError("exact against exact needs at least two exact samples.")
    ours = [marginal_w1(draws, sample).sum() for sample in exact]
    floor = [marginal_w1(exact[i], exact[j]).sum() for i in range(len(exact)) for j in range(i)]
    return float(np.mean(ours) / np.mean(floor))


def shares(labels: Int[np.ndarray, " N"], regions: int) -> Float[np.ndarray, " R"]:
    """Fraction of draws in each of the regions 0..regions-1."""
    return np.bincount(labels, minlength=regions) / labels.size


def share_error(found: Float[np.ndarray, " R"], truth: Float[np.ndarray, " R"]) -> float:
    """Largest relative error |found - truth| / truth; a region wholly lost scores 1."""
    return float(np.max(np.abs(found - truth) / truth))
