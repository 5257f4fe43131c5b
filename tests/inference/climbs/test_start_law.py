"""The law of starts."""

import numpy as np

from fluvial.inference.climbs.start_law import StartLaw, start_law
from fluvial.inference.settings import ExploreSettings

SETTINGS = ExploreSettings()


def test_its_density_is_that_of_its_draws():
    rng = np.random.default_rng(0)
    law = start_law([rng.uniform(-2.0, 2.0, (16, 1)), np.array([[9.0], [11.0]])], SETTINGS)
    x = np.linspace(-60.0, 60.0, 60_001)
    density = np.exp(law.log_prob(x[:, None]))
    step = x[1] - x[0]
    assert abs(density.sum() * step - 1.0) < 1e-3
    draws = law.sample(40_000, rng)[:, 0]
    for low, high in ((-4.0, 0.0), (8.0, 12.0), (20.0, 30.0)):
        inside = density[(x > low) & (x < high)].sum() * step
        assert abs(np.mean((draws > low) & (draws < high)) - inside) < 0.01


def test_it_is_never_narrower_than_the_first_starts():
    law = start_law([np.zeros((3, 2))], SETTINGS)
    np.testing.assert_array_equal(
        law.widths.min(axis=0), min(SETTINGS.factors) * SETTINGS.least_width
    )
    np.testing.assert_array_equal(law.widths[0], SETTINGS.least_width)


def test_each_gaussian_has_as_many_draws_as_its_share_says_and_all_along():
    law = StartLaw(
        np.array([[0.0], [100.0], [200.0]]), np.ones((3, 1)), np.array([0.25, 0.7, 0.05])
    )
    nearest = np.round(law.sample(1001, np.random.default_rng(0))[:, 0] / 100.0)
    assert [int(np.sum(nearest == k)) for k in range(3)] == [250, 701, 50]
    assert abs(np.mean(nearest[:500] == 1) - 0.7) < 0.01
