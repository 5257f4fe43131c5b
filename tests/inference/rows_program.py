"""Fits rows that are split over processes, and prints what it found; run by rows/test_processes.py.

Usage: rows_program.py COORDINATOR PROCESSES PROCESS
"""

import dataclasses
import json
import sys

import jax.numpy as jnp
import numpy as np

import fluvial
from fluvial import distributed
from fluvial.inference.settings import DEFAULT

COUNT = 12_000


def log_prior(theta):
    return -0.5 * jnp.sum(theta**2)


def log_likelihood(theta, rows):
    logits = rows["x"] @ theta
    return rows["y"] * logits - jnp.logaddexp(0.0, logits)


def measured(processes: int = 1, process: int = 0) -> dict:
    """Fit the rows of one process, or of all."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(COUNT, 3))
    y = (rng.uniform(size=COUNT) < 1.0 / (1.0 + np.exp(-x @ [1.0, -0.5, 0.2]))).astype(np.float64)
    # not as many for each
    edges = [0, COUNT // 3, COUNT] if processes == 2 else [0, COUNT]
    mine = slice(edges[process], edges[process + 1])
    target = fluvial.Target.from_rows(
        log_prior, log_likelihood, {"x": x[mine], "y": y[mine]}, dim=3
    )
    points = rng.normal(size=(20, 3))
    values, gradients = target.value_and_grad(points)
    sys.stdout.write("fitting\n")
    sys.stdout.flush()
    settings = dataclasses.replace(DEFAULT, rows=dataclasses.replace(DEFAULT.rows, draws=1024))
    posterior = fluvial.fit(target, progress=False, settings=settings)
    draws = posterior.draws(1000)["x"]
    return {
        "values": values.tolist(),
        "gradients": gradients.tolist(),
        "log_evidence": posterior.log_evidence,
        "mean": draws.mean(axis=0).tolist(),
        "sd": draws.std(axis=0).tolist(),
        "verdict": str(posterior.verdict),
    }


if __name__ == "__main__":
    coordinator, processes, process = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    distributed.join(coordinator, processes, process)
    sys.stdout.write(json.dumps(measured(processes, process)) + "\n")
