"""The largest peak of a mixture: its volume, of which a component may be a part."""

import numpy as np
import pytest

from fluvial.inference.black_box.history import History
from fluvial.inference.black_box.largest_peak import largest_peak
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture


def _mixture(centers, sds, weights):
    ones = [Gaussian(np.array([c, 0.0]), s * np.eye(2)) for c, s in zip(centers, sds, strict=True)]
    return Mixture(tuple(map(GaussianComponent, ones)), np.asarray(weights))


def _width(known):
    reference = _mixture([0.0], [10.0], [1.0])
    x, _ = reference.sample(np.random.default_rng(0), 40_000)
    history = History.empty(reference).with_draws(reference, x, known.log_prob(x) + 7.0)
    return largest_peak(known, history).cholesky[0, 0]


def test_a_ridge_of_many_components_is_as_wide_as_a_gaussian_of_its_entropy():
    centers = 1.5 * np.arange(12) - 8.25
    # Uniform along 18 (ln 18 nats, but for its ends) and N(0, 1) across: e^H = 18 sqrt(2 pi e).
    assert _width(_mixture(centers, [1.0] * 12, [1 / 12] * 12)) == pytest.approx(2.1, rel=0.05)


def test_another_peak_beyond_a_valley_has_no_part_in_it():
    assert _width(_mixture([-6.0, 6.0], [1.0, 3.0], [0.7, 0.3])) == pytest.approx(1.0, rel=0.05)


def test_a_needle_on_a_broad_peak_makes_it_no_narrower():
    assert _width(_mixture([0.0, 1.0], [3.0, 0.3], [0.6, 0.4])) == pytest.approx(3.0, rel=0.05)
