"""Stan's NUTS, by stanli: four chains of 1000 warm-up steps and 1000 draws."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from benchmarks.database import Entry
from fluvial.targets.stan.compiler import stan_to_mir

__all__ = ["NutsRun", "dimension", "model_of", "sample"]

WARMUP, SAMPLES = 1000, 1000


class NutsRun(NamedTuple):
    """Draws after warm-up, all chains in one, and how they were come by."""

    draws: Float[np.ndarray, "N P"]
    rhat: float
    """Largest rank-normalized split R-hat over the P parameters."""
    divergences: int
    gradients: int
    """Leapfrog steps, warm-up included."""
    seconds: float
    """Compilation, warm-up and sampling; the chains share the machine's cores."""
    cpu_seconds: float
    """The same, summed over cores: what a busy machine cannot inflate."""


def dimension(entry: Entry) -> int:
    """Number of unconstrained parameters."""
    return model_of(entry.program, entry.data).n_unconstrained


def sample(entry: Entry, names: Sequence[str], seed: int) -> NutsRun:
    """Run NUTS with Stan's defaults and keep the scalar parameters named."""
    import stanli
    from arviz_stats.base.array import array_stats

    start, cpu_start = time.perf_counter(), time.process_time()
    model = model_of(entry.program, entry.data)
    fit = model.sample(warmup=WARMUP, samples=SAMPLES, seed=seed, refresh=0, save_warmup=True)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    chains = np.stack([fit.draws(name)[:, WARMUP:] for name in names], axis=2)
    stats = dict(zip(stanli.SAMPLER_COLUMNS, np.moveaxis(fit.sampler_stats, -1, 0), strict=True))
    return NutsRun(
        draws=chains.reshape(-1, len(names)),
        rhat=float(np.max(array_stats.rhat(chains, chain_axis=0, draw_axis=1))),
        divergences=int(stats["divergent__"][:, WARMUP:].sum()),
        gradients=int(stats["n_leapfrog__"].sum()),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
    )


def model_of(program: Path, data: dict[str, Any]):
    """Compile a Stan program and give it its data."""
    import stanli

    mir = stan_to_mir(program.read_text(), [program.parent])
    return stanli.Model(mir=mir, data=data)
