import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm

import fluvial
from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.matching import match
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.progress import Progress

GROUPS, NOISE = 30, 0.5
Y = 0.3 + NOISE * np.random.default_rng(0).normal(size=GROUPS)  # of groups that hardly differ


def hierarchy(p):
    """Centered: the density grows without bound as the scale goes to zero."""
    prior = norm.logpdf(p["mean"], 0.0, 3.0) + norm.logpdf(p["log_scale"], -2.0, 2.0)
    each = norm.logpdf(p["effect"], p["mean"], jnp.exp(p["log_scale"]))
    return prior + each.sum() + norm.logpdf(Y, p["effect"], NOISE).sum()


def exact_mode():
    """Of the log scale, with mean and effects integrated out."""
    grid = np.linspace(-8.0, 1.0, 901)
    values = []
    for log_scale in grid:
        precision = np.full(GROUPS, 1.0 / (NOISE**2 + np.exp(2.0 * log_scale)))
        total = precision.sum() + 1.0 / 9.0
        middle = precision @ Y / total
        fit = -0.5 * precision @ Y**2 + 0.5 * total * middle**2
        values.append(
            norm.logpdf(log_scale, -2.0, 2.0)
            + 0.5 * np.log(precision).sum()
            - 0.5 * np.log(total)
            + fit
        )
    return grid[int(np.argmax(values))]


def test_a_gaussian_that_was_matched_in_the_neck_of_a_funnel_is_brought_out_of_it():
    example = {"log_scale": 0.0, "mean": 0.0, "effect": np.zeros(GROUPS)}
    target = fluvial.Target(hierarchy, example=example)
    counted, rng = CountedTarget(target), np.random.default_rng(0)
    progress, devices = Progress(shown=False), Devices(every=False)
    run = Run(counted, "auto", False, 0, 100, DEFAULT, rng, progress, devices)
    starts = np.full((1, target.dim), Y.mean())
    starts[0, GROUPS] = -8.0
    (gaussian,) = match(run, starts, []).fitted.q.gaussians
    log_scale = gaussian.mean[GROUPS]
    assert abs(log_scale - exact_mode()) < 0.5
    assert 0.3 < gaussian.sd[GROUPS] < 1.5
    np.testing.assert_allclose(np.delete(gaussian.mean, GROUPS), Y.mean(), atol=0.1)
