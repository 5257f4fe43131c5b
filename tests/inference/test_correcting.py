"""Draws that lack mass although their weights are good."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.devices import Devices
from fluvial.inference import correcting
from fluvial.inference.correcting import correct
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.refining import Refined
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.inference.tails.unreached import Unreached
from fluvial.inference.verdict.weighing import with_own_draws
from fluvial.posterior.diagonal_gaussian import DiagonalGaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress
from fluvial.targets import Target

DIM = 24


def corrected(scale):
    """Draws of N(0, I), weighted for a target whose first coordinate has another scale."""
    target = Target(lambda x: norm.logpdf(x / jnp.ones(DIM).at[0].set(scale)).sum(), dim=DIM)
    rng, shown = np.random.default_rng(0), Progress(shown=False)
    counted, devices = CountedTarget(target), Devices(every=False)
    run = Run(counted, "auto", False, 0, 100, DEFAULT, rng, shown, devices)
    unit = GaussianComponent(DiagonalGaussian(np.zeros(DIM), np.ones(DIM)))
    fitted, drawn = with_own_draws(Mixture((unit,), np.ones(1)), run)
    return correct(run, Refined(fitted, drawn, 0.0, 0.0, None, (), (), False), fatal=False)


def interrupt(run, q):
    raise KeyboardInterrupt


@pytest.fixture
def lacking(monkeypatch):
    """Six percent of the mass is missing, and Ctrl-C ends what would be done about it."""
    monkeypatch.setattr(correcting, "unreached", lambda *_: Unreached(0.06, 0.01))
    monkeypatch.setattr(correcting, "_chains", interrupt)


@pytest.mark.usefixtures("lacking")
def test_good_weights_are_not_taken_for_right_where_mass_is_missing():
    result = corrected(1.3)
    assert result.interrupted
    assert result.missing is not None
    assert "6.0% ± 1.0%" in result.missing


@pytest.mark.usefixtures("lacking")
def test_an_accurate_approximation_is_not_asked():
    result = corrected(1.0)
    assert not result.interrupted
    assert result.missing is None
