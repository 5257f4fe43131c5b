import numpy as np
import pytest

from fluvial.amortized import Recipe
from fluvial.errors import InputError


def test_the_joint_annealing_is_the_papers():
    """Eq. 20: β = min(1, 0.01 + t/10000), before likelihood and prior, never before ln q."""
    steps = np.array([0, 100, 5000, 9900, 20_000])
    weights = Recipe(annealing="joint").weights(steps, 1000)
    np.testing.assert_allclose(weights[:, 0], [0.01, 0.02, 0.51, 1.0, 1.0], rtol=1e-6)
    np.testing.assert_array_equal(weights[:, 0], weights[:, 1])
    np.testing.assert_array_equal(weights[:, 2], 1.0)


def test_the_warm_up_is_of_the_divergence_alone():
    recipe = Recipe(annealing="kl", annealing_epochs=2, batch=10)
    weights = recipe.weights(np.array([0, 9, 19, 100]), 100)
    np.testing.assert_array_equal(weights[:, 0], 1.0)
    np.testing.assert_allclose(weights[:, 1], [0.05, 0.5, 1.0, 1.0], rtol=1e-6)
    np.testing.assert_array_equal(weights[:, 1], weights[:, 2])


def test_without_annealing_it_is_the_free_energy():
    assert (Recipe(annealing="none").weights(np.arange(5), 100) == 1.0).all()


def test_the_rate_rises_and_falls():
    recipe = Recipe(rate=1.0, warmup=10)
    rates = recipe.rates(np.arange(1000), 1000)
    assert rates.argmax() in (9, 10)
    np.testing.assert_allclose(rates[4], 0.5, rtol=0.01)
    np.testing.assert_allclose(rates[-1], 0.01, rtol=1e-5)
    assert (np.diff(rates[10:]) < 0).all()


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"epochs": 0}, "epochs=0: give a positive number"),
        ({"rate": float("nan")}, "rate=nan"),
        ({"warmup": -1}, "warmup=-1"),
        ({"annealing": "slow"}, 'no annealing is called "slow"'),
        ({"binarization": "often"}, 'no binarization is called "often"'),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, match):
    with pytest.raises(InputError, match=match):
        Recipe(**wrong)
