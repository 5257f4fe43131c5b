"""A decay rate for each of eight samples, fitted on a dask cluster: python examples/many_dask.py

It needs the extra "dask". On a cluster of machines only the first line of main() differs:
Client("scheduler:8786"). A line on the terminal shows how many fits are done. The detector of one
sample has failed: its fit is reported among the failures, and the others go on.
"""

import jax.numpy as jnp
import numpy as np
from distributed import Client, LocalCluster
from jax.scipy.stats import norm

import fluvial

TIMES = np.linspace(0.1, 4.0, 12)
RATES = np.linspace(0.3, 2.0, 8)  # the truth
NOISE = 0.05
BROKEN = 5


def target(seed, rate):
    noise = NOISE * np.random.default_rng(seed).standard_normal(len(TIMES))
    y = np.exp(-rate * TIMES) + noise
    if seed == BROKEN:
        y[-1] = np.nan

    def log_density(p):
        rate = jnp.exp(p["log_rate"])
        return norm.logpdf(p["log_rate"]) + jnp.sum(
            norm.logpdf(y, p["height"] * jnp.exp(-rate * TIMES), NOISE)
        )

    return fluvial.Target(log_density, example={"height": 1.0, "log_rate": 0.0})


def main():
    with LocalCluster(n_workers=2, threads_per_worker=1) as cluster, Client(cluster) as client:
        targets = {f"sample {k}": target(k, rate) for k, rate in enumerate(RATES)}
        fits = fluvial.fit_many(targets, executor=client.get_executor())
    print(fits)
    print(f"{len(fits.failures)} of {len(targets)} fits failed")
    for name, posterior in fits.posteriors.items():
        rates = np.exp(posterior.draws(4000)["log_rate"])
        print(f"{name}: rate {rates.mean():.3f} ± {rates.std():.3f}")


if __name__ == "__main__":  # the processes of the cluster import this file too
    main()
