import equinox as eqx
import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest
import scipy.stats

from fluvial.amortized import DLGM, MLP
from fluvial.amortized.decoder import Decoder
from fluvial.errors import InputError
from fluvial.objectives import base_log_prob

X = jnp.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])


def small(flow=None, **options):
    options = {"data_dim": 6, "latent": 3, "hidden": 5, **options}
    dlgm = DLGM(**options)
    return dlgm if flow is None else dlgm.with_flow(flow)


def moved(dlgm, scale=0.5):
    """The same model with all parameters somewhere else, so that nothing is zero."""
    rng = np.random.default_rng(7)
    return jax.tree.map(
        lambda leaf: (
            jnp.asarray(leaf + scale * rng.standard_normal(leaf.shape).astype(leaf.dtype))
            if eqx.is_inexact_array(leaf)
            else leaf
        ),
        dlgm,
    )


def test_q0_is_the_diagonal_gaussian():
    dlgm = moved(small())
    noise = jnp.array([0.5, -1.0, 2.0])
    q = dlgm.inference(X)
    z, log_q = q.draw(noise)
    expected = scipy.stats.norm.logpdf(z, q.mean, np.exp(q.log_scale)).sum()
    np.testing.assert_allclose(log_q, expected, rtol=1e-4)


@pytest.mark.parametrize("flow", ["planar:3", "realnvp:2", "sylvester:2"])
def test_log_q_is_that_of_q0_where_the_flow_came_from(flow):
    """Found again from z alone, by the flow's inverse."""

    @eqx.filter_jit
    def there_and_back(dlgm):
        q = dlgm.inference(X)
        z, log_q = q.draw(jnp.array([0.5, -1.0, 0.3]))
        z0, log_det = q.flow.inverse(z)
        noise = (z0 - q.mean) * jnp.exp(-q.log_scale)
        return log_q, base_log_prob(noise) - jnp.sum(q.log_scale) + log_det

    np.testing.assert_allclose(*there_and_back(moved(small(flow), 0.3)), atol=1e-4)


def test_the_flow_depends_on_the_datum():
    dlgm = moved(small("planar:3"))
    a, b = (dlgm.inference(x).flow.layers.u for x in (X, 1 - X))
    assert float(jnp.abs(a - b).max()) > 0.01


def test_training_starts_at_the_template():
    dlgm = small("planar:3")
    a, b = (dlgm.inference(x).flow.layers.u for x in (X, 1 - X))
    np.testing.assert_array_equal(a, b)
    gradient = eqx.filter_jit(eqx.filter_grad(lambda d: d.terms(X, jnp.ones(3)).log_weight))(dlgm)
    assert float(jnp.abs(gradient.inference.emit).max()) > 0


def test_the_joint_is_prior_times_likelihood():
    dlgm = moved(small())
    z = jnp.array([0.1, -0.4, 1.0])
    log_likelihood, log_prior = dlgm.log_joint(X, z)
    p = 1 / (1 + np.exp(-np.asarray(dlgm.decode(z))))
    np.testing.assert_allclose(log_prior, scipy.stats.norm.logpdf(z).sum(), rtol=1e-6)
    np.testing.assert_allclose(log_likelihood, scipy.stats.bernoulli.logpmf(X, p).sum(), rtol=1e-5)


def test_gradients_are_those_of_finite_differences(x64):
    arrays, rest = eqx.partition(moved(small("planar:2")), eqx.is_inexact_array)
    arrays = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), arrays)
    noise = jnp.array([0.5, -1.0, 0.3])

    @jax.jit
    def bound(arrays):
        return eqx.combine(arrays, rest).terms(X.astype(jnp.float64), noise).log_weight

    jax.test_util.check_grads(bound, (arrays,), order=1, modes=["rev"], eps=1e-6)


def test_two_stochastic_layers_are_the_papers():
    """Rezende et al. 2014, eq. 1 to 4: h1 = T1(ξ2) + G1 ξ1, x ~ p(x | T0(h1))."""
    dlgm = moved(small(latent=(3, 2)))
    decoder = dlgm.decoder
    xi = jnp.array([0.1, -0.4, 1.0, 0.6, -2.0])
    h1 = decoder.networks[0](xi[3:]) + xi[:3] @ decoder.noises[0].W + decoder.noises[0].b
    np.testing.assert_allclose(dlgm.decode(xi), decoder.output(h1), rtol=1e-5)
    assert dlgm.dim == 5


def test_two_stochastic_layers_have_a_flow_over_both():
    dlgm = moved(small("planar:2", latent=(3, 2)))
    terms = dlgm.terms(X, jnp.ones(5))
    assert dlgm.inference(X).flow.dim == 5
    assert np.isfinite(terms.log_weight)


def test_three_layers_use_every_network():
    dlgm = small(latent=(3, 2, 4))
    gradient = eqx.filter_jit(eqx.filter_grad(lambda d: d.decode(jnp.ones(9)).sum()))(dlgm).decoder
    for part in (*gradient.networks, *gradient.noises):
        assert all(float(jnp.abs(leaf).sum()) > 0 for leaf in jax.tree.leaves(part))


def test_networks_of_ones_own():
    encoder = MLP(6, None, key=jax.random.key(0), width=7, activation="relu")
    decoder = MLP(3, 6, key=jax.random.key(1), width=4, activation="relu")
    dlgm = small("planar:2", encoder=encoder, decoder=decoder)
    assert np.isfinite(dlgm.terms(X, jnp.ones(3)).log_weight)
    np.testing.assert_array_equal(dlgm.decode(jnp.ones(3)), decoder(jnp.ones(3)))


def test_a_decoder_that_does_not_fit_is_refused():
    wrong = MLP(3, 5, key=jax.random.key(1), width=4)
    with pytest.raises(InputError, match="the decoder gives 5 parameters, but the bernoulli"):
        small(decoder=wrong)


def test_an_encoder_that_gives_no_vector_is_refused():
    class Square(eqx.Module):
        def __call__(self, x):
            return x[:, None] * x

    with pytest.raises(InputError, match="the encoder gives an array of shape"):
        small(encoder=Square())


@pytest.mark.parametrize("wrong", [{"data_dim": 0}, {"latent": 0}, {"latent": ()}])
def test_a_model_of_nothing_is_refused(wrong):
    with pytest.raises(InputError, match="a model needs at least 1 of each"):
        small(**wrong)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "logit-normal"])
def test_the_start_puts_the_decoder_at_the_data(likelihood):
    data = np.random.default_rng(0).beta(2, 5, (200, 6)).astype(np.float32)
    before = small(likelihood=likelihood)
    after = before.starting_at(data)

    def fit(dlgm):
        x = dlgm.likelihood.fitted(jnp.asarray(data))
        return jax.vmap(lambda x: dlgm.log_joint(x, jnp.zeros(3))[0])(x).mean()

    assert fit(after) > fit(before) + 0.3


def test_a_decoder_of_ones_own_keeps_its_start():
    dlgm = small(decoder=MLP(3, 6, key=jax.random.key(1), width=4))
    assert dlgm.starting_at(np.ones((3, 6), np.float32)) is dlgm


def test_a_decoder_splits_its_latent_vector():
    decoder = Decoder(
        (3, 2), 4, key=jax.random.key(0), network=lambda n, m, key: MLP(n, m, key=key, width=5)
    )
    assert decoder(jnp.ones(5)).shape == (4,)
