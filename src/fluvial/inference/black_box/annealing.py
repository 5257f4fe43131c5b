"""A population that mixtures of Gaussians, or flows, lead from the prior to the posterior.

All points so far, weighed at the largest inverse temperature that leaves enough of them in force,
tell where the next ones are drawn; when that temperature is 1, rounds go on as long as they save
more fresh draws than they cost.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.black_box.weighted_flow import fit_flow
from fluvial.inference.black_box.weighted_mixture import fit_mixture
from fluvial.inference.settings import BlackBoxSettings, Settings
from fluvial.objectives import Importance
from fluvial.posterior.defense import Widened
from fluvial.posterior.mixture import Mixture

__all__ = [
    "Guides",
    "Population",
    "anneal",
    "efficiency",
    "flow_guides",
    "fresh_needed",
    "mixture_guides",
    "round_size",
    "spread_out",
]


class Population(NamedTuple):
    """The state of a population.

    Attributes:
        history: its points.
        beta: the last inverse temperature: 1 unless the budget was spent, or it got stuck.
        efficiency: effective sample size of the last proposal's draws, as a share of them.
        fitted: what the last proposal was made of; None if there was no round.
    """

    history: History
    beta: float
    efficiency: float
    fitted: Mixture | None = None


class Guides(NamedTuple):
    """What leads a population, and in which steps.

    Attributes:
        fit: from points, their log weights, a generator and what it returned in the last round to
            what the next proposal is made of.
        size: points of a round.
        worth: the effective sample size that the next temperature has to leave.
        rounds: the most.
    """

    fit: Callable[[np.ndarray, np.ndarray, np.random.Generator, Mixture | None], Mixture]
    size: int
    worth: float
    rounds: int


def mixture_guides(dim: int, thresholds: Settings) -> Guides:
    """Return mixtures of Gaussians."""
    settings = thresholds.black_box
    worth = float(settings.worth_base + settings.worth_per_dim * dim)

    def fit(x, log_w, rng, last):
        del last
        return fit_mixture(x, log_w, rng, thresholds.mixture)

    return Guides(fit, round_size(dim, settings), worth, settings.max_rounds)


def flow_guides(dim: int, thresholds: Settings) -> Guides:
    """Return flows, which take more points to tell the shape of a density from."""
    mixtures, settings = mixture_guides(dim, thresholds), thresholds.black_box
    return Guides(
        partial(fit_flow, settings),
        settings.flow_size * mixtures.size,
        settings.flow_worth * mixtures.worth,
        settings.flow_rounds,
    )


def round_size(dim: int, settings: BlackBoxSettings) -> int:
    """Points in a round, for so many coordinates."""
    return settings.round_base + settings.round_per_dim * dim


def anneal(
    reference: Mixture,
    spending: Spending,
    rng: np.random.Generator,
    thresholds: Settings,
    history: History | None = None,
    guides: Guides | None = None,
) -> Population:
    """Lead a population from the reference to the target.

    Args:
        reference: π₀: the prior, or a wide law where there is none.
        spending: evaluates the target.
        rng: decides every draw.
        thresholds: of the fit.
        history: points to go on from; by default they are drawn from the reference.
        guides: what leads it; by default mixtures of Gaussians.
    """
    settings = thresholds.black_box
    fit, size, worth, most_rounds = guides or mixture_guides(reference.dim, thresholds)
    if history is None:
        history = _begun(reference, spending, rng, settings)
    fitted = _last(history)
    own = fitted is not None and (guides is None or fitted.has_flows)
    if own and efficiency(history) >= settings.enough_efficiency:
        return Population(history, 1.0, efficiency(history), fitted)
    beta, share, rounds, stalled, stuck = 0.0, 0.0, 0, 0, 0
    while not spending.over and rounds < most_rounds and np.isfinite(history.log_p).any():
        last_beta, last_share = beta, share
        beta = _coolest(history, worth)
        if beta < min(1.0, thresholds.black_box.stuck * last_beta):
            # So few points do not show the shape of what they are drawn from. A round that did not
            # grow with what is asked for would take several to get back to where this one was.
            most = max(worth, len(history) / settings.growth_part)
            more = min(settings.growth * worth, most)
            size, worth = round(size * more / worth), more
            beta = _coolest(history, worth)
        fitted = fit(history.x, history.log_weights(beta), rng, fitted)
        proposal = thresholds.weigh.widened(fitted)
        x, _ = proposal.sample(rng, size)
        log_p = spending.values(x, f"annealing at {beta:.3g}")
        history = history.with_draws(proposal, x[: len(log_p)], log_p)
        rounds += 1
        stuck = stuck + 1 if beta < min(1.0, thresholds.black_box.stuck * last_beta) else 0
        if stuck >= thresholds.black_box.patience:
            break
        share = efficiency(history)
        if beta == last_beta == 1.0:
            saved = fresh_needed(last_share, settings) - fresh_needed(share, settings)
            stalled = 0 if saved > size else stalled + 1
            if share >= settings.enough_efficiency or stalled > 1:
                break
    return Population(history, beta, share, fitted)


def _begun(
    reference: Mixture, spending: Spending, rng: np.random.Generator, settings: BlackBoxSettings
) -> History:
    """Points from the reference."""
    first = max(settings.first_rounds * round_size(reference.dim, settings), settings.first_least)
    x = spread_out(reference, min(first, max(spending.left // settings.first_part, 1)), rng)
    log_p = spending.prior_values(x)
    return History.empty(reference).with_draws(reference, x[: len(log_p)], log_p)


def _last(history: History) -> Mixture | None:
    """What the last proposal was made of, besides the reference."""
    if len(history.proposals) < 2:
        return None
    last = history.proposals[-1]
    parts = tuple(one.component if isinstance(one, Widened) else one for one in last.components)
    return Mixture(parts, last.weights)


def efficiency(history: History) -> float:
    """Effective sample size of the last proposal's draws for the target, as a share of them."""
    rows = history.latest
    weights = Importance(history.log_p[rows] - history.log_q[rows, -1])
    return weights.ess / max(weights.size, 1)


def fresh_needed(share: float, settings: BlackBoxSettings) -> float:
    """Fresh draws needed at an efficiency, or the most that are made."""
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
