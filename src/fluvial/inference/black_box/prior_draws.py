"""Draws from the prior to look for peaks: until they would have met most that are planted."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.hunting_size import HuntingSize
from fluvial.inference.black_box.planted_peaks import peaks_met, planted_width
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import BlackBoxSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import Mixture

__all__ = ["PriorDraws", "drawn_from_prior"]

Halves = tuple[tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]], ...]


class PriorDraws(NamedTuple):
    """Independent halves of draws, with log densities, and the share of planted peaks they meet."""

    halves: Halves
    met: float

    @property
    def joined(self) -> tuple[Float[np.ndarray, "N D"], Float[np.ndarray, " N"]]:
        """All draws, and the log density at each."""
        x, log_p = zip(*self.halves, strict=True)
        return np.concatenate(x), np.concatenate(log_p)


def drawn_from_prior(
    explored: tuple[History, ...],
    largest: Gaussian,
    size: HuntingSize,
    spending: Spending,
    rng: np.random.Generator,
    settings: BlackBoxSettings,
) -> PriorDraws:
    """Add to the draws that populations began with.

    Args:
        explored: two populations' points, of which the first are draws from the reference.
        largest: the largest peak among them.
        size: how many more to make at once, and how many until they would have met enough peaks.
        spending: evaluates the target.
        rng: decides every draw.
        settings: the thresholds.
    """
    from scipy.stats import qmc  # half a second, which most fits need not take

    reference = explored[0].reference
    evidence = max(history.log_evidence for history in explored)
    samplers = [qmc.Sobol(reference.dim, seed=rng) for _ in explored]  # pyright: ignore[reportCallIssue]
    halves = tuple((h.x[: h.counts[0]], h.log_p[: h.counts[0]]) for h in explored)
    widths = np.array([planted_width(reference.dim, settings)])
    more, made = size.draws, 0
    while True:
        if more:
            pairs = zip(halves, samplers, strict=True)
            each = more // len(explored)
            halves = tuple(_longer(half, reference, s, each, spending) for half, s in pairs)
            made += more
        found = PriorDraws(halves, 0.0)
        met = float(peaks_met(reference, largest, evidence, *found.joined, widths)[0])
        more = max(settings.planted_first, _half_of_the_power_below(made))
        most = size.worthwhile if met >= settings.planted_least else size.most
        if met >= settings.planted_enough or made + more > most or spending.over:
            return PriorDraws(halves, met)


def _half_of_the_power_below(made: int) -> int:
    """So that 512 become 1024, 1536, 2048, 3072, 4096, 6144 and so on."""
    return 1 << max(0, made.bit_length() - 2)


def _longer(half, reference: Mixture, sampler, size: int, spending: Spending):
    """Half of the draws with so many more, which leave no gaps."""
    x, log_p = half
    z = ndtri(np.clip(sampler.random(size), 1e-12, 1.0 - 1e-12))
    more = reference.components[0].gaussian.color(z)
    found = spending.values(more, "hunting")
    found = np.where(np.isfinite(found), found, -np.inf)
    return np.concatenate([x, more[: len(found)]]), np.concatenate([log_p, found])
