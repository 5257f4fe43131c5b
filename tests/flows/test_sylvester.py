import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Sylvester, build_flow
from fluvial.flows.orthonormal import Orthogonalized, Reflected


def sylvester(dim, columns, seed=0, frame=Reflected):
    """A flow with every parameter away from its start, in float64."""
    flow = Sylvester(dim, key=jax.random.key(seed), columns=columns, frame=frame, dtype=jnp.float64)
    rng = np.random.default_rng(seed)
    return jax.tree.map(
        lambda a: a + rng.normal(size=a.shape) if eqx.is_inexact_array(a) else a, flow
    )


def columns(frame):
    """By reflecting the unit matrix, or by Gram and Schmidt's subtractions."""
    if isinstance(frame, Reflected):
        H = np.eye(frame.normals.shape[1])
        for v in np.asarray(frame.normals):
            H = H @ (np.eye(len(v)) - 2 * np.outer(v, v) / (v @ v))
        return H[:, : frame.count]
    Q = np.array(frame.matrix)
    for i in range(Q.shape[1]):
        Q[:, i] -= Q[:, :i] @ (Q[:, :i].T @ Q[:, i])
        Q[:, i] /= np.linalg.norm(Q[:, i])
    return Q


FRAMES = {
    "reflected": Reflected,
    "few reflections": functools.partial(Reflected, reflections=2),
    "orthogonalized": Orthogonalized,
}


def factors(flow):
    """Q, R and R̃ from their definitions: reflections one by one, constraint by the paper."""
    M, Q = flow.b.size, columns(flow.frame)
    slope = np.exp(5 * np.tanh(np.asarray(flow.raw_log_slope) / 5))
    k = np.log1p(np.exp(np.asarray(flow.raw_k)))
    R = np.triu(flow.upper, 1) + np.diag((k - 1) / slope)
    return Q[:, :M], R, np.triu(flow.upper_tilde, 1) + np.diag(slope)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("dim", "columns"), [(3, 3), (5, 2), (1, 1), (4, 9)])
def test_map_and_determinant_are_the_papers(dim, columns, frame, x64):
    flow = sylvester(dim, columns, frame=FRAMES[frame])
    Q, R, R_tilde = factors(flow)
    np.testing.assert_allclose(Q.T @ Q, np.eye(Q.shape[1]), atol=1e-12)
    assert (np.diag(R) * np.diag(R_tilde) > -1).all()
    z = np.random.default_rng(1).normal(size=dim)
    s = R_tilde @ Q.T @ z + np.asarray(flow.b)
    x, log_det = eqx.filter_jit(flow.forward)(jnp.asarray(z))
    np.testing.assert_allclose(x, z + Q @ R @ np.tanh(s), rtol=1e-11, atol=1e-12)
    det = np.linalg.det(np.eye(Q.shape[1]) + np.diag(1 / np.cosh(s) ** 2) @ R_tilde @ R)
    np.testing.assert_allclose(log_det, np.log(det), atol=1e-10)


def test_only_the_columns_of_Q_are_moved_along(x64):
    flow = sylvester(5, 2)
    Q, _, _ = factors(flow)
    z = jnp.asarray(np.random.default_rng(2).normal(size=5))
    moved = np.asarray(eqx.filter_jit(flow.forward)(z)[0] - z)
    np.testing.assert_allclose(Q @ (Q.T @ moved), moved, atol=1e-12)


def test_a_normal_of_zero_reflects_nothing_and_has_finite_gradients():
    flow = Sylvester(3, key=jax.random.key(0))
    normals = flow.frame.normals.at[1].set(0)
    flow = eqx.tree_at(lambda f: f.frame.normals, flow, normals)

    def total(flow, way):
        out, log_det = getattr(flow, way)(jnp.array([1.0, -1.0, 2.0]))
        return out.sum() + log_det

    for way in ("forward", "inverse"):
        gradients = eqx.filter_jit(eqx.filter_grad(total))(flow, way)
        assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(gradients))


def test_no_columns_are_refused():
    with pytest.raises(InputError, match="columns=0"):
        Sylvester(3, key=jax.random.key(0), columns=0)


def test_no_reflections_are_refused():
    with pytest.raises(InputError, match="reflections=0"):
        build_flow("sylvester-householder:1,reflections=0", 3, key=jax.random.key(0))
