"""NUTS of NumPyro beside `fit`, on a log density of unconstrained coordinates."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from benchmarks.fitting import Stopwatch

__all__ = ["Nuts", "sample"]

CHAINS = 4


class Nuts(NamedTuple):
    """Margins by NUTS, and how they were come by.

    Attributes:
        mean: of each coordinate.
        sd: likewise.
        ess: the smallest bulk effective sample size over the coordinates looked at.
        rhat: the largest R-hat over them.
        divergences: after warm-up.
        seconds: of wall time, compilation and warm-up included.
        cpu_seconds: of a processor.
    """

    mean: Float[np.ndarray, " D"]
    sd: Float[np.ndarray, " D"]
    ess: float
    rhat: float
    divergences: int
    seconds: float
    cpu_seconds: float


def sample(log_density: Callable, dim: int, seed: int, draws: int = 1000) -> Nuts:
    """Run four chains with NumPyro's defaults, as many transitions of warm-up as of draws.

    Diagnostics are those of the first 200 coordinates and of the last 100, where they are many.
    """
    import jax
    from arviz_stats.base.array import array_stats
    from numpyro.infer import MCMC, NUTS

    watch = Stopwatch()
    start = np.random.default_rng(seed).uniform(-2.0, 2.0, (CHAINS, dim))
    with jax.enable_x64(True):
        mcmc = MCMC(
            NUTS(potential_fn=lambda x: -log_density(x)),
            num_warmup=draws,
            num_samples=draws,
            num_chains=CHAINS,
            chain_method="sequential",
            progress_bar=False,
        )
        mcmc.run(jax.random.key(seed), init_params=jax.numpy.asarray(start))
        x = np.asarray(mcmc.get_samples(group_by_chain=True))
    seconds, cpu_seconds = watch.read()
    seen = np.unique(np.r_[0 : min(dim, 200), max(dim - 100, 0) : dim])
    return Nuts(
        x.mean(axis=(0, 1)),
        x.std(axis=(0, 1)),
        float(np.min(array_stats.ess(x[:, :, seen], chain_axis=0, draw_axis=1))),
        float(np.max(array_stats.rhat(x[:, :, seen], chain_axis=0, draw_axis=1))),
        int(np.sum(mcmc.get_extra_fields()["diverging"])),
        seconds,
        cpu_seconds,
    )
