"""What chains tell of themselves: whether they agree, are long enough, and reach the tails."""

import numpy as np
from jaxtyping import Float, Int

from fluvial.inference.settings import DEFAULT, ChainSettings

__all__ = ["accepted_at_ends", "mixing"]

_TAILS = 0.05, 0.95  # definition: of the effective sample size of tails (Vehtari et al. 2021)


def mixing(
    draws: Float[np.ndarray, "chains draws D"],
    log_p: Float[np.ndarray, "chains draws"],
    settings: ChainSettings = DEFAULT.chain,
) -> tuple[float, float]:
    """The largest R-hat and the smallest effective sample size, the log density's among them.

    Chains that begin at draws of a flow are no wider than it is, so that R-hat does not see tails
    that none of them has reached yet; that few of their visits there are independent does show.
    A transition changes the log density by no more than its kinetic energy does. Where a scale of
    many coordinates is not the flow's, it is what holds chains back from that scale's tails
    (Betancourt 2016, arXiv 1604.00695), and mixes more slowly than any coordinate.
    """
    from arviz_stats.base.array import array_stats

    if draws.shape[2] > settings.examined:
        draws = draws[:, :, _slowest(draws, settings.examined)]
    draws = np.concatenate([draws, np.nan_to_num(log_p)[:, :, None]], axis=2)
    rhat = array_stats.rhat(draws, chain_axis=0, draw_axis=1)
    ess = np.minimum(
        array_stats.ess(draws, chain_axis=0, draw_axis=1),
        array_stats.ess(draws, chain_axis=0, draw_axis=1, method="tail", prob=_TAILS),
    )
    return float(np.max(rhat)), float(np.min([*ess, draws.shape[0] * draws.shape[1]]))


def accepted_at_ends(
    draws: Float[np.ndarray, "chains draws D"],
    log_p: Float[np.ndarray, "chains draws"],
    accepted: Float[np.ndarray, "chains draws"],
    settings: ChainSettings = DEFAULT.chain,
) -> float:
    """The lowest mean acceptance among the draws at either end of a coordinate.

    Where a direction grows stiff faster than the step size allows, moves into its tails are turned
    back, and what lies there is not seen; nor is it missed by R-hat or effective sample sizes.
    """
    dim, most = draws.shape[2], settings.examined
    chosen = _slowest(draws, most) if dim > most else np.arange(dim)
    following, count = accepted[:, 1:].ravel(), max(int(_TAILS[0] * accepted[:, 1:].size), 1)
    lowest = np.inf
    for column in (*(draws[:, :-1, i] for i in chosen), log_p[:, :-1]):
        order = np.argsort(column.ravel())
        ends = following[order[:count]], following[order[-count:]]
        lowest = min(lowest, *(float(np.mean(end)) for end in ends))
    return lowest


def _slowest(draws: Float[np.ndarray, "chains draws D"], most: int) -> Int[np.ndarray, " M"]:
    """The coordinates whose halves of chains differ the most, in location or in spread."""
    found = []
    for part in (draws, np.abs(draws - np.median(draws, axis=(0, 1)))):
        half = part.shape[1] // 2
        halves = np.concatenate([part[:, :half], part[:, -half:]])
        between = np.var(halves.mean(axis=1), axis=0)
        found.append(np.argsort(-between / np.var(halves, axis=1).mean(axis=0), kind="stable"))
    return np.unique(np.concatenate([one[: most // 2] for one in found]))
