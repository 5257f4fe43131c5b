"""Where the density is not known, or is taken to be zero, because calls fail there.

A mode in a region where calls fail is as good as outside the prior: no draw can meet it, and two
functions that differ there alone look the same. So whether anything is there is the user's to say,
who is told how high the density is beside it.
"""

import numpy as np
from jaxtyping import Float

from fluvial.inference.black_box.spending import PriorDraws
from fluvial.posterior.mixture import Mixture

__all__ = ["assumed_note", "unknown_doubt"]

_ASKED = 400  # speed: draws whose neighbors are looked up


def unknown_doubt(looked: PriorDraws, reference: Mixture, *, proper: bool) -> str | None:
    """Say that the density is not known wherever it was looked for, if so.

    Args:
        looked: draws from the prior.
        reference: the law that they are from.
        proper: whether that is the prior.
    """
    unknown = np.isnan(looked.log_p) | (looked.log_p == np.inf)
    if not unknown.any():
        return None
    where = "drawn from the prior" if proper else "drawn around the origin"
    relative = looked.log_p - reference.log_prob(looked.x) if proper else looked.log_p
    drop = _drop(looked.x, np.where(unknown, np.nan, relative))
    beside = "" if drop is None else f" Next to these it is at most {_power(drop)}."
    return (
        f"At {unknown.sum():,} of {len(unknown):,} points {where} the function returned NaN or "
        f"+inf, or failed: what is there is not known.{beside} Return -inf where there is no "
        'density, or give failures="-inf" if calls fail nowhere else.'
    )


def assumed_note(failed: int, evaluations: int, failure: str) -> str | None:
    """Say at how many points a failure was taken to mean that there is no density, if at any.

    Args:
        failed: how many.
        evaluations: of all.
        failure: how a call has failed, a clause; or "".
    """
    if not failed:
        return None
    how = f" (it {failure})" if failure else ""
    return (
        f"At {failed:,} of {evaluations:,} points the function returned NaN or failed{how}, which "
        'counts as no density there, as failures="-inf" says.'
    )


def _drop(x: Float[np.ndarray, "N D"], log_p: Float[np.ndarray, " N"]) -> float | None:
    """How far, in nats, the highest neighbor of a point without a value is below the highest."""
    from scipy.spatial import KDTree

    known = np.isfinite(log_p)
    if not known.any():
        return None
    unknown = np.flatnonzero(np.isnan(log_p))
    asked = unknown[np.linspace(0, len(unknown) - 1, min(_ASKED, len(unknown))).astype(int)]
    _, nearest = KDTree(x[known]).query(x[asked])
    return float(np.max(log_p[known]) - np.max(log_p[known][nearest]))


def _power(drop: float) -> str:
    return f"e^-{drop:.0f} of the highest among them" if drop >= 0.5 else "as high as anywhere"
