import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Continuous, build_flow
from fluvial.flows.velocity import Velocity, _spectral_bound
from fluvial.objectives import FreeEnergy
from fluvial.targets import Target


def in_use(module, scale=0.5):
    rng = np.random.default_rng(3)
    return jax.tree.map(
        lambda a: a + scale * rng.normal(size=a.shape) if eqx.is_inexact_array(a) else a, module
    )


@pytest.mark.parametrize("dim", [1, 3, 20])
def test_divergence_is_the_trace_of_the_jacobian(dim, x64):
    velocity = in_use(Velocity(dim, key=jax.random.key(0), width=9, dtype=jnp.float64))
    field = velocity.function()
    t, x = jnp.array(0.3), jnp.linspace(-1.0, 1.0, dim)
    trace = jnp.trace(jax.jacfwd(lambda x: field(t, x)[0])(x))
    np.testing.assert_allclose(field(t, x)[1], trace, rtol=1e-10, atol=1e-12)


def test_the_rate_is_bounded_for_any_weights(x64):
    velocity = in_use(Velocity(2, key=jax.random.key(0), width=16, dtype=jnp.float64), 1e3)
    flat = tuple(jnp.zeros_like(b) for b in velocity.biases)
    velocity = eqx.tree_at(lambda v: v.biases, velocity, flat)
    field = velocity.function()
    jacobian = jax.jacfwd(lambda x: field(jnp.zeros(()), x)[0])(jnp.zeros(2))
    assert 1.0 < np.linalg.norm(jacobian, 2) < 50.0


def test_the_bound_of_a_matrix_is_above_its_norm(x64):
    W = jnp.asarray(np.random.default_rng(0).normal(size=(7, 4)))
    norm = np.linalg.norm(W, 2)
    assert norm <= float(_spectral_bound(W)) <= 1.5 * norm
    gradient = jax.grad(_spectral_bound)(jnp.zeros((3, 2)))
    np.testing.assert_array_equal(gradient, 0)


def test_a_linear_field_is_followed_to_its_matrix_exponential(x64):
    """Weights so small that tanh is the identity, in pairs of layers of width D."""
    A = np.array([[0.2, -0.9], [0.7, -0.4]])
    flow = Continuous(2, key=jax.random.key(0), width=2, steps=8, dtype=jnp.float64)
    small, unit, none = 1e-5, np.eye(2), jnp.zeros(2)
    flow = eqx.tree_at(
        lambda f: (f.velocity.weights, f.velocity.biases, f.velocity.drifts),
        flow,
        (
            (jnp.asarray(small * unit), jnp.asarray(unit), jnp.asarray(A / small)),
            (none, none, jnp.array([0.1, 0.0])),
            (none, none),
        ),
    )
    z = jnp.array([0.5, -0.3])
    sigma = np.linalg.norm(small * unit.T @ unit * small) ** 0.5 * 2**0.25
    sigma *= np.linalg.norm((A / small).T @ (A / small)) ** 0.5
    A = A / np.sqrt(1 + (sigma / 50) ** 2)
    augmented = np.zeros((3, 3))
    augmented[:2, :2], augmented[:2, 2] = A, [0.1, 0.0]
    expected = (jax.scipy.linalg.expm(jnp.asarray(augmented)) @ jnp.array([*z, 1.0]))[:2]
    x, log_det = eqx.filter_jit(flow.forward)(z)
    np.testing.assert_allclose(x, expected, atol=1e-8)
    np.testing.assert_allclose(log_det, np.trace(A), atol=1e-8)


def test_the_error_is_of_eighth_order(x64):
    """Twice the steps, about 2⁸ times less."""
    errors = []
    for steps in (2, 4):
        flow = build_flow(
            f"continuous,width=8,steps={steps}", 2, key=jax.random.key(1), dtype=jnp.float64
        )
        flow = in_use(flow)
        z = jnp.array([0.4, -1.1])
        x, _ = eqx.filter_jit(flow.forward)(z)
        errors.append(float(jnp.abs(eqx.filter_jit(flow.inverse)(x)[0] - z).max()))
    assert 30 < errors[0] / errors[1] < 5000


def test_training_lowers_the_free_energy():
    target = Target(lambda x: -0.5 * (x[0] ** 2 + 4 * (x[1] - x[0] ** 2 / 2) ** 2), dim=2)
    objective = FreeEnergy(draws=128)

    @eqx.filter_jit
    def descend(flow, keys):
        arrays, static = eqx.partition(flow, eqx.is_inexact_array)

        def step(arrays, key):
            gradient = jax.grad(lambda a: objective(eqx.combine(a, static), target, key))(arrays)
            return jax.tree.map(lambda p, g: p - 0.05 * g, arrays, gradient), None

        return eqx.combine(jax.lax.scan(step, arrays, keys)[0], static)

    flow = build_flow("continuous,width=8,steps=2", 2, key=jax.random.key(0))
    trained = descend(flow, jax.random.split(jax.random.key(1), 40))
    check = FreeEnergy(draws=1024, path=False)
    checked = eqx.filter_jit(lambda f: check(f, target, jax.random.key(2)))
    before, after = checked(flow), checked(trained)
    log_z = np.log(2 * np.pi / 2)
    assert float(before) + log_z > 0.5
    assert float(after) + log_z < 0.6 * (float(before) + log_z)


@pytest.mark.parametrize("option", ["steps=0", "width=0"])
def test_nothing_to_compute_with_is_refused(option):
    with pytest.raises(InputError, match="at least 1"):
        build_flow(f"continuous,{option}", 2, key=jax.random.key(0))


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "diffrax", None)
    with pytest.raises(InputError, match=r'needs diffrax, .*its extra "studies"'):
        Continuous(2, key=jax.random.key(0))
