"""Fits a banana on all devices, and prints what it measured; run by test_devices.py.

Usage: fitting_program.py [COORDINATOR PROCESSES PROCESS]
"""

import json
import sys

import jax
import jax.numpy as jnp

import fluvial
from fluvial import distributed
from fluvial.devices import Devices
from fluvial.flows import build_flow
from fluvial.inference.flow_training.train import train
from fluvial.objectives import FreeEnergy

FLOW, STEPS = "realnvp:2,width=8", 200


def log_density(x):
    return -0.5 * x[0] ** 2 - 5.0 * (x[1] - x[0] ** 2) ** 2 - 0.5 * x[2] ** 2


def measured() -> dict:
    target = fluvial.Target(log_density, dim=3)
    flow = build_flow(FLOW, 3, key=jax.random.key(0), dtype=jnp.float32)
    with jax.enable_x64(True):
        training = train(
            flow,
            target,
            jax.random.key(1),
            objective=FreeEnergy(),
            max_steps=STEPS,
            devices=Devices(every=True),
        )
    posterior = fluvial.fit(target, FLOW, max_steps=STEPS, progress=False, every_device=True)
    return {
        "devices": jax.device_count(),
        "free_energies": training.free_energies.tolist(),
        "elbo": posterior.elbo,
        "log_evidence": posterior.log_evidence,
    }


if __name__ == "__main__":
    if sys.argv[1:]:
        address, processes, process = sys.argv[1:]
        distributed.join(address, int(processes), int(process))
    sys.stdout.write(json.dumps(measured()))
