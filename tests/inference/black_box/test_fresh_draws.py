"""How many draws of a proposal are needed, by points that are not its own."""

import numpy as np
import pytest

from fluvial.inference.black_box.fresh_draws import worth_of_a_draw
from fluvial.inference.black_box.history import History
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture


def _mixture(centers, sd, dim):
    ones = [GaussianComponent(Gaussian(np.full(dim, c), sd * np.eye(dim))) for c in centers]
    return Mixture(tuple(ones), np.full(len(centers), 1.0 / len(centers)))


def _searched(target, reference, size):
    x, _ = reference.sample(np.random.default_rng(0), size)
    return History.empty(reference).with_draws(reference, x, target.log_prob(x))


@pytest.mark.parametrize(("sd", "worth"), [(1.0, 1.0), (2.0, 1.157)])
def test_a_draw_of_a_gaussian_is_worth_what_its_integrals_say(sd, worth):
    target = _mixture([0.0], 1.0, 1)
    history = _searched(target, _mixture([0.0], 1.5, 1), 20_000)
    assert worth_of_a_draw(history, _mixture([0.0], sd, 1)) == pytest.approx(worth, rel=0.05)
