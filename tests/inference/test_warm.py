import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError


def _normal(mean, example=None):
    """N(mean, 1) of "a", and N(a, 1) of "b" where that is there, too."""

    def log_density(p):
        new = -0.5 * jnp.sum((p["b"] - p["a"]) ** 2) if "b" in p else 0.0
        return -0.5 * jnp.sum((p["a"] - mean) ** 2) + new

    return fluvial.Target(log_density, example=example or {"a": np.zeros(3)})


def _two(height):
    """Modes at -6 and 6, the second of which has exp(height) times the mass."""

    def log_density(x):
        left = -0.5 * jnp.sum((x + 6.0) ** 2)
        return jnp.logaddexp(left, height - 0.5 * jnp.sum((x - 6.0) ** 2))

    return fluvial.Target(log_density, dim=2)


@pytest.fixture(scope="module")
def first():
    return fluvial.fit(_normal(0.0), progress=False)


def test_a_moved_target_is_fitted_with_half_the_evaluations(first):
    warm = fluvial.fit(_normal(0.5), start=first, progress=False)
    assert warm.verdict.value == "GOOD"
    assert warm.log_evidence == pytest.approx(1.5 * np.log(2 * np.pi), abs=0.02)
    np.testing.assert_allclose(warm.draws(8000)["a"].mean(axis=0), 0.5, atol=0.05)
    assert 2 * warm.provenance.evaluations < first.provenance.evaluations
    said = warm.provenance.warm_start
    assert (said["modes_before"], said["modes_kept"]) == (1, 1)
    assert said["evaluations_saved"] == first.provenance.evaluations - warm.provenance.evaluations


def test_a_parameter_can_be_added(first):
    target = _normal(0.0, {"a": np.zeros(3), "b": np.zeros(3)})
    warm = fluvial.fit(target, start=first, progress=False)
    assert warm.verdict.value == "GOOD"
    assert warm.log_evidence == pytest.approx(3 * np.log(2 * np.pi), abs=0.02)


def test_a_mode_that_was_not_there_before_is_found():
    before = fluvial.fit(_two(-50.0), progress=False)
    warm = fluvial.fit(_two(0.0), start=before, progress=False)
    assert len(warm.modes) == 2
    assert warm.log_evidence == pytest.approx(np.log(4 * np.pi), abs=0.05)
    again = fluvial.fit(_two(-50.0), start=warm, progress=False)
    assert len(again.modes) == 1
    assert "of whose 2 modes 1 are still there" in again.reasons[-1]


def test_a_posterior_of_other_parameters_is_no_start(first):
    with pytest.raises(InputError, match="share no parameter"):
        fluvial.fit(fluvial.Target(lambda x: -0.5 * jnp.sum(x**2), dim=2), start=first)


def test_a_mixture_that_was_grown_on_one_mode_is_grown_anew_and_not_replaced_by_a_flow():
    def skewed(scale):
        return fluvial.Target(
            lambda x: -0.5 * x[0] ** 2 - 0.5 * (x[1] - 0.4 * x[0] ** 2) ** 2 / scale**2, dim=2
        )

    before = fluvial.fit(skewed(1.0), progress=False)
    assert len(before.approximation.components) > len(before.modes) == 1
    warm = fluvial.fit(skewed(0.8), start=before, progress=False)
    assert warm.verdict.value == "GOOD"
    assert warm.provenance.flow == "gaussian"
    assert warm.provenance.evaluations < 1.2 * before.provenance.evaluations
