import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fluvial.amortized import DLGM, Recipe, train
from fluvial.amortized.steps import _importance_weighted

KEY = jax.random.key(0)
DLGM_ = DLGM(data_dim=6, latent=2, hidden=4).with_flow("planar:2")
X = (jax.random.uniform(jax.random.key(1), (3, 6)) < 0.5).astype(jnp.float32)
NOISE = jax.random.normal(jax.random.key(2), (3, 8, 2))


def measured(weights):
    parameters, constants = eqx.partition(DLGM_, eqx.is_inexact_array)
    return eqx.filter_jit(_importance_weighted)(
        parameters, constants, X, NOISE, jnp.asarray(weights)
    )


def log_weights():
    of_datum = jax.vmap(lambda x, noise: DLGM_.terms(x, noise).log_weight, (None, 0))
    return np.asarray(jax.jit(jax.vmap(of_datum))(X, NOISE), np.float64)


def test_the_importance_weighted_bound_is_the_log_of_the_mean_weight():
    found = measured([1.0, 1.0, 1.0])
    each = log_weights()
    expected = np.log(np.mean(np.exp(each), axis=1)).mean()
    np.testing.assert_allclose(-found.free_energy, expected, rtol=1e-5)
    np.testing.assert_allclose(found.bound, each.mean(), rtol=1e-5)
    assert -found.free_energy > found.bound


def test_its_terms_are_annealed():
    found = measured([1.0, 0.0, 0.0])
    of_datum = jax.vmap(lambda x, noise: DLGM_.terms(x, noise).log_likelihood, (None, 0))
    terms = np.asarray(jax.jit(jax.vmap(of_datum))(X, NOISE), np.float64)
    expected = np.log(np.mean(np.exp(terms), axis=1)).mean()
    np.testing.assert_allclose(-found.free_energy, expected, rtol=1e-5)


def test_a_training_with_several_draws_is_another_than_one_with_one():
    images = np.asarray(np.random.default_rng(0).random((60, 6)) < 0.5)
    recipes = [Recipe(epochs=2, batch=10, warmup=1, draws=draws) for draws in (1, 4)]
    one, four = (train(DLGM_, images, recipe=r, progress=False) for r in recipes)
    assert four.recipe.draws == 4
    assert one.validation_bound != four.validation_bound
