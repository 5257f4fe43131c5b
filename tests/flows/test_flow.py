import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Chain, Diagonal, Inverted, Permutation, Planar, SinhArcsinh, Stacked


def doubling(dim=2):
    flow = Diagonal(dim)
    return eqx.tree_at(lambda f: f.raw_log_scale, flow, jnp.full(dim, 0.7))


def shifting(amount, dim=2):
    return eqx.tree_at(lambda f: f.shift, Diagonal(dim), jnp.full(dim, amount))


def test_chain_applies_the_first_flow_first():
    z = jnp.array([1.0, 2.0])
    scale = doubling().forward(z)[0] / z
    x, log_det = Chain([shifting(3.0), doubling()]).forward(z)
    np.testing.assert_allclose(x, scale * (z + 3), rtol=1e-6)
    np.testing.assert_allclose(log_det, jnp.sum(jnp.log(scale)), rtol=1e-6)


def test_chain_adds_log_dets_of_both_directions():
    flow = Chain([doubling(), shifting(1.0), doubling()])
    x, log_det = flow.forward(jnp.array([1.0, -1.0]))
    z, back = flow.inverse(x)
    np.testing.assert_allclose(z, [1, -1], rtol=1e-6)
    np.testing.assert_allclose(back, -log_det, rtol=1e-6)
    np.testing.assert_allclose(log_det, 2 * doubling().forward(z)[1], rtol=1e-6)


def test_inverted_swaps_the_directions():
    z = jnp.array([1.0, 2.0])
    for one, other in zip(Inverted(doubling()).forward(z), doubling().inverse(z), strict=True):
        np.testing.assert_array_equal(one, other)


def test_stack_keeps_the_order_of_layers():
    layers = [eqx.tree_at(lambda f: f.shift, doubling(), jnp.full(2, t)) for t in (1.0, 5.0)]
    z = jnp.array([0.3, -2.0])
    for one, other in zip(Stacked(layers).forward(z), Chain(layers).forward(z), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_stack_can_be_made_inside_jit():
    def stacked(scale):
        layers = [eqx.tree_at(lambda f: f.shift, Diagonal(2), scale * jnp.ones(2)), Diagonal(2)]
        return Stacked(layers).forward(jnp.zeros(2))[0]

    np.testing.assert_array_equal(jax.jit(stacked)(jnp.array(3.0)), [3, 3])


@pytest.mark.parametrize(
    "layers",
    [
        [Diagonal(2), SinhArcsinh(2)],
        [Diagonal(2), Diagonal(3)],
        [Planar(2, key=jax.random.key(0)), Planar(2, key=jax.random.key(0), dtype="float16")],
    ],
    ids=["families", "shapes", "dtypes"],
)
def test_stack_refuses_layers_of_different_structure(layers):
    with pytest.raises(InputError, match="one structure: use Chain"):
        Stacked(layers)


def test_stack_accepts_layers_that_differ_in_whole_numbers_only():
    flow = Stacked([Permutation([0, 2, 1]), Permutation([2, 0, 1])])
    np.testing.assert_array_equal(flow.forward(jnp.array([1.0, 2.0, 3.0]))[0], [2, 1, 3])


def test_empty_and_mixed_dimensions_are_refused():
    with pytest.raises(InputError, match="at least one layer"):
        Stacked([])
    with pytest.raises(InputError, match="got no flow"):
        Chain([])
    with pytest.raises(InputError, match=r"one dimension, got \[2, 3\]"):
        Chain([Diagonal(2), Diagonal(3)])
