from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.posterior.judgment import Judgment, Verdict


def test_the_numpyro_distribution_draws_from_q_and_has_its_density(jax_target, posterior_of, x64):
    pytest.importorskip("numpyro")
    posterior = posterior_of(jax_target)
    distribution = posterior.to_numpyro()
    x = np.asarray(distribution.sample(jax.random.key(0), (2, 4000))).reshape(-1, 2)
    q = posterior.approximation.components[0].gaussian
    np.testing.assert_allclose(x.mean(axis=0), q.mean, atol=0.1)
    np.testing.assert_allclose(np.cov(x.T), q.cholesky @ q.cholesky.T, atol=0.2)
    np.testing.assert_allclose(distribution.log_prob(x), posterior.log_prob(x), rtol=1e-10)


def test_it_is_a_site_of_another_model(jax_target, posterior_of):
    numpyro = pytest.importorskip("numpyro")
    posterior = posterior_of(jax_target)

    def model():
        x = numpyro.sample("x", posterior.to_numpyro())
        scale = posterior.parameters_at(x)["scale"]
        numpyro.sample("y", numpyro.distributions.Normal(0.0, scale), obs=1.0)

    points = np.random.default_rng(0).normal(size=(3, 2))
    scale = np.exp(points[:, 1])
    likelihood = -0.5 / scale**2 - np.log(scale) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(
        fluvial.from_numpyro(model).values(points), posterior.log_prob(points) + likelihood
    )


def test_it_is_a_variable_of_a_pymc_model(jax_target, posterior_of):
    pymc = pytest.importorskip("pymc")
    posterior = posterior_of(jax_target)
    with pymc.Model() as model:
        x = posterior.to_pymc("x")
        pymc.Normal("y", x[0], 1.0, observed=0.5)
    points = np.random.default_rng(0).normal(size=(3, 2))
    expected = (
        posterior.log_prob(points) - 0.5 * (0.5 - points[:, 0]) ** 2 - 0.5 * np.log(2 * np.pi)
    )
    target = fluvial.from_pymc(model)
    np.testing.assert_allclose(target.values(points), expected, rtol=1e-6)
    q = posterior.approximation.components[0].gaussian
    score = -np.linalg.solve(q.cholesky @ q.cholesky.T, (points - q.mean).T).T
    score[:, 0] += 0.5 - points[:, 0]
    np.testing.assert_allclose(target.value_and_grad(points)[1], score, rtol=1e-5)
    assert pymc.draw(x, 5, random_seed=0).shape == (5, 2)


def test_the_parameters_are_those_of_the_models_space(jax_target, posterior_of):
    found = posterior_of(jax_target).parameters_at(jnp.array([0.5, 1.0], jnp.float32))
    np.testing.assert_allclose(found["x"], [0.5])
    np.testing.assert_allclose(found["scale"], np.e, rtol=1e-6)


def test_the_parameters_of_a_pymc_variable_are_variables_with_a_gradient(jax_target, posterior_of):
    pymc = pytest.importorskip("pymc")
    posterior = posterior_of(jax_target)
    with pymc.Model() as model:
        named = posterior.parameters_at(posterior.to_pymc("x"))
        pymc.Normal("y", named["x"][0], named["scale"], observed=0.5)
    points = np.random.default_rng(0).normal(size=(3, 2))
    off, scale = 0.5 - points[:, 0], np.exp(points[:, 1])
    likelihood = -0.5 * (off / scale) ** 2 - points[:, 1] - 0.5 * np.log(2 * np.pi)
    target = fluvial.from_pymc(model)
    expected = posterior.log_prob(points) + likelihood
    np.testing.assert_allclose(target.values(points), expected, rtol=1e-6)
    step = np.array([0.0, 1e-4])
    ahead, behind = target.values(points + step), target.values(points - step)
    slope = target.value_and_grad(points)[1][:, 1]
    np.testing.assert_allclose(slope, (ahead - behind) / 2e-4, rtol=1e-4)
    by_pytensor = model.compile_dlogp()({"x": points[0]})
    np.testing.assert_allclose(by_pytensor, target.value_and_grad(points[:1])[1][0], rtol=1e-6)


@pytest.mark.parametrize("verdict", ["USE_MCMC", "FAILED"])
@pytest.mark.parametrize("use", [lambda p: p.to_numpyro(), lambda p: p.to_pymc("x")])
def test_a_density_that_the_verdict_does_not_vouch_for_is_no_distribution(
    jax_target, posterior_of, verdict, use
):
    judgment = Judgment(Verdict[verdict], ("No.",), "")
    posterior = replace(posterior_of(jax_target), judgment=judgment)
    with pytest.raises(InputError, match=f"verdict is {verdict}, so its density cannot be"):
        use(posterior)


def test_a_pymc_variable_needs_a_model(jax_target, posterior_of):
    pytest.importorskip("pymc")
    with pytest.raises(InputError, match=r"inside `with pymc.Model\(\):`"):
        posterior_of(jax_target).to_pymc("x")
