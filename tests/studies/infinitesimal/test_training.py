"""A bound is one only where the solver resolves what it follows."""

import equinox as eqx
import jax
import numpy as np
import pytest

from fluvial.flows import Chain, Continuous, Diagonal, Langevin
from fluvial.studies.infinitesimal.plan import CONTINUOUS, InfinitesimalSetting
from fluvial.studies.infinitesimal.training import _finer, trained_bounds


def test_only_a_differential_equation_is_followed_in_shorter_steps():
    ode = Continuous(2, key=jax.random.key(0), width=4, steps=3)
    finer = _finer(Chain([Diagonal(2), ode]))
    assert isinstance(finer, Chain)
    assert isinstance(fine := finer.flows[-1], Continuous)
    assert fine.steps == 12
    assert eqx.tree_equal(fine.velocity, ode.velocity)
    langevin = Langevin(lambda x: -x, 2, steps=3)
    assert _finer(langevin) is langevin


@pytest.mark.slow
def test_a_continuous_flow_is_trained_by_the_free_energy():
    def bounds(steps):
        setting = InfinitesimalSetting("U2", CONTINUOUS, 2)
        return trained_bounds(setting, seeds=2, steps=steps, draws=64, measuring_draws=1024)

    before, after = bounds(4), bounds(800)
    assert (after.gap > -4 * after.gap_se).all()
    assert after.free_energies.shape == (2, 200)
    assert np.mean(after.gap) < 0.3 * np.mean(before.gap)
