import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.targets.batching import batched
from fluvial.targets.tracing import widest


def test_a_tree_of_results():
    points = np.arange(6.0).reshape(3, 2)
    result = batched(lambda x: {"sum": jnp.sum(x), "twice": 2 * x})(points)
    np.testing.assert_array_equal(result["sum"], points.sum(axis=1))
    np.testing.assert_array_equal(result["twice"], 2 * points)


def test_no_points():
    assert batched(jnp.sum)(np.zeros((0, 2))).shape == (0,)


def test_few_shapes_are_traced():
    traces = []

    def function(x):
        traces.append(x.shape)
        return jnp.sum(x)

    apply = batched(function)
    for n in range(1, 200):
        apply(np.zeros((n, 2)))
    assert len(traces) <= 1 + 3  # the look at its width; then 32, 128, 512 rows


@pytest.mark.parametrize(("dim", "most"), [(2, 512), (200, 256)])
def test_of_many_coordinates_little_padding_is_evaluated(dim, most):
    rows = []

    def function(x):
        jax.debug.callback(lambda _: rows.append(1), x[0])
        return jnp.sum(x)

    np.testing.assert_allclose(batched(function)(np.ones((200, dim))), dim)
    jax.effects_barrier()
    assert len(rows) == most


def test_the_widest_array_is_found_inside_loops():
    def function(x):
        def step(carry, _):
            return carry + jnp.sum(jnp.ones(5000) * x[0]), None

        from jax.lax import scan

        return scan(step, 0.0 * x[0], length=3)[0]

    assert widest(function, 2) == 5000


def test_wide_functions_are_evaluated_in_small_chunks():
    shapes = []

    def function(x):
        wide = jnp.ones(2**18) * x[0]
        shapes.append(1)
        return jnp.sum(wide) / 2**18

    np.testing.assert_allclose(batched(function)(np.ones((50, 1))), 1)
    assert len(shapes) == 2  # the look at its width, and one shape of 16 rows
