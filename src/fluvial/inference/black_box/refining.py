"""From all points of a search to the approximation: a mixture, or a flow where that will not do."""

import numpy as np

from fluvial.inference.black_box.annealing import anneal, efficiency, flow_guides, round_size
from fluvial.inference.black_box.fresh_draws import needed_by
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.black_box.weighted_flow import fit_flow
from fluvial.inference.black_box.weighted_mixture import fit_mixture
from fluvial.inference.run import Run
from fluvial.posterior.mixture import Mixture

__all__ = ["by_flows", "refined"]


def refined(
    run: Run, spending: Spending, history: History, flows: bool, *, never: bool
) -> tuple[History, Mixture]:
    """Fit a mixture to all points, or a flow where a mixture will not do.

    Args:
        run: the fit.
        spending: evaluates the target.
        history: all points.
        flows: whether mixtures have not done already.
        never: whether no flow is worth its training.

    Returns:
        The points with those that were added, and the approximation.
    """
    if flows and not never:
        return by_flows(run, spending, history, None)
    history, q = _by_mixtures(run, spending, history)
    settings = run.settings.black_box
    needed = settings.wanted_ess / max(efficiency(history), 1e-9)
    told = needed_by(history, run.settings.weigh.widened(q), settings)
    few = told <= settings.told * settings.max_fresh or run.budget.limited
    affordable = needed <= min(settings.max_fresh, spending.rest)
    if (few and affordable) or never or spending.over or run.target.dim < 2:
        return history, q
    return by_flows(run, spending, history, q)


def by_flows(
    run: Run, spending: Spending, history: History, q: Mixture | None
) -> tuple[History, Mixture]:
    """Train flows on all points, and go on as long as that saves more than it costs.

    Args:
        run: the fit.
        spending: evaluates the target.
        history: all points.
        q: a mixture that its last draws are of, which is kept if no flow is better.
    """
    settings, widened = run.settings.black_box, run.settings.weigh.widened
    guides = flow_guides(run.target.dim, run.settings)
    led = anneal(history.reference, spending, run.rng, run.settings, history, guides)
    history = led.history
    flow = fit_flow(settings, history.x, history.log_weights(), run.rng, led.fitted)
    tried = [flow] if q is None else [flow, q]
    return history, min(tried, key=lambda one: needed_by(history, widened(one), settings))


def _by_mixtures(run: Run, spending: Spending, history: History) -> tuple[History, Mixture]:
    """Fit a mixture, and go on as long as that saves more than it costs."""
    settings = run.settings.black_box
    size = round_size(run.target.dim, settings)
    last = np.inf
    for _ in range(settings.max_rounds):
        mixture = fit_mixture(history.x, history.log_weights(), run.rng, run.settings.mixture)
        proposal = run.settings.weigh.widened(mixture)
        x, _ = proposal.sample(run.rng, size)
        log_p = spending.values(x, "mixture")
        if not len(log_p):  # nor would another fit be another one
            return history, mixture
        history = history.with_draws(proposal, x[: len(log_p)], log_p)
        needed = settings.wanted_ess / max(efficiency(history), 1e-9)
        gained, last = last - needed, needed
        enough = needed * settings.enough_efficiency <= settings.wanted_ess
        if spending.over or enough or gained <= size:
            break
    fitted = fit_mixture(history.x, history.log_weights(), run.rng, run.settings.mixture)
    return history, fitted
