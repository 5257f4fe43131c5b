"""Training of flows on densities whose evidence is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.flows import build_flow
from fluvial.inference.flow_training.stopping import Best
from fluvial.inference.flow_training.train import train, train_chunk
from fluvial.inference.natural_gradient.whitening import Whitened
from fluvial.inference.settings import DEFAULT, TrainSettings
from fluvial.objectives import FreeEnergy
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target
from fluvial.training.clipping import CLIP, SKIP


def trained(spec, target, dim=2, **options):
    flow = build_flow(spec, dim, key=jax.random.key(0))
    with jax.enable_x64(True):
        return train(flow, target, jax.random.key(1), objective=FreeEnergy(), **options)


def test_reaches_the_evidence_of_a_gaussian():
    log_scales = np.array([-1.0, 0.5])
    target = Target(lambda x: -0.5 * jnp.sum((x * jnp.exp(-log_scales)) ** 2), dim=2)
    log_evidence = log_scales.sum() + np.log(2 * np.pi)
    result = trained("diagonal", target, max_steps=1500)
    assert abs(-np.mean(result.free_energies[-20:]) - log_evidence) < 1e-3
    assert result.nonfinite == 0
    assert not result.interrupted
    assert result.evaluations >= 128 * len(result.free_energies)


def test_draws_without_a_density_are_counted_and_left_out():
    target = Target(lambda x: jnp.where(x[0] > -1.0, -0.5 * jnp.sum(x**2), jnp.nan), dim=2)
    result = trained("diagonal", target, max_steps=200)
    assert result.nonfinite > 0
    assert np.isfinite(result.free_energies).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(result.flow))


def test_ctrl_c_keeps_the_best_flow_so_far():
    def interrupt(steps, elbo):
        raise KeyboardInterrupt

    target = Target(lambda x: -0.5 * jnp.sum((x / 3.0) ** 2), dim=2)
    result = trained("diagonal", target, on_chunk=interrupt)
    assert result.interrupted
    assert len(result.free_energies) == 100
    x, _ = result.flow.forward(jnp.ones(2))
    assert (np.abs(x) > 1.1).all()


def test_equal_settings_are_one_program_and_others_are_heeded():
    target = Target(lambda x: -0.5 * jnp.sum((x / 3.0) ** 2), dim=2)
    free_energies, compiled = [], []
    for clip in (2.0, 2.0, 1e-3):
        result = trained("diagonal", target, max_steps=100, settings=TrainSettings(clip=clip))
        free_energies.append(result.free_energies)
        compiled.append(train_chunk._cached._cache_size())
    assert compiled[0] == compiled[1] == compiled[2] - 1
    np.testing.assert_array_equal(free_energies[0], free_energies[1])
    assert not np.array_equal(free_energies[0], free_energies[2])


@pytest.mark.parametrize("max_steps", [1, 130])
def test_max_steps_is_a_maximum(max_steps):
    seen = []
    target = Target(lambda x: -0.5 * jnp.sum((x / 3.0) ** 2), dim=2)
    result = trained(
        "diagonal", target, max_steps=max_steps, on_chunk=lambda steps, elbo: seen.append(steps)
    )
    assert len(result.free_energies) == seen[-1] == max_steps


def test_step_sizes_that_are_given_up_are_counted(monkeypatch):
    """The check of each chunk says that the step size has diverged."""
    monkeypatch.setattr(Best, "offer", lambda *_: -np.inf)
    seen = []
    target = Target(lambda x: -0.5 * jnp.sum((x / 3.0) ** 2), dim=2)
    result = trained(
        "diagonal", target, max_steps=250, on_chunk=lambda steps, elbo: seen.append(steps)
    )
    assert seen == [100, 200, 250]
    assert len(result.free_energies) == 250


def test_stan_models_of_one_dimension_share_one_program():
    """Which model is called is data of the compiled loop, not part of it."""
    programs = (f"parameters {{ vector[2] x; }} model {{ x ~ normal({m}, 2); }}" for m in (0, 1))
    models = [fluvial.from_stan(program) for program in programs]
    gaussian = Gaussian(np.zeros(2), np.eye(2))
    compiled, results = [], []
    with jax.enable_x64(True):
        whitened = [Whitened(model, gaussian) for model in models]
    for target in whitened:
        results.append(trained("diagonal", target, max_steps=100))
        compiled.append(train_chunk._cached._cache_size())
    assert compiled[0] == compiled[1]
    with jax.enable_x64(True):
        at_zero = [float(target.log_prob(jnp.zeros(2))) for target in whitened]
    assert at_zero[0] - at_zero[1] == pytest.approx(0.25)
    assert not np.array_equal(results[0].free_energies, results[1].free_energies)


def test_long_gradients_are_clipped_as_by_the_optimizer_alone():
    assert (DEFAULT.train.clip, DEFAULT.train.skip) == (CLIP, SKIP)
