import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.rows.finding import find_modes
from fluvial.inference.rows.sampling import Suspects
from fluvial.inference.rows.searching import search_far
from fluvial.inference.rows.streamed_climb import climb
from fluvial.inference.rows.watching import watched
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.inference.starting import Started
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress

COUNT = 5000
LINES = np.array([[0.0, 2.0], [1.0, -2.0]])


def log_prior(p):
    return -0.5 * jnp.sum((p["lines"] / 5.0) ** 2) - 0.5 * p["log_sd"] ** 2


def log_likelihood(p, rows):
    """Of a mixture, half and half, of two regressions."""
    means = p["lines"][:, :1] + p["lines"][:, 1:] * rows["x"]
    terms = -0.5 * ((rows["y"] - means) / jnp.exp(p["log_sd"])) ** 2 - p["log_sd"]
    return jax.nn.logsumexp(terms, axis=0)


@pytest.fixture(scope="module")
def target():
    rng = np.random.default_rng(0)
    x, line = rng.normal(size=COUNT), LINES[rng.integers(0, 2, COUNT)]
    y = line[:, 0] + line[:, 1] * x + 0.5 * rng.normal(size=COUNT)
    example = {"lines": np.zeros((2, 2)), "log_sd": 0.0}
    return fluvial.Target.from_rows(log_prior, log_likelihood, {"x": x, "y": y}, example=example)


def begun(target):
    run = Run(
        CountedTarget(target),
        "gaussian",
        False,
        seed=0,
        max_steps=100,
        settings=DEFAULT,
        rng=np.random.default_rng(0),
        progress=Progress(shown=False),
        devices=Devices(every=False),
    )
    return watched(run)


def near(order):
    return Gaussian(np.append(LINES[order].ravel(), np.log(0.5)), 0.05 * np.eye(5))


def test_the_mode_with_the_labels_the_other_way_round_is_found(target):
    run, stream = begun(target)
    top = climb(run, stream, near([0, 1]))
    q = Mixture((GaussianComponent(top.gaussian),), np.ones(1))
    found = search_far(run, stream, [top], q)
    assert len(found.peaks) == 2
    assert found.missed == pytest.approx(1.0, abs=0.01)
    other = next(peak for peak in found.peaks if peak is not top)
    np.testing.assert_allclose(other.point[[2, 3, 0, 1]], top.point[:4], atol=0.02)


def test_a_start_in_one_mode_ends_in_both(target):
    run, stream = begun(target)
    started = Started(np.zeros((1, 5)), [], False, (), (), None)
    modes = find_modes(run, stream, Suspects(started, [near([1, 0])]))
    assert len(modes.tops) == 2
    assert modes.missed == 0.0
    assert "A search for other modes found none" in modes.notes[0]
    np.testing.assert_allclose(modes.pilot.weighed.q.weights, 0.5, atol=0.05)


def test_a_mode_that_a_sample_has_far_below_the_other_is_found_on_all_rows():
    rows = np.resize([1.0, -1.0], 20_000)  # of which all together say nothing of the sign

    def wells(theta, y):
        return -((theta[0] ** 2 - 1.0) ** 2) + 0.3 * y * theta[0]

    target = fluvial.Target.from_rows(lambda t: -0.5 * t[0] ** 2, wells, rows, dim=1)
    run, stream = begun(target)
    top = climb(run, stream, Gaussian(np.array([1.0]), np.array([[0.01]])))
    found = search_far(run, stream, [top], Mixture((GaussianComponent(top.gaussian),), np.ones(1)))
    assert sorted(round(float(peak.point[0]), 2) for peak in found.peaks) == [-1.0, 1.0]
    assert found.missed == pytest.approx(1.0, abs=1e-3)
