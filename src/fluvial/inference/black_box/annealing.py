"""A population that mixtures of Gaussians lead from the prior to the posterior.

All points so far, weighed at the largest inverse temperature that leaves enough of them in force,
tell where the next ones are drawn; when that temperature is 1, rounds go on as long as they save
more fresh draws than they cost.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.black_box.weighted_mixture import fit_mixture
from fluvial.inference.settings import BlackBoxSettings, Settings
from fluvial.objectives import Importance
from fluvial.posterior.mixture import Mixture

__all__ = ["Population", "anneal", "efficiency", "round_size", "spread_out"]


_STUCK = 1.05  # times the last β
_PATIENCE = 8  # rounds in which β does not grow by so much


class Population(NamedTuple):
    """The state of a population.

    Attributes:
        history: its points.
        beta: the last inverse temperature: 1 unless the budget was spent.
        efficiency: effective sample size of the last proposal's draws, as a share of them.
    """

    history: History
    beta: float
    efficiency: float


def round_size(dim: int, settings: BlackBoxSettings) -> int:
    """Points in a round, for so many coordinates."""
    return settings.round_base + settings.round_per_dim * dim


def anneal(
    reference: Mixture,
    spending: Spending,
    rng: np.random.Generator,
    thresholds: Settings,
    history: History | None = None,
) -> Population:
    """Lead a population from the reference to the target.

    Args:
        reference: π₀: the prior, or a wide law where there is none.
        spending: evaluates the target.
        rng: decides every draw.
        thresholds: of the fit.
        history: points to go on from; by default they are drawn from the reference.
    """
    settings = thresholds.black_box
    size = round_size(reference.dim, settings)
    if history is None:
        history = _begun(reference, spending, rng, settings)
    elif len(history.counts) > 1 and efficiency(history) >= settings.enough_efficiency:
        return Population(history, 1.0, efficiency(history))
    beta, share, rounds, stalled, stuck = 0.0, 0.0, 0, 0, 0
    worth = float(settings.worth_base + settings.worth_per_dim * reference.dim)
    while not spending.over and rounds < settings.max_rounds and np.isfinite(history.log_p).any():
        last_beta, last_share = beta, share
        beta = _coolest(history, worth)
        if beta < min(1.0, _STUCK * last_beta):
            # So few points do not show the shape of what they are drawn from.
            worth = min(2.0 * worth, max(worth, len(history) / 4.0))
            beta = _coolest(history, worth)
        mixture = fit_mixture(history.x, history.log_weights(beta), rng)
        proposal = thresholds.weigh.widened(mixture)
        x, _ = proposal.sample(rng, size)
        log_p = spending.values(x, f"annealing at {beta:.3g}")
        history = history.with_draws(proposal, x[: len(log_p)], log_p)
        rounds += 1
        stuck = stuck + 1 if beta < min(1.0, _STUCK * last_beta) else 0
        if stuck >= _PATIENCE:
            break
        share = efficiency(history)
        if beta == last_beta == 1.0:
            saved = _fresh(last_share, settings) - _fresh(share, settings)
            stalled = 0 if saved > size else stalled + 1
            if share >= settings.enough_efficiency or stalled > 1:
                break
    return Population(history, beta, share)


def _begun(
    reference: Mixture, spending: Spending, rng: np.random.Generator, settings: BlackBoxSettings
) -> History:
    """Points from the reference."""
    first = max(settings.first_rounds * round_size(reference.dim, settings), settings.first_least)
    x = spread_out(reference, min(first, max(spending.left // 4, 1)), rng)
    log_p = spending.values(x, "prior draws")
    return History.empty(reference).with_draws(reference, x[: len(log_p)], log_p)


def efficiency(history: History) -> float:
    """Effective sample size of the last proposal's draws for the target, as a share of them."""
    rows = history.latest
    weights = Importance(history.log_p[rows] - history.log_q[rows, -1])
    return weights.ess / max(weights.size, 1)


def _fresh(share: float, settings: BlackBoxSettings) -> float:
    """Fresh draws needed at an efficiency."""
    return min(settings.wanted_ess / max(share, 1e-9), settings.max_fresh)


def _coolest(history: History, worth: float) -> float:
    """The largest β at which the points are worth so many, by bisection of its logarithm."""
    log_ratio = history.log_p - history.log_reference
    base = history.log_reference - history.log_mixture

    def enough(beta):
        return Importance(base + beta * log_ratio).ess >= worth

    if enough(1.0):
        return 1.0
    low, high = np.log(1e-12), 0.0
    while high - low > 0.02:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if enough(float(np.exp(middle))) else (low, middle)
    return float(np.exp(low))


def spread_out(reference: Mixture, size: int, rng: np.random.Generator) -> Float[np.ndarray, "N D"]:
    """Draws of a Gaussian from a scrambled Sobol' sequence, which leaves no gaps.

    Args:
        reference: one Gaussian.
        size: how many.
        rng: decides how they are scrambled.
    """
    from scipy.stats import qmc  # half a second, which most fits need not take

    sampler = qmc.Sobol(reference.dim, seed=rng)  # pyright: ignore[reportCallIssue]
    u = sampler.random_base2(int(np.ceil(np.log2(size))))[:size]
    z = ndtri(np.clip(u, 1e-12, 1.0 - 1e-12))
    return reference.components[0].gaussian.color(z)
