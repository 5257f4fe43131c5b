import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fluvial.flows import Diagonal, Triangular


def test_diagonal_scales_and_shifts():
    flow = eqx.tree_at(
        lambda f: (f.shift, f.raw_log_scale),
        Diagonal(2),
        (jnp.array([1.0, -1.0]), jnp.array([0.01, -0.02])),
    )
    x, log_det = flow.forward(jnp.array([2.0, 3.0]))
    np.testing.assert_allclose(x, [1 + 2 * np.exp(0.01), -1 + 3 * np.exp(-0.02)], rtol=1e-5)
    np.testing.assert_allclose(log_det, -0.01, rtol=1e-3)


def test_triangular_makes_a_gaussian_of_the_covariance_it_says(x64):
    lower = np.array([[9.0, 9, 9], [0.5, 9, 9], [-0.3, 0.8, 9]])
    flow = eqx.tree_at(lambda f: f.lower, Triangular(3, dtype=jnp.float64), jnp.asarray(lower))
    L = np.tril(lower, -1) + np.eye(3)
    z = jnp.array([1.0, -2.0, 0.5])
    x, log_det = flow.forward(z)
    np.testing.assert_allclose(x, L @ np.asarray(z), atol=1e-14)
    np.testing.assert_allclose(log_det, 0, atol=1e-14)
    np.testing.assert_allclose(flow.inverse(x)[0], z, atol=1e-14)


def test_what_is_above_the_diagonal_has_no_gradient():
    gradient = eqx.filter_grad(lambda flow: flow.forward(jnp.ones(3))[0].sum())(Triangular(3))
    np.testing.assert_array_equal(np.triu(gradient.lower), 0)
    assert (np.asarray(gradient.lower)[np.tril_indices(3, -1)] != 0).all()


def test_a_batch_is_solved_at_once():
    """One triangular solve with many right sides, not one for each point."""
    jaxpr = str(jax.make_jaxpr(jax.vmap(Triangular(3).inverse))(jnp.ones((50, 3))))
    assert "triangular_solve" in jaxpr
    assert "f32[50,3,3]" not in jaxpr
