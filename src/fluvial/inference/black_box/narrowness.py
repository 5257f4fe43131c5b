"""Which peaks draws from the prior may have missed, and what those that they met say about it.

That nothing narrower was seen says little where the narrowest that was seen was met by chance. So a
peak that draws from the prior have led to, and no population by itself, is asked how many of these
draws lie on its hill. One of half its width would have been met by 2^D times fewer, and three
expected draws miss it at 5 %.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from fluvial.inference.black_box.annealing import Population
from fluvial.inference.black_box.hills import same_hill
from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.planted_peaks import Narrowest
from fluvial.inference.black_box.spending import Spending
from fluvial.inference.settings import BlackBoxSettings
from fluvial.posterior.gaussian import moments
from fluvial.posterior.mixture import Mixture

__all__ = ["narrow_doubts", "unseen"]


def narrow_doubts(
    groups: Sequence[Sequence[Population]],
    known: Mixture,
    log_evidence: float,
    x: Float[np.ndarray, "N D"],
    log_p: Float[np.ndarray, " N"],
    spending: Spending,
    settings: BlackBoxSettings,
) -> tuple[str, ...]:
    """Say which peaks were met by too few draws to rule out narrower ones.

    Args:
        groups: populations on peaks that halves of the draws have led to.
        known: a mixture fitted to what populations had found before.
        log_evidence: of that.
        x: the draws from the prior.
        log_p: the log density at each.
        spending: evaluates the target.
        settings: the thresholds.
    """
    found = list({id(p): p for group in groups for p in group}.values())
    evidences = np.array([p.history.log_evidence for p in found])
    shares = np.exp(evidences - np.logaddexp.reduce([log_evidence, *evidences]))
    doubts = (
        _narrow_doubt(p.history, float(share), x, log_p, spending, settings)
        for p, share in zip(found, shares, strict=True)
        if share >= settings.matters
        and not spending.over
        and _is_new(p.history, known, log_evidence, settings)
    )
    return tuple(doubt for doubt in doubts if doubt)


def _is_new(
    history: History, known: Mixture, log_evidence: float, settings: BlackBoxSettings
) -> bool:
    """Whether most of its mass lies where what was known is far too thin, as along no ridge."""
    excess = history.log_p - known.log_prob(history.x) - log_evidence
    return bool(history.shares_of_mass[excess > settings.heavy].sum() > 0.5)


def unseen(
    draws: int, dim: int, narrowest: Narrowest, settings: BlackBoxSettings, *, timed: bool
) -> str:
    """Say which peak so many draws from the prior may have missed.

    Args:
        draws: from the prior.
        dim: D.
        narrowest: the width of peaks as heavy as all that was found, ...
        settings: ... of which they state a share that would have been met.
        timed: whether a clock has decided how many draws there are.
    """
    looked = f"Peaks were looked for among {draws:,} draws from the prior."
    clock = (
        " How many there were is the clock's doing; with max_evaluations, and no max_seconds, it "
        "is the same in every run."
    )
    volume = settings.expected / draws
    missed = (
        f" A mode that is narrower than {narrowest.of_prior:.2g} of the prior's width in each "
        f"parameter (its sd; {narrowest.of_largest:.2g} of that of the largest one) could have "
        "been missed, even if it were as heavy as all that was found: of those as wide as that "
        f"{settings.planted_stated:.0%} would have been met."
        if np.isfinite(narrowest.of_largest)
        else f" One that stands apart and rises from less than {volume:.1g} of the prior's volume, "
        f"{volume ** (1.0 / dim):.2g} of its width in each parameter, could have been missed."
    )
    return f"{looked}{missed}{clock if timed else ''}"


def _narrow_doubt(
    history: History, mass: float, x, log_p, spending: Spending, settings: BlackBoxSettings
) -> str | None:
    needed = min(settings.expected << x.shape[1], settings.most_asked)
    usable = np.flatnonzero(np.isfinite(log_p))
    around = moments(history.x, history.shares_of_mass)
    apart = np.sum(around.whiten(x[usable]) ** 2, axis=1)
    nearest = usable[np.argsort(apart, kind="stable")[:needed]]
    top = int(np.argmax(history.log_p))
    ends = np.broadcast_to(history.x[top], (len(nearest), x.shape[1]))
    heights = np.full(len(nearest), history.log_p[top])
    hits = int(same_hill(spending.values, x[nearest], log_p[nearest], ends, heights).sum())
    if hits >= needed or spending.over:
        return None
    return (
        f"A peak with {mass:.0%} of the mass was met by only {hits} of {len(x):,} draws from the "
        "prior: one half as wide would most likely have been missed, and others may have been."
    )
