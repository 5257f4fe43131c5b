import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from fluvial.amortized import AmortizedFlow
from fluvial.errors import InputError
from fluvial.flows import Affine, Coupling, Planar, Stacked, build_flow

SPECS = ["planar:3", "radial:2", "nice:2", "realnvp:2", "iaf:2", "spline:2", "sylvester:2"]
SPECS += ["householder:2", "triangular", "sinh-arcsinh+diagonal", "maf:2", "nice-orth:2"]
SPECS += ["sylvester-orth:2", "sylvester-householder:2", "iaf-spline:2", "maf-spline:2"]
SPECS += ["orthogonal+diagonal", "permutation+diagonal", "continuous"]


@pytest.mark.parametrize("spec", SPECS)
def test_every_flow_starts_at_its_template_and_is_moved_by_its_vector(spec):
    template = build_flow(spec, 4, key=jax.random.key(0))
    family = AmortizedFlow(template, which="all")
    z = jnp.array([0.3, -1.0, 0.7, 0.2])

    @eqx.filter_jit  # as one program: step by step, each operation would be compiled by itself
    def pushed(family, vector):
        flow = family.at(vector)
        jacobian, (x, log_det) = jax.jacobian(lambda z: _twice(flow.forward(z)), has_aux=True)(z)
        return x, log_det, jnp.linalg.slogdet(jacobian)[1], family.template.forward(z)[0]

    at_zero, _, _, expected = pushed(family, jnp.zeros(family.size))
    np.testing.assert_allclose(at_zero, expected, rtol=1e-6)
    vector = np.random.default_rng(1).normal(scale=0.05, size=family.size)
    x, log_det, exact, _ = pushed(family, jnp.asarray(vector, jnp.float32))
    assert float(jnp.abs(x - at_zero).max()) > 1e-3
    np.testing.assert_allclose(log_det, exact, atol=1e-4)


def _twice(pushed):
    """The image, to be differentiated, and again with its log determinant."""
    return pushed[0], pushed


def test_the_vector_is_added_to_the_ravelled_parameters():
    template = Planar(3, key=jax.random.key(0))
    family = AmortizedFlow(template)
    vector = jnp.arange(7.0) / 1000  # so small that its bound does not matter
    moved = ravel_pytree(eqx.filter(family.at(vector), eqx.is_inexact_array))[0]
    start = ravel_pytree(eqx.filter(template, eqx.is_inexact_array))[0]
    np.testing.assert_allclose(moved - start, vector, atol=1e-6)


def test_no_datum_can_carry_a_parameter_away():
    family = AmortizedFlow(Planar(3, key=jax.random.key(0)), reach=3.0)
    flow = family.at(jnp.full(7, 1e9))
    np.testing.assert_allclose(flow.u - family.template.u, 3.0, rtol=1e-6)
    x, log_det = flow.forward(jnp.ones(3))
    assert np.isfinite(x).all()
    assert np.isfinite(log_det)


def test_vectors_are_told_from_matrices_in_stacks_too():
    keys = jax.random.split(jax.random.key(0), 3)
    flow = Stacked([Coupling(Affine(), 4, key=key, width=8, depth=1) for key in keys])
    family = AmortizedFlow(flow, which="vectors")
    moved = family.at(jnp.ones(family.size))
    before, after = (f.layers.conditioner for f in (flow, moved))
    assert all((a == b).all() for a, b in zip(before.weights, after.weights, strict=True))
    assert not any((a == b).any() for a, b in zip(before.biases, after.biases, strict=True))


@pytest.mark.parametrize("which", ["all", "vectors", "none"])
def test_what_all_data_share_is_not_copied_for_each(which):
    family = AmortizedFlow(build_flow("nice:2,width=8", 4, key=jax.random.key(0)), which=which)
    vectors = 0.1 * jax.random.normal(jax.random.key(1), (5, family.size))
    flows = eqx.filter_jit(lambda v: jax.vmap(family.at, out_axes=family.axes())(v))(vectors)
    shapes = [leaf.shape for leaf in jax.tree.leaves(eqx.filter(flows, eqx.is_inexact_array))]
    copied = [shape for shape in shapes if shape[0] == 5]
    assert len(copied) == len(jax.tree.leaves(family.axes()))
    z = jax.random.normal(jax.random.key(2), (5, 4))
    push = jax.vmap(lambda flow, z: flow.forward(z)[0], in_axes=(family.axes(), 0))
    through = eqx.filter_jit(lambda flows, z: push(flows, z))(flows, z)
    push_one = jax.jit(lambda vector, point: family.at(vector).forward(point)[0])
    one_by_one = [push_one(vector, point) for vector, point in zip(vectors, z, strict=True)]
    np.testing.assert_allclose(through, np.stack(one_by_one), rtol=1e-5, atol=1e-6)


def test_none_leaves_the_flow_to_all_data_alike():
    family = AmortizedFlow(build_flow("planar:2", 3, key=jax.random.key(0)), which="none")
    assert family.size == 0


def test_auto_moves_all_of_small_flows_and_the_vectors_of_large_ones():
    small = AmortizedFlow(build_flow("planar:80", 40, key=jax.random.key(0)), which="auto")
    large = AmortizedFlow(build_flow("realnvp:4", 40, key=jax.random.key(0)), which="auto")
    assert (small.which, large.which) == ("all", "vectors")


def test_constants_are_not_amortized():
    flow = build_flow("permutation+diagonal", 3, key=jax.random.key(0))
    family = AmortizedFlow(flow, which="all")
    assert family.size == 6


def test_another_word_is_refused():
    with pytest.raises(InputError, match="choose one of auto, all, vectors, none"):
        AmortizedFlow(Planar(2, key=jax.random.key(0)), which="some")
