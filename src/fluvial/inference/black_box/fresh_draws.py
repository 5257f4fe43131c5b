r"""The draws that the result is made of, and how many of them.

Draws that are continued until they look precise tend to stop before the few heavy ones have come,
where the evidence is too low and so is its standard error. So the points of the search say how many
are needed, by their shares u of the mass and their ratios r = p / (Z q) to the proposal q: as
:math:`E_q[w^2 f] = E_p[r f]`, one draw is worth

.. math:: \frac{\sum_i u_i (x_i - \mu)^2}{\sum_i u_i r_i (x_i - \mu)^2}

of an exact one for the mean of a coordinate x.
"""

import numpy as np

from fluvial.inference.black_box.annealing import efficiency, fresh_needed
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.run import Run
from fluvial.inference.settings import BlackBoxSettings
from fluvial.inference.verdict.verdict import is_weighable
from fluvial.posterior.accuracy import precision
from fluvial.posterior.mixture import Mixture

__all__ = ["fresh_draws", "needed_by", "will_do", "worth_of_a_draw"]


def fresh_draws(run: Run, spending: Spending, q: Mixture, history: History) -> History:
    """Draw from a proposal that no longer changes, until the draws are worth enough.

    Args:
        run: the fit.
        spending: evaluates the target.
        q: the approximation, which is widened.
        history: the points of the search.
    """
    settings = run.settings.black_box
    proposal = run.settings.weigh.widened(q)
    fresh = History.empty(history.reference)
    told = int(settings.told * settings.max_fresh)
    size = int(np.clip(needed_by(history, proposal, settings), settings.wanted_ess, told))
    while not spending.over and len(fresh) < settings.max_fresh:
        fresh = _longer(run, spending, fresh, proposal, size)
        weights = fresh.importance
        if not weights.ess:
            size = int(min(len(fresh), settings.max_fresh - len(fresh)))
            continue
        worth = _worth(fresh)
        needed = run.settings.verdict.max_standard_error**-2
        precise = weights.unstratified_se <= run.settings.verdict.max_evidence_se
        enough = worth >= needed and weights.ess >= run.settings.verdict.min_ess
        told_enough = len(fresh) >= told or is_weighable(weights, settings=run.settings)
        if (enough and precise and told_enough) or _in_vain(run, q, fresh):
            break
        if enough and precise:  # so that no noise of k-hat decides
            size = told - len(fresh)
            continue
        wanted = settings.spare * len(fresh) * needed / max(worth, 0.1) - len(fresh)
        most = told if len(fresh) < told else settings.max_fresh
        size = int(min(max(wanted, settings.more_fresh * len(fresh)), most - len(fresh)))
    return fresh


def will_do(run: Run, q: Mixture, fresh: History) -> bool:
    """Whether draws suffice, or a flow could change nothing about it.

    What is left of a budget is for fresh draws alone.

    Args:
        run: the fit.
        q: the approximation.
        fresh: draws of it, widened.
    """
    if q.has_flows or run.budget.limited or q.dim < 2 or not len(fresh):
        return True
    return is_weighable(fresh.importance, settings=run.settings) and not _in_vain(run, q, fresh)


def _in_vain(run: Run, q: Mixture, fresh: History) -> bool:
    """Whether draws of a mixture tell that all that could be made will not be worth enough."""
    settings = run.settings.black_box
    few = len(fresh) < settings.told * settings.max_fresh
    if q.has_flows or run.budget.limited or q.dim < 2 or few:
        return False
    return fresh_needed(efficiency(fresh), settings) >= settings.max_fresh


def needed_by(history: History, proposal: Mixture, settings: BlackBoxSettings) -> float:
    """Return how many draws of a proposal are needed, by points that are not from it.

    Args:
        history: the points, with their densities.
        proposal: what would be drawn from.
        settings: what the draws are to be worth.
    """
    return settings.wanted_ess / max(worth_of_a_draw(history, proposal), 1e-9)


def worth_of_a_draw(history: History, proposal: Mixture) -> float:
    """Return how many exact draws one of a proposal is worth, by points that are not from it.

    Args:
        history: the points, with their densities.
        proposal: what would be drawn from.
    """
    shares = history.shares_of_mass
    used = shares > 0.0
    if not used.any():
        return 0.0
    x, u = history.x[used], shares[used]
    log_ratio = history.log_p[used] - proposal.log_prob(x) - history.log_evidence
    most = 0.5 * np.log(len(history))  # truncated as weights are (Ionides 2008)
    spread = u * np.exp(np.minimum(log_ratio, most))
    squares = (x - u @ x) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):  # where all points are one
        of_mean = (u @ squares) / (spread @ squares)
        off = (squares - u @ squares) ** 2
        of_variance = (u @ off) / (spread @ off)
    return float(np.nan_to_num(np.min(np.minimum(of_mean, 2.0 * of_variance)), posinf=0.0))


def _worth(fresh: History) -> float:
    precise = precision(fresh.x, np.exp(fresh.importance.smoothed))
    return min(precise.mean_ess, 2.0 * precise.variance_ess)


def _longer(run: Run, spending: Spending, fresh: History, proposal: Mixture, size: int) -> History:
    x, log_q, strata = proposal.sample_strata(run.rng, size)
    log_p = spending.values(x, "fresh draws")
    earlier = np.empty(0, int) if fresh.strata is None else fresh.strata
    return History(
        fresh.reference,
        np.concatenate([fresh.x, x[: len(log_p)]]),
        np.concatenate([fresh.log_p, log_p]),
        (proposal,),
        (len(fresh) + len(log_p),),
        np.concatenate([fresh.log_q.ravel(), log_q[: len(log_p)]])[:, None],
        np.concatenate([earlier, strata[: len(log_p)]]),
    )
