"""Whether chains confirm weighted draws whose weights have a heavy tail.

A large Pareto k-hat says that far out weights may be larger than any that was drawn, not how much
mass lies there. Where chains have mixed, they tell: as draws of the target they show what share of
its mass has a weight beyond the largest that was drawn, and so was left out. And as moments of
theirs do not depend on weights, both have to agree. In many coordinates chains see no more than the
approximation does, and confirm nothing.
"""

import numpy as np

from fluvial.inference.chains.chains import Chains, pool_of_chains
from fluvial.inference.run import Run
from fluvial.inference.verdict.verdict import is_enough
from fluvial.inference.verdict.weighing import Weighed
from fluvial.posterior.accuracy import approximation_error

__all__ = ["confirmed_by"]


def confirmed_by(
    run: Run, fitted: Weighed, drawn: Weighed, chains: list[Chains], missing_mass: float
) -> str | None:
    """Say how chains confirm weighted draws, if they do.

    Args:
        run: the fit.
        fitted: the approximation.
        drawn: weighted draws of it, or of it with a wider base.
        chains: of each component.
        missing_mass: the share of the mass around the approximation that it does not cover.
    """
    settings, weights = run.settings, drawn.weights
    many = run.target.dim > settings.flow.some
    if many or not all(one.mixed(settings) for one in chains):
        return None
    if not is_enough(weights, missing_mass, settings):
        return None
    pool = pool_of_chains(chains, fitted.q.weights)
    proposal = fitted.q if drawn is fitted else settings.weigh.widened(fitted.q)
    log_w, own = pool.log_p - proposal.log_prob(pool.points), np.exp(pool.log_weights)
    beyond = float(own @ (log_w > np.max(weights.usable)))
    ess = min(one.ess for one in chains)
    surely = beyond + 2.0 * np.sqrt(max(beyond, 1.0 / ess) / ess)
    w = np.concatenate([np.exp(weights.smoothed), np.zeros(len(own))])
    v = np.concatenate([np.zeros(weights.size), own])
    apart = approximation_error(drawn.x, w, v, pool.points)
    alike = apart.bound <= settings.verdict.max_shift
    if not (alike and surely <= settings.verdict.max_missing_mass):
        return None
    return (
        f"Chains, which do not depend on these weights, confirm them: {beyond:.1%} of their draws "
        f"are where weights are larger than any here, no mean is further off than "
        f"{apart.mean_shift:.3f} sd, and no log sd further than {apart.log_sd_shift:.3f}."
    )
