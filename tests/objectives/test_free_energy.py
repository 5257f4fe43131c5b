"""Free energies against closed forms, and their gradients against each other."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import Diagonal, build_flow
from fluvial.objectives import FreeEnergy, base_log_prob, flow_log_prob
from fluvial.targets import Target

MEAN = np.array([0.5, -1.0, 0.2])


def shifted_gaussian(x):
    """5·N(x; MEAN, I), whose log evidence is ln 5."""
    return jnp.log(5.0) + base_log_prob(x - jnp.asarray(MEAN, x.dtype))


TARGET = Target(shifted_gaussian, dim=3)


def diagonal(shift, log_scale):
    flow = Diagonal(3)
    shift, log_scale = jnp.full(3, shift, jnp.float32), jnp.full(3, log_scale, jnp.float32)
    return eqx.tree_at(lambda f: (f.shift, f.raw_log_scale), flow, (shift, log_scale))


def exact_divergence(shift, log_scale):
    """KL(N(shift, e^{2 log_scale}) ‖ N(MEAN, I))."""
    return np.sum(0.5 * (np.exp(2 * log_scale) + (shift - MEAN) ** 2 - 1.0) - log_scale)


@pytest.mark.parametrize("path", [True, False])
def test_the_free_energy_is_the_divergence_less_the_evidence(path):
    objective = FreeEnergy(draws=20_000, path=path)
    estimate = objective.estimate(diagonal(0.3, 0.2), TARGET, jax.random.key(0))
    exact = exact_divergence(0.3, 0.2) - np.log(5.0)
    assert abs(float(estimate.free_energy) - exact) < 4.0 * float(estimate.se) < 0.1


def test_path_and_total_gradients_agree_in_the_mean():
    flow = diagonal(0.3, 0.2)
    gradients = [
        eqx.filter_grad(FreeEnergy(draws=200_000, path=path))(flow, TARGET, jax.random.key(1))
        for path in (True, False)
    ]
    exact_shift = 0.3 - MEAN
    for gradient in gradients:
        np.testing.assert_allclose(gradient.shift, exact_shift, atol=0.02)
        np.testing.assert_allclose(gradient.raw_log_scale, np.exp(0.4) - 1.0, atol=0.02)


def test_the_path_gradient_vanishes_draw_by_draw_where_q_is_p():
    target = Target(base_log_prob, dim=3)
    objective = FreeEnergy(draws=8)
    path = eqx.filter_grad(objective)(Diagonal(3), target, jax.random.key(2))
    total = eqx.filter_grad(FreeEnergy(draws=8, path=False))(Diagonal(3), target, jax.random.key(2))
    assert float(jnp.abs(path.raw_log_scale).max()) < 1e-5
    assert float(jnp.abs(total.raw_log_scale).max()) > 0.05


def test_annealing_tempers_the_target_alone():
    flow, key = diagonal(0.0, 0.0), jax.random.key(3)
    objective = FreeEnergy(draws=64)
    half = float(objective(flow, TARGET, key, 0.5))
    one, zero = float(objective(flow, TARGET, key, 1.0)), float(objective(flow, TARGET, key, 0.0))
    assert half == pytest.approx(0.5 * (one + zero), abs=1e-5)


def test_draws_without_a_finite_density_are_left_out_and_counted():
    def half_line(x):
        return jnp.where(x[0] > 0.0, base_log_prob(x), jnp.nan)

    estimate, gradient = eqx.filter_value_and_grad(
        lambda flow: (
            FreeEnergy(draws=64)
            .estimate(flow, Target(half_line, dim=3), jax.random.key(4))
            .free_energy
        )
    )(diagonal(0.1, 0.1))
    counted = FreeEnergy(draws=64).estimate(
        diagonal(0.1, 0.1), Target(half_line, dim=3), jax.random.key(4)
    )
    assert 20 <= int(counted.nonfinite) <= 44
    assert np.isfinite(float(estimate))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


def test_the_density_of_a_flow_is_normalized(x64):
    flow = build_flow("planar:2", 1, key=jax.random.key(5), dtype=jnp.float64)
    x = jnp.linspace(-12.0, 12.0, 4001)[:, None]
    density = jnp.exp(jax.vmap(lambda point: flow_log_prob(flow, point))(x))
    assert float(jnp.trapezoid(density, x[:, 0])) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("draws", [0, 1, 7])
def test_antithetic_draws_come_in_pairs(draws):
    with pytest.raises(ValueError, match="even number"):
        FreeEnergy(draws=draws)
