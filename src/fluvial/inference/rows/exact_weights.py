"""Importance weights on all rows, for as many draws as precision asks for and time allows."""

import time
from typing import NamedTuple

import numpy as np

from fluvial.inference.rows.even_draws import even_draws
from fluvial.inference.run import Run
from fluvial.inference.verdict.weighing import Weighed
from fluvial.objectives import Importance
from fluvial.objectives.importance import joined
from fluvial.posterior.mixture import Mixture

__all__ = ["Streamed", "weigh_rows"]


class Streamed(NamedTuple):
    """Draws weighed on all rows.

    Attributes:
        weighed: the draws and their weights.
        late: whether time was up before all draws that were asked for.
        interrupted: whether Ctrl-C was pressed before.
    """

    weighed: Weighed
    late: bool
    interrupted: bool


def weigh_rows(
    run: Run,
    q: Mixture,
    proposal: Mixture,
    size: int,
    before: Streamed | None = None,
    lest: Streamed | None = None,
) -> Streamed:
    """Weigh draws of a proposal on all rows, some in each pass.

    The draws come of scrambled Sobol sequences (Owen 1997, Annals of Statistics 25), each by itself
    distributed as any draw of the proposal; those of one sequence are more even, and sequences are
    independent, from which the error of the evidence is estimated. Moments of what is nearly
    Gaussian are more precise than their standard errors say, which take all for independent.

    Args:
        run: the fit.
        q: the approximation.
        proposal: what draws are taken from.
        size: how many, at most.
        before: draws of the same proposal that were weighed already, and are kept.
        lest: what to return, as interrupted, if Ctrl-C comes before the first draws are weighed.

    Raises:
        KeyboardInterrupt: if it does, and there is nothing to return.
    """
    rows, rng = run.settings.rows, np.random.default_rng((run.seed, len(q.components), size))
    done = [] if before is None else [before.weighed]
    begun, count = time.perf_counter(), sum(len(part.x) for part in done)
    late = interrupted = False
    while count < size and not late:
        try:
            part = _pass(run, q, proposal, min(rows.batch, size - count), rng)
        except KeyboardInterrupt:
            if not done and lest is None:
                raise
            if not done and lest is not None:
                return lest._replace(interrupted=True)
            interrupted = True
            break
        done.append(part)
        count += len(part.x)
        # One more pass would take as long as the mean of those before.
        spent, passes = time.perf_counter() - begun, len(done) - (before is not None)
        slow = spent * (1.0 + 1.0 / passes) > rows.weigh_seconds
        late = count < size and run.devices.any(slow)
    x, log_p = (
        np.concatenate(parts) for parts in zip(*((p.x, p.log_p) for p in done), strict=True)
    )
    weights = joined([part.weights for part in done])
    return Streamed(Weighed(q, x, log_p, weights), late, interrupted)


def _pass(run: Run, q: Mixture, proposal: Mixture, size: int, rng: np.random.Generator) -> Weighed:
    each = run.settings.rows.replicate
    sizes = [min(each, size - start) for start in range(0, size, each)]
    pushed = [proposal.push(even_draws(n, run.target.dim, rng), rng) for n in sizes]
    x, log_q, strata = (np.concatenate(parts) for parts in zip(*pushed, strict=True))
    log_p = run.counted.values(x)
    replicates = np.repeat(np.arange(len(sizes)), sizes)
    return Weighed(q, x, log_p, Importance(log_p - log_q, strata, replicates))
