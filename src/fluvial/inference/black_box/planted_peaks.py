r"""What share of peaks of a stated size draws from the prior would have met: some are planted.

A planted peak is the largest one that was found, in a smaller volume, with the mass of all that was
found, and centered on one of the draws. It would have been met if the density of two other draws
was higher for it. Volumes are those of the prior: on the unit cube, u = Φ(z), the peak at z with
the covariance Σ is

.. math:: N\left(Φ(z),\; v^{2/D} \, φ(z) Σ φ(z)\right), \qquad φ(z) = \mathrm{diag}\, N(z_i; 0, 1)

for v times its volume. Nothing is evaluated for this.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from fluvial.constants import LOG_2PI
from fluvial.inference.black_box.largest_peak import dense
from fluvial.inference.settings import BlackBoxSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["Narrowest", "narrowest_met", "peaks_met", "planted_width", "unmet_doubt"]

_PLANTED = 400
_FEWEST, _PAIRS = 24, 1 << 23  # ... of very many draws, so that it takes no more than a second
_SEEN = 3.0  # nats by which a draw has to be higher
_HITS = 2  # draws that have to be: a peak that one alone has met is found by one half of them
_OUTERMOST = 2.0  # standard deviations of the prior, beyond which a peak is taken to be here
_WIDTHS = 2.0 ** (-0.25 * np.arange(33))  # from as wide as the largest peak to 1/256 of that


class Narrowest(NamedTuple):
    """The width of the narrowest planted peaks of which enough would have been met.

    Attributes:
        of_largest: as a part of that of the largest peak found; infinite if not even peaks as wide
            as that would have been.
        of_prior: its standard deviation as a part of the prior's width, on the unit cube.
    """

    of_largest: float = np.inf
    of_prior: float = np.inf


def peaks_met(
    reference: Mixture,
    largest: Gaussian,
    log_evidence: float,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    widths: Float[np.ndarray, " W"],
) -> Float[np.ndarray, " W"]:
    """Return the share of planted peaks of each width that draws would have met.

    Args:
        reference: the one Gaussian that the draws are from.
        largest: the largest peak that populations have found.
        log_evidence: of all that they have found, in nats.
        x: draws from the reference.
        log_p: the log density at each.
        widths: of the planted peaks, as parts of that of the largest peak found.
    """
    peak = _on_the_cube(reference, largest)
    w = peak.whiten(ndtr(dense(reference.components[0].gaussian).whiten(x)))
    level = log_evidence - 0.5 * x.shape[1] * LOG_2PI - peak.log_det - _SEEN
    rises = level - x.shape[1] * np.log(widths)[:, None] - (log_p - reference.log_prob(x))
    below = widths[:, None] ** 2 * rises  # half the largest squared distance
    squares = np.sum(w**2, axis=1)
    planted = int(np.clip(_PAIRS // (len(x) * len(widths)), _FEWEST, _PLANTED))
    met = [  # by other draws than the one at its center
        np.sum(0.5 * (squares + squares[row] - 2.0 * w @ w[row]) < below, axis=1) > _HITS
        for row in np.linspace(0, len(x) - 1, planted).astype(int)
    ]
    return np.mean(met, axis=0)


def _on_the_cube(reference: Mixture, largest: Gaussian) -> Gaussian:
    """A peak of the largest one's shape there."""
    prior = dense(reference.components[0].gaussian)
    at = np.minimum(np.abs(prior.whiten(largest.mean[None])[0]), _OUTERMOST)
    slope = np.exp(-0.5 * at**2 - 0.5 * LOG_2PI)
    triangle = slope[:, None] * np.linalg.solve(prior.cholesky, largest.cholesky)
    return Gaussian(np.zeros(largest.dim), triangle)


def narrowest_met(
    reference: Mixture,
    largest: Gaussian,
    log_evidence: float,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    settings: BlackBoxSettings,
) -> Narrowest:
    """Return the width of the narrowest planted peaks of which enough would have been met.

    Args:
        reference: the one Gaussian that the draws are from.
        largest: the largest peak that populations have found.
        log_evidence: of all that they have found, in nats.
        x: draws from the reference.
        log_p: the log density at each.
        settings: the share that is enough.
    """
    met = peaks_met(reference, largest, log_evidence, x, log_p, _WIDTHS)
    enough = np.cumprod(met >= settings.planted_least)
    if not enough[0]:
        return Narrowest()
    width = float(_WIDTHS[int(enough.sum()) - 1])
    sd = np.exp(_on_the_cube(reference, largest).log_det / largest.dim)
    return Narrowest(width, width * float(sd))


def planted_width(dim: int, settings: BlackBoxSettings) -> float:
    """Return the width of the peaks that are to be met, as a part of that of the largest one.

    Args:
        dim: D.
        settings: the size of the peaks.
    """
    return max(settings.planted_volume ** (1.0 / dim), settings.planted_width)


def unmet_doubt(met: float, draws: int, dim: int, settings: BlackBoxSettings) -> str | None:
    """Say that too many peaks would have been missed for a result to be GOOD, if so.

    Args:
        met: the share that would have been met.
        draws: from the prior.
        dim: D.
        settings: the size of the peaks, and the share that is enough.
    """
    if met >= settings.planted_least:
        return None
    return (
        f"{draws:,} draws from the prior would have met only {met:.0%} of peaks as heavy as "
        f"all that was found and with {planted_width(dim, settings):.0%} of the width of the "
        "largest one: others may be missing. With a larger budget more are drawn."
    )
