"""The search after a warm start: whether the full one is needed.

The earlier fit has searched everywhere, and found nothing beyond what it has. Where the new density
is near that one, the mass that its data or its prior add elsewhere has to be looked for, but not as
if nothing were known. What has to be looked at again is every place where the earlier search saw
density at all, among them optima that did not matter then. More climbs than ever are begun from
far outside; fewer chains are run, and of the looks the narrowest are left out, since draws with a
wider base have seen what lies next to the approximation. All this only decides whether anything is
suspect: if so, the full search is made.
"""

import numpy as np

from fluvial.inference.climbs.slopes import on_slopes
from fluvial.inference.mode_search.far_looks import counts_far
from fluvial.inference.mode_search.mode_search import Search, mass_outside
from fluvial.inference.mode_search.suspects import look
from fluvial.inference.run import Run
from fluvial.inference.verdict.weighing import Weighed
from fluvial.inference.warm import Warm, lighter
from fluvial.posterior.mixture import Mixture

__all__ = ["quick_search"]


def quick_search(run: Run, warm: Warm, q: Mixture, drawn: Weighed) -> Search:
    """Search in part, and in full where that is not enough.

    Args:
        run: the fit.
        warm: the earlier fit.
        q: the approximation.
        drawn: weighted draws of it with a wider base.
    """
    settings = lighter(run.settings, run.target.dim, counts_far(run.counted, run.settings))
    log_evidence = drawn.weights.log_evidence
    seen = look(run.counted, q, log_evidence, run.rng, settings, places=warm.seen)
    near = _outside(q, drawn, run.settings.search.excess)
    missing = max(seen.missing_mass, near)
    suspect = missing > run.settings.warm.suspect * run.settings.verdict.max_missing_mass
    if suspect or not on_slopes(run.counted, q, log_evidence, seen.suspects, settings).all():
        # Other looks would have to meet by chance what these have met.
        places = np.concatenate([warm.seen, seen.suspects])
        return mass_outside(run.counted, q, log_evidence, run.rng, run.settings, places=places)
    again = f"{len(warm.seen)} places that the earlier fit has seen were looked at again"
    return Search(missing_mass=missing, notes=(f"{seen.notes[0][:-1]}; {again}.", *seen.notes[1:]))


def _outside(q: Mixture, drawn: Weighed, excess: float) -> float:
    """The share of the mass that draws with a wider base find outside q."""
    ratio = drawn.log_p - q.log_prob(drawn.x) - drawn.weights.log_evidence
    return float(np.exp(drawn.weights.smoothed) @ (ratio > excess))
