r"""What share of peaks of a stated size draws from the prior would have met: some are planted.

A planted peak is the largest one that was found, in a smaller volume, with the mass of all that was
found, and centered on one of the draws. It would have been met if the density of two other draws
was higher for it. Volumes are those of the prior: on the unit cube, u = Φ(z), the peak at z with
the covariance Σ is

.. math:: N\left(Φ(z),\; v^{2/D} \, φ(z) Σ φ(z)\right), \qquad φ(z) = \mathrm{diag}\, N(z_i; 0, 1)

for v times its volume. Nothing is evaluated for this.
"""

from collections.abc import Callable
from itertools import takewhile
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from fluvial.constants import LOG_2PI
from fluvial.inference.black_box.largest_peak import dense
from fluvial.inference.settings import DEFAULT, BlackBoxSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["Looks", "Narrowest", "planted_width", "unmet_doubt"]

# Arithmetic: from as wide as the largest peak to 1/256 of that, and between two of these widths.
_HALVINGS, _BETWEEN = 2.0 ** -np.arange(9), 2.0 ** (-0.25 * np.arange(1, 4))


class Narrowest(NamedTuple):
    """The width of the narrowest planted peaks of which enough would have been met.

    Attributes:
        of_largest: as a part of that of the largest peak found; infinite if not even peaks as wide
            as that would have been.
        of_prior: its standard deviation as a part of the prior's width, on the unit cube.
    """

    of_largest: float = np.inf
    of_prior: float = np.inf


@final
class Looks:
    """Draws from the prior, and what has been found.

    Args:
        reference: the one Gaussian that the draws are from.
        largest: the largest peak that populations have found.
        log_evidence: of all that they have found, in nats.
        x: draws from the reference.
        log_p: the log density at each. Those at which there is none, or it is not known, have met
            nothing: where a function says −inf, it would say so next to a peak, too.
        settings: the thresholds.
    """

    def __init__(
        self,
        reference: Mixture,
        largest: Gaussian,
        log_evidence: float,
        x: Float[np.ndarray, "N D"],
        log_p: Float[np.ndarray, " N"],
        settings: BlackBoxSettings = DEFAULT.black_box,
    ):
        self._settings = settings
        known = np.isfinite(log_p)
        x, log_p = x[known], log_p[known]
        peak = _on_the_cube(reference, largest, settings.planted_outermost)
        self._z = peak.whiten(ndtr(dense(reference.components[0].gaussian).whiten(x)))
        self._half_squares = 0.5 * np.sum(self._z**2, axis=1)
        level = log_evidence - 0.5 * peak.dim * LOG_2PI - peak.log_det - settings.planted_higher
        self._rises = level - (log_p - reference.log_prob(x))
        self._sd = float(np.exp(peak.log_det / peak.dim))

    def met(self, width: float) -> float:
        """Return the share of planted peaks that the draws would have met.

        What would not stand out at its own center is a detail of a peak that was found, which the
        weights of that one's draws tell.

        Args:
            width: of these peaks, as a part of that of the largest peak found.
        """
        (count, dim), settings = self._z.shape, self._settings
        if not count:
            return 0.0
        farthest = width**2 * (self._rises - dim * np.log(width))  # half of a squared distance
        below, centers = farthest - self._half_squares, np.flatnonzero(farthest > 0.0)
        most = int(np.clip(settings.planted_pairs // count, *settings.planted))
        chosen = centers[np.linspace(0, len(centers) - 1, min(most, len(centers))).astype(int)]
        hits = [
            np.sum(self._half_squares[row] - self._z @ self._z[row] < below) for row in chosen
        ]  # others than the draw at its center
        return float(np.mean(np.array(hits) > settings.planted_hits)) if hits else 1.0

    def narrowest(self, least: float) -> Narrowest:
        """Return the width down to which at least a share of planted peaks would have been met."""
        width = _last(_HALVINGS, lambda width: self.met(width) >= least)
        if width is None:
            return Narrowest()
        width = _last(width * _BETWEEN, lambda width: self.met(width) >= least) or width
        return Narrowest(width, width * self._sd)


def _last(widths: np.ndarray, enough: Callable[[float], bool]) -> float | None:
    """The last of these before the first one that does not pass."""
    passed = list(takewhile(enough, map(float, widths)))
    return passed[-1] if passed else None


def _on_the_cube(reference: Mixture, largest: Gaussian, outermost: float) -> Gaussian:
    """A peak of the largest one's shape there."""
    prior = dense(reference.components[0].gaussian)
    at = np.minimum(np.abs(prior.whiten(largest.mean[None])[0]), outermost)
    slope = np.exp(-0.5 * at**2 - 0.5 * LOG_2PI)
    triangle = slope[:, None] * np.linalg.solve(prior.cholesky, largest.cholesky)
    return Gaussian(np.zeros(largest.dim), triangle)


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
