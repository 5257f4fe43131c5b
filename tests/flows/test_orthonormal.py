import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows.orthonormal import Orthogonalized, Reflected

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    "frame", [Reflected, functools.partial(Reflected, reflections=1), Orthogonalized]
)
@pytest.mark.parametrize(("dim", "count"), [(4, 4), (6, 2), (1, 1)])
def test_columns_are_orthonormal(frame, dim, count, x64):
    Q = frame(dim, count, key=KEY, dtype=jnp.float64).columns()
    assert Q.shape == (dim, count)
    np.testing.assert_allclose(Q.T @ Q, np.eye(count), atol=1e-13)


def test_orthonormal_columns_stay_as_they_are(x64):
    Q = Reflected(5, 3, key=KEY, dtype=jnp.float64).columns()
    frame = Orthogonalized(5, 3, key=KEY, dtype=jnp.float64)
    for signed in (Q, -Q):
        again = eqx.tree_at(lambda f: f.matrix, frame, signed).columns()
        np.testing.assert_allclose(again, signed, atol=1e-13)


def test_orthogonalizing_is_continuous_where_a_pivot_changes_its_sign(x64):
    """LAPACK's own signs jump there."""

    def columns(pivot):
        matrix = jnp.array([[pivot, 1.0], [1.0, 0.5], [0.3, -1.0]])
        frame = Orthogonalized(3, 2, key=KEY, dtype=jnp.float64)
        return eqx.tree_at(lambda f: f.matrix, frame, matrix).columns()

    np.testing.assert_allclose(columns(1e-9), columns(-1e-9), atol=1e-8)
