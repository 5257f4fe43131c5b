import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.stats import norm

from fluvial.errors import InputError
from fluvial.flows import Diagonal, Modulation, SparseModulation, modulated
from fluvial.objectives import flow_log_prob


def with_log_scales(layer, slopes):
    """A layer whose log scales are linear in the one head, with these slopes."""
    shortcut = np.zeros(layer.conditioner.shortcut.shape)
    shortcut[-len(slopes) :, 0] = slopes
    return eqx.tree_at(lambda f: f.conditioner.shortcut, layer, jnp.asarray(shortcut))


def test_a_funnel_is_met_exactly(x64):
    """x_0 ~ N(0, 1), x_i ~ N(0, e^{2 x_0}): log scales that are linear in the head."""
    layer = with_log_scales(Modulation(1, 5, key=jax.random.key(0), dtype=jnp.float64), [1.0] * 4)
    # Four sd out, too, the bounds on heads and log scales are next to the identity.
    for x in (jnp.array([0.3, 0.5, -1.0, 0.2, 2.0]), jnp.array([4.0, 70.0, -20.0, 0.0, 9.0])):
        exact = norm.logpdf(x[0]) + norm.logpdf(x[1:], 0, jnp.exp(x[0])).sum()
        assert float(flow_log_prob(layer, x)) == pytest.approx(float(exact), abs=1e-5)


def test_a_layer_in_the_eigenbasis_is_exact_to_first_order_in_the_head(x64):
    """The rest has precision I + aΔH given the head a: log scales −aλ/2 in ΔH's eigenvectors."""
    rng = np.random.default_rng(0)
    change = rng.normal(size=(4, 4))
    change = 0.5 * (change + change.T)
    values, basis = np.linalg.eigh(change)
    flow = modulated(
        Diagonal(1, dtype=jnp.float64), [basis], key=jax.random.key(0), dtype=jnp.float64
    )
    stacked = flow.flows[1].layers.flows[1].conditioner.shortcut
    shortcut = np.zeros(stacked.shape)
    shortcut[0, 4:, 0] = -0.5 * values
    flow = eqx.tree_at(
        lambda f: f.flows[1].layers.flows[1].conditioner.shortcut, flow, jnp.asarray(shortcut)
    )
    for a in (1e-2, 1e-3):
        jacobian = jax.jacfwd(lambda b, a=a: flow.forward(jnp.concatenate([jnp.array([a]), b]))[0])(
            jnp.zeros(4)
        )[1:]
        exact = np.linalg.inv(np.eye(4) + a * change)
        assert np.abs(np.asarray(jacobian @ jacobian.T) - exact).max() < 10 * a**2


def test_the_last_map_is_applied_last(x64):
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    flow = modulated(
        Diagonal(1, dtype=jnp.float64),
        [np.eye(2)],
        last=turn,
        key=jax.random.key(0),
        dtype=jnp.float64,
    )
    z = jnp.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(flow.forward(z)[0], turn @ np.asarray(z), atol=1e-12)


def test_a_sparse_layer_listens_to_its_parents_alone(x64):
    rng = np.random.default_rng(2)
    layer = SparseModulation(
        np.array([[0, 1], [2, 2]]), 3, key=jax.random.key(0), dtype=jnp.float64
    )
    moved = jax.tree.map(
        lambda leaf: leaf + rng.normal(size=leaf.shape) if eqx.is_inexact_array(leaf) else leaf,
        layer,
    )
    jacobian = jax.jacfwd(lambda z: moved.forward(z)[0])(jnp.array([0.1, -0.4, 0.7, 1.0, 1.0]))
    depends = np.abs(np.asarray(jacobian)[3:]) > 1e-12
    assert depends.tolist() == [[True, True, False, True, False], [False, False, True, False, True]]


@pytest.mark.parametrize("heads", [0, 3])
def test_there_must_be_heads_and_others(heads):
    with pytest.raises(InputError, match="at least one"):
        Modulation(heads, 3, key=jax.random.key(0))


def test_a_parent_must_be_a_head():
    with pytest.raises(InputError, match="from 0 to 1"):
        SparseModulation(np.array([[2]]), 2, key=jax.random.key(0))


def test_a_modulated_flow_needs_a_basis():
    with pytest.raises(InputError, match="at least one basis"):
        modulated(Diagonal(1), [], key=jax.random.key(0))
