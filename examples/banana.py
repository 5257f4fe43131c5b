"""A banana: fluvial fit examples/banana.py:target"""

import jax.numpy as jnp

import fluvial


def log_density(point):
    """A Gaussian bent along a parabola; unnormalized, on all of R^2."""
    bend = point["y"] - 0.5 * point["x"] ** 2
    return -0.5 * (point["x"] ** 2 + jnp.square(bend / 0.3))


target = fluvial.Target(log_density, example={"x": 0.0, "y": 0.0})
