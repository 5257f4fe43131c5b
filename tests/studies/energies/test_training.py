import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import Chain, Diagonal
from fluvial.studies.energies import measuring, training


def gaussian(shift, scale):
    """Two copies of one diagonal Gaussian."""
    flow = eqx.tree_at(
        lambda f: (f.shift, f.raw_log_scale),
        Diagonal(2),
        (jnp.asarray(shift), jnp.log(jnp.asarray(scale))),
    )
    return jax.tree.map(
        lambda leaf: jnp.stack([leaf, leaf]) if eqx.is_array(leaf) else leaf, Chain([flow])
    )


def test_the_temperature_is_the_papers():
    betas = training.inverse_temperatures(15000, 10000)
    assert betas[0] == 0.01
    assert betas[5000] == pytest.approx(0.51)
    assert betas[9899] < 1 == betas[9901]
    assert (training.inverse_temperatures(3, None) == 1).all()


def test_step_sizes_rise_and_fall():
    rates = training.step_sizes(0.1, 500)
    assert rates.argmax() == 4
    assert rates.max() == pytest.approx(0.1, rel=1e-3)
    assert rates[-1] < 1e-5
    assert (rates > 0).all()


def test_seeds_differ_and_keep_their_mixing():
    flows = training.build_seeds("diagonal+nice-orth:3,width=4,depth=1", 2)
    first, second = measuring.one_seed(flows, 0), measuring.one_seed(flows, 1)
    z = jnp.array([0.3, -0.7])
    for flow in (first, second):
        np.testing.assert_allclose(flow.inverse(flow.forward(z)[0])[0], z, atol=1e-5)
    leaves = zip(
        *(jax.tree.leaves(eqx.filter(f, eqx.is_array)) for f in (first, second)), strict=True
    )
    assert any(not np.array_equal(a, b) for a, b in leaves)


def test_training_lowers_the_divergence():
    flows = training.build_seeds("diagonal+planar:4", 2)
    rates = training.step_sizes(0.03, 150)
    before = measuring.measure(flows, "U2", 1024)
    trained = training.train_seeds(flows, "U2", rates, np.ones(150), 64)
    after = measuring.measure(trained.flows, "U2", 1024)
    assert (after.kl < before.kl - 0.5).all()
    assert trained.free_energies.shape == (2, 150)
    assert trained.nonfinite.tolist() == [0, 0]


def test_the_divergence_is_that_of_a_grid():
    """KL of a Gaussian from U1, by a sum over a grid."""
    shift, scale = np.array([0.5, -0.2]), np.array([1.4, 0.8])
    fit = measuring.measure(gaussian(shift.tolist(), scale.tolist()), "U1", 2**15)
    axis = np.linspace(-8, 8, 801)
    grid = np.stack(np.meshgrid(axis, axis, indexing="xy"), -1).reshape(-1, 2)
    standard = (grid - shift) / scale
    log_q = -0.5 * (standard**2).sum(1) - np.log(2 * np.pi * scale.prod())
    log_p = measuring.energy("U1").values(grid) - measuring.log_normalizer("U1")
    exact = np.sum(np.exp(log_q) * (log_q - log_p)) * (axis[1] - axis[0]) ** 2
    assert (abs(fit.kl - exact) < 5 * fit.kl_se).all()
    assert (fit.kl_se < 0.1).all()
    assert fit.kl[0] != fit.kl[1]
    assert fit.nonfinite.tolist() == [0, 0]
    assert fit.right[0] == pytest.approx(0.6395, abs=0.02)  # Phi(0.5 / 1.4)


def test_densities_integrate_to_one_and_point_the_right_way():
    flow = measuring.one_seed(gaussian([1.0, -2.0], [0.3, 0.4]), 0)
    density = measuring.densities(flow, 81)
    assert density.sum() * 0.1**2 == pytest.approx(1, abs=1e-3)
    i, j = np.unravel_index(density.argmax(), density.shape)
    assert (i, j) == (20, 50)  # y = -2, x = 1
    true = measuring.true_density("U1", 81)
    assert true.sum() * 0.1**2 == pytest.approx(1, abs=1e-3)


def test_layers_lead_from_the_gaussian_to_the_flow():
    flow = measuring.one_seed(training.build_seeds("diagonal+planar:3", 1), 0)
    layers = measuring.layer_densities(flow, 9)
    assert layers.shape == (4, 9, 9)
    np.testing.assert_allclose(layers[0], measuring.densities(flow.flows[0], 9), rtol=1e-5)
    np.testing.assert_allclose(layers[3], measuring.densities(flow, 9), rtol=1e-5)
    one = Chain([flow.flows[0], measuring.one_seed(flow.flows[1].layers, 0)])
    np.testing.assert_allclose(layers[1], measuring.densities(one, 9), rtol=1e-5)
