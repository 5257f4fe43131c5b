"""How narrow a mode looks see."""

import numpy as np
import pytest

from fluvial.inference.mode_search.cones import cap_share, kind_of, narrowest_seen
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture


def unit(dim):
    return Mixture((GaussianComponent(Gaussian(np.zeros(dim), np.eye(dim))),), np.ones(1))


def somewhere(rng, dim, distance):
    direction = rng.standard_normal(dim)
    return distance * direction / np.linalg.norm(direction)


@pytest.mark.parametrize("cosine", [-0.3, 0.0, 0.4, 0.9])
def test_caps_hold_the_share_that_they_have_on_a_circle_and_a_sphere(cosine):
    shares = [float(cap_share(np.array(cosine), dim)) for dim in (1, 2, 3)]
    np.testing.assert_allclose(shares, [0.5, np.arccos(cosine) / np.pi, 0.5 * (1.0 - cosine)])


@pytest.mark.parametrize(("dim", "spread"), [(2, 4.0), (6, 4.0), (10, 5.0)])
def test_as_many_modes_are_seen_as_is_said(dim, spread):
    rng = np.random.default_rng(1)
    looks = spread * rng.standard_normal((8192, dim))
    q, overall = unit(dim), Gaussian(np.zeros(dim), np.eye(dim))
    log_q = q.log_prob(looks)
    farthest = spread * np.sqrt(dim)
    width = narrowest_seen(overall, [kind_of(looks, log_q)], farthest)

    def share(width):
        def is_seen(distance):
            g = Gaussian(somewhere(rng, dim, distance), width * np.eye(dim))
            return np.any(g.log_prob(looks) > log_q + DEFAULT.search.excess)

        return min(np.mean([is_seen(d) for _ in range(100)]) for d in (4.0, 0.5 * farthest))

    assert 0.0 < width < 1.0
    assert share(width) >= 0.97
    far = [Gaussian(somewhere(rng, dim, farthest), 0.5 * width * np.eye(dim)) for _ in range(100)]
    missed = np.mean([not np.any(g.log_prob(looks) > log_q + 3.0) for g in far])
    assert missed > 0.1


def test_looks_that_are_too_few_for_any_width_say_so():
    looks = np.random.default_rng(0).standard_normal((4, 10))
    log_q = unit(10).log_prob(looks)
    overall = Gaussian(np.zeros(10), np.eye(10))
    assert narrowest_seen(overall, [kind_of(looks, log_q)], 20.0) == np.inf
    assert narrowest_seen(overall, [kind_of(looks[:0], log_q[:0])], 20.0) == np.inf
