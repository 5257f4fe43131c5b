"""Fits one model through front ends, and prints what came of it; run by test_devices.py.

Usage: front_ends_program.py FRONT_ENDS [MODULE ...], modules to import first
"""

import importlib
import json
import os
import sys

import jax
import numpy as np

import fluvial
from fluvial.devices import Devices

Y = np.array([0.1, 0.4, 1.3])
STAN = """
data { vector[3] y; }
parameters { real mu; real nu; }
model { mu ~ std_normal(); nu ~ std_normal(); y ~ normal(mu + nu, 1); }
"""


def target(front_end: str) -> fluvial.Target:
    if front_end == "pymc":
        import pymc as pm

        with pm.Model() as model:
            pm.Normal("y", pm.Normal("mu") + pm.Normal("nu"), observed=Y)
        return fluvial.from_pymc(model)
    if front_end == "numpyro":
        from numpyro import distributions, sample

        def model():
            mean = sum(sample(name, distributions.Normal()) for name in ("mu", "nu"))
            sample("y", distributions.Normal(mean), obs=Y)

        return fluvial.from_numpyro(model)
    if front_end == "stan":
        return fluvial.from_stan(STAN, {"y": Y})
    return fluvial.Target(by_hand, dim=2)


def by_hand(x):
    constants = 2.5 * np.log(2.0 * np.pi)
    return -0.5 * (x**2).sum() - 0.5 * ((Y - x.sum()) ** 2).sum() - constants


def fitted(front_end: str) -> dict:
    posterior = fluvial.fit(target(front_end), "planar:1", max_steps=1, progress=False)
    mean = np.mean(posterior.pool.points, axis=0)
    return {"log_evidence": posterior.log_evidence, "elbo": posterior.elbo, "mean": mean.tolist()}


def main() -> None:
    front_ends, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    fits = {front_end: fitted(front_end) for front_end in front_ends.split(",")}
    found = {
        "fits": fits,
        "devices": jax.device_count(),
        "used": {str(every): Devices(every=every).count for every in (None, True, False)},
        "flags": os.environ.get("XLA_FLAGS"),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
