"""Hamiltonian chains in a flow's latent space."""

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.inference.chains.chains import latent_chains
from fluvial.inference.run import component_keys
from fluvial.inference.settings import Settings, VerdictSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent
from fluvial.targets import Target


def test_chains_leave_the_target_invariant_whatever_the_flow_is():
    """A logistic density, through a Gaussian that is shifted and too wide."""
    target = Target(lambda x: jnp.sum(-x - 2.0 * jnp.logaddexp(0.0, -x)), dim=2)
    component = GaussianComponent(Gaussian(np.array([1.0, -1.0]), 2.5 * np.eye(2)))
    starts = np.random.default_rng(0).standard_normal((32, 2))
    chains = latent_chains(component, target, starts, jax.random.key(0))
    assert chains.draws.shape == (32, 256, 2)
    assert chains.rhat < 1.03
    assert chains.ess > 1000
    assert 0.6 < chains.acceptance < 0.95
    flat = chains.draws.reshape(-1, 2)
    np.testing.assert_allclose(flat.mean(axis=0), 0.0, atol=0.12)
    np.testing.assert_allclose(flat.std(axis=0), np.pi / np.sqrt(3.0), rtol=0.06)
    np.testing.assert_allclose(chains.log_p.ravel(), target.values(flat), atol=1e-9)


def test_chains_on_two_separate_modes_do_not_pass():
    def log_density(x):
        return jnp.logaddexp(-0.5 * jnp.sum((x - 12.0) ** 2), -0.5 * jnp.sum((x + 12.0) ** 2))

    component = GaussianComponent(Gaussian(np.zeros(1), 12.0 * np.eye(1)))
    starts = np.random.default_rng(0).standard_normal((32, 1))
    chains = latent_chains(component, Target(log_density, dim=1), starts, jax.random.key(0))
    assert chains.rhat > 1.5
    assert chains.draws.shape[1] <= 256  # not run on in vain


def test_chains_that_will_never_mix_are_given_up_after_a_piece_of_a_round():
    """Walls between narrow wells, in one of which each chain stays."""

    def log_density(x):
        return 400.0 * jnp.sum(jnp.cos(2.0 * jnp.pi * x) - 0.5 * 0.01 * x**2)

    component = GaussianComponent(Gaussian(np.zeros(1), 5.0 * np.eye(1)))
    starts = np.random.default_rng(0).standard_normal((32, 1))
    chains = latent_chains(component, Target(log_density, dim=1), starts, jax.random.key(0))
    assert chains.draws.shape == (32, 64, 1)
    assert chains.rhat > 2.35


def test_chains_that_are_turned_back_go_on_with_shorter_steps():
    """ln scale v²/4 of 30 others: v is the stiffer, the further out it is."""

    def log_density(x):
        v = x[0]
        return -0.5 * v**2 - 7.5 * v**2 - 0.5 * jnp.exp(-0.5 * v**2) * jnp.sum(x[1:] ** 2)

    component = GaussianComponent(Gaussian(np.zeros(31), np.eye(31)))
    starts = np.random.default_rng(0).standard_normal((32, 31))
    target = Target(log_density, dim=31)
    chains = latent_chains(component, target, starts, jax.random.key(0))
    assert chains.acceptance > 0.88  # asked for in the first round: 0.8
    assert not chains.mixed() or abs(np.log(chains.draws[:, :, 0].std())) < 0.1


def test_chains_that_have_not_mixed_are_run_on():
    component = GaussianComponent(Gaussian(np.zeros(1), np.eye(1)))
    target = Target(lambda x: -0.5 * jnp.sum((x - 1.0) ** 2), dim=1)
    starts = np.random.default_rng(0).standard_normal((32, 1))
    short, long = (
        latent_chains(
            component,
            target,
            starts,
            jax.random.key(0),
            Settings(verdict=VerdictSettings(max_rhat=limit)),
        )
        for limit in (1.1, 0.5)
    )
    assert (short.draws.shape, long.draws.shape) == ((32, 256, 1), (32, 512, 1))
    assert long.evaluations > 3 * short.evaluations
    assert long.ess > 1.5 * short.ess
    np.testing.assert_allclose(long.draws.mean(), 1.0, atol=0.05)
    np.testing.assert_allclose(long.log_p.ravel(), target.values(long.draws.reshape(-1, 1)))


def test_no_component_of_any_seed_shares_its_keys():
    keys = [key for seed in range(3) for k in range(3) for key in component_keys(seed, k)]
    assert len({tuple(jax.random.key_data(key).tolist()) for key in keys}) == 27
