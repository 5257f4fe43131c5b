import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

import fluvial
from fluvial.amortized import DLGM, Bernoulli, LogitNormal, Normal, Recipe, train
from fluvial.amortized.likelihoods import build_likelihood
from fluvial.amortized.real_likelihoods import SCALES
from fluvial.errors import InputError

M, S = np.array([0.3, -1.2]), np.array([0.7, 1.9])
NUMBERS = jnp.asarray(np.concatenate([M, np.log(S)]), jnp.float32)


def test_bernoulli_is_scipys():
    logits = np.array([0.4, -2.0, 30.0])
    x = np.array([1.0, 0.0, 1.0])
    expected = scipy.stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum()
    found = Bernoulli().log_prob(jnp.asarray(x, jnp.float32), jnp.asarray(logits, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_bernoulli_is_finite_at_extreme_logits():
    x, logits = jnp.array([1.0, 0.0]), jnp.array([-1e4, 1e4])
    value, gradient = jax.value_and_grad(lambda n: Bernoulli().log_prob(x, n))(logits)
    assert value == -2e4
    np.testing.assert_array_equal(gradient, [1.0, -1.0])


def test_gaussian_is_scipys():
    x = np.array([0.1, 2.0])
    expected = scipy.stats.norm.logpdf(x, M, S).sum()
    found = Normal().log_prob(jnp.asarray(x, jnp.float32), NUMBERS)
    np.testing.assert_allclose(found, expected, rtol=3e-3)  # scales are bounded smoothly


def test_a_scale_cannot_vanish():
    tight = jnp.array([0.0, -1e9])
    assert float(Normal().log_prob(jnp.zeros(1), tight)) < 7.0


def test_logit_normal_integrates_to_one():
    x = np.linspace(0, 1, 20_001)[1:-1].astype(np.float32)
    parameters = jnp.array([0.3, -0.4])
    density = jnp.exp(jax.vmap(lambda x: LogitNormal().log_prob(x[None], parameters))(x))
    np.testing.assert_allclose(np.trapezoid(np.asarray(density), x), 1.0, atol=1e-3)


def test_logit_normal_squeezes_pixels_to_where_it_has_a_density():
    x = LogitNormal().fitted(jnp.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(x, [1e-4, 0.5, 1 - 1e-4], rtol=1e-6)
    assert np.isfinite(LogitNormal().log_prob(x, jnp.zeros(6)))


@pytest.mark.parametrize("likelihood", [Normal(), LogitNormal()])
def test_draws_have_the_center_that_is_told(likelihood):
    keys = jax.random.split(jax.random.key(0), 20_000)
    draws = jax.vmap(likelihood.sample, (0, None))(keys, NUMBERS)
    np.testing.assert_allclose(np.median(draws, 0), likelihood.mean(NUMBERS), atol=0.05)


def test_bernoulli_draws_have_the_mean_that_is_told():
    logits = jnp.array([1.0, -2.0])
    keys = jax.random.split(jax.random.key(0), 20_000)
    draws = jax.vmap(Bernoulli().sample, (0, None))(keys, logits)
    np.testing.assert_allclose(draws.mean(0), Bernoulli().mean(logits), atol=0.02)


@pytest.mark.parametrize("likelihood", [Bernoulli(), Normal(), LogitNormal()])
def test_the_start_is_likelier_than_its_neighbors(likelihood):
    rng = np.random.default_rng(0)
    data = rng.beta(2.0, 5.0, size=(500, 3)).astype(np.float32)
    if likelihood.name == "gaussian":
        data *= 5  # narrower ones start wider than they are
    start = jnp.asarray(likelihood.start(data), jnp.float32)

    def mean(parameters):
        return jax.vmap(likelihood.log_prob, (0, None))(jnp.asarray(data), parameters).mean()

    gradient = jax.grad(mean)(start)
    assert float(jnp.abs(gradient).max()) < 0.05


@pytest.mark.parametrize("likelihood", [Normal(), LogitNormal()])
def test_a_constant_pixel_leaves_room_for_a_decoder_that_has_learned_nothing(likelihood):
    x = np.full(1, 0.3, np.float32)
    m, raw = likelihood.start(np.tile(x, (50, 1)))
    at_once = likelihood.log_prob(jnp.asarray(x), jnp.array([m + 1.0, raw], jnp.float32))
    assert float(at_once) > -5.0


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match='no likelihood is called "poisson"'):
        build_likelihood("poisson")


@pytest.mark.parametrize("scale", SCALES)
def test_the_scale_of_logits_is_the_one_that_was_asked_for(scale):
    likelihood = LogitNormal(scale, dim=2 if scale == "pixel" else None)
    s = {"free": S, "pixel": S, "one": np.ones(2)}[scale]
    if scale == "pixel":
        raw = jnp.asarray(np.log(S), jnp.float32)
        likelihood = eqx.tree_at(lambda one: one.raw_log_scale, likelihood, raw)
    x = np.array([0.2, 0.9])
    logits = np.log(x) - np.log1p(-x)
    expected = (scipy.stats.norm.logpdf(logits, M, s) - np.log(x * (1 - x))).sum()
    found = likelihood.log_prob(jnp.asarray(x, jnp.float32), NUMBERS[: 2 * likelihood.size])
    np.testing.assert_allclose(found, expected, rtol=3e-3)  # scales are bounded smoothly


def test_the_margin_is_the_one_that_was_asked_for():
    x = LogitNormal(margin=1 / 512).fitted(jnp.array([0.0, 1.0]))
    np.testing.assert_allclose(x, [1 / 512, 511 / 512], rtol=1e-6)


def test_a_scale_of_the_pixels_is_trained_and_kept(tmp_path):
    images = np.random.default_rng(0).random((60, 3)).astype(np.float32)
    likelihood = LogitNormal("pixel", dim=3, margin=1e-2)
    dlgm = DLGM(3, 2, 4, likelihood=likelihood)
    recipe = Recipe(epochs=3, batch=10, warmup=1, annealing="none")
    trained = train(dlgm, images, recipe=recipe, progress=False)
    scales = trained.dlgm.likelihood.raw_log_scale
    assert np.abs(scales).min() > 1e-3
    loaded = fluvial.load(trained.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.dlgm.likelihood.raw_log_scale, scales)
    assert loaded.dlgm.likelihood.margin == 1e-2
    np.testing.assert_array_equal(loaded.bound(images), trained.bound(images))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": "two"}, 'no scale is called "two": choose one of free, pixel, one'),
        ({"scale": "pixel"}, "give dim"),
        ({"dim": 3}, "give dim"),
        ({"margin": 0.5}, "between 0 and 0.5"),
    ],
)
def test_a_logit_normal_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        LogitNormal(**arguments)
