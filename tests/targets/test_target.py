import json
import math

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import Target


def quartic(x):
    return -jnp.sum(x**4) / 4 + x[0] * x[-1]


def quartic_gradient(points):
    gradient = -(points**3)
    gradient[:, 0] += points[:, -1]
    gradient[:, -1] += points[:, 0]
    return gradient


def points_of(dim, n=20, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim))


def test_values_and_gradients_are_those_of_the_function():
    points = points_of(3)
    values, gradients = Target(quartic, dim=3).value_and_grad(points)
    exact = -np.sum(points**4, axis=1) / 4 + points[:, 0] * points[:, -1]
    assert values.dtype == gradients.dtype == np.float64
    np.testing.assert_allclose(values, exact, rtol=1e-14)
    np.testing.assert_allclose(gradients, quartic_gradient(points), rtol=1e-13)


@pytest.mark.parametrize("n", [0, 1, 16, 17])
def test_a_row_does_not_depend_on_the_rows_beside_it(n):
    target = Target(quartic, dim=2)
    points = points_of(2, 30)
    values, gradients = target.value_and_grad(points)
    part_values, part_gradients = target.value_and_grad(points[:n])
    np.testing.assert_allclose(part_values, values[:n], rtol=1e-13)
    np.testing.assert_allclose(part_gradients, gradients[:n], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(target.values(points[:n]), values[:n], rtol=1e-13)


def test_more_rows_than_a_chunk_holds():
    points = points_of(2, 10_001)
    np.testing.assert_allclose(
        Target(lambda x: jnp.sum(x), dim=2).values(points), points.sum(axis=1), rtol=1e-12
    )


def test_values_that_are_not_finite_are_returned():
    target = Target(lambda x: jnp.log(x[0]), dim=1)
    values, _ = target.value_and_grad(np.array([[1.0], [0.0], [-1.0]]))
    assert values[0] == 0
    assert values[1] == -np.inf
    assert np.isnan(values[2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_prob_keeps_the_dtype_of_the_point(dtype):
    points = points_of(3)
    target = Target(quartic, dim=3)
    with jax.enable_x64(dtype is np.float64):
        x = jnp.asarray(points, dtype)
        values, gradients = jax.jit(jax.vmap(jax.value_and_grad(target.log_prob)))(x)
        assert values.dtype == gradients.dtype == dtype
    tolerance = 1e-13 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(values, target.values(points), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(
        gradients, quartic_gradient(points), rtol=tolerance, atol=10 * tolerance
    )


def test_a_float32_point_is_evaluated_in_float64():
    """In float32 the difference of two terms near 1e8 would be 0 or a multiple of 8."""
    target = Target(lambda x: (1e8 + x[0]) - 1e8, dim=1)
    value = target.log_prob(jnp.array([0.5], jnp.float32))
    assert value.dtype == jnp.float32
    assert value == 0.5


def test_log_prob_inside_scan_has_gradients():
    target = Target(quartic, dim=2)
    points = jnp.asarray(points_of(2), jnp.float32)

    def total(points):
        def step(carry, _):
            return carry, jnp.sum(jax.vmap(target.log_prob)(carry))

        return jnp.sum(jax.lax.scan(step, points, length=3)[1])

    gradient = jax.jit(jax.grad(total))(points)
    np.testing.assert_allclose(gradient, 3 * quartic_gradient(np.array(points)), rtol=1e-4)


def test_hessian():
    hessian = jax.hessian(Target(quartic, dim=2).log_prob)(jnp.array([1.0, 2.0]))
    np.testing.assert_allclose(hessian, [[-3, 1], [1, -12]], rtol=1e-6)


def captured_data():
    """A function with a float64 NumPy array of its own, which JAX keeps one form of."""
    data = np.arange(3.0) / 3
    return lambda x: -jnp.sum((data - x) ** 2)


@pytest.mark.parametrize("wrap", [lambda f: f, jax.jit], ids=["plain", "jitted"])
@pytest.mark.parametrize("used_before", [True, False])
def test_a_function_serves_the_user_in_float32_before_and_after(wrap, used_before):
    function = captured_data()
    users = wrap(function)
    x = jnp.ones(3, jnp.float32)
    if used_before:
        jax.jit(users)(x)
    target = Target(users, dim=3)
    values, _ = target.value_and_grad(np.ones((2, 3)))
    np.testing.assert_allclose(values, -14 / 9, rtol=1e-14)
    np.testing.assert_allclose(jax.jit(users)(x), -14 / 9, rtol=1e-6)
    np.testing.assert_allclose(
        jax.vmap(jax.grad(users))(x[None]), [[-2, -4 / 3, -2 / 3]], rtol=1e-6
    )


def test_captured_float32_arrays_are_promoted():
    data = jnp.array([0.1, 0.2], jnp.float32)
    with jax.numpy_dtype_promotion("standard"):
        target = Target(lambda x: -jnp.sum((data - x) ** 2), dim=2)
    assert abs(target.values(np.array([[0.1, 0.2]]))[0]) < 1e-15


def test_loops_with_traced_indices_work_in_float32_mode_through_the_host():
    target = Target(lambda x: jax.lax.fori_loop(0, 3, lambda i, s: s - x[i] ** 2, 0.0), dim=3)
    np.testing.assert_allclose(target.values(np.full((1, 3), 2.0)), -12)


def test_pytree_argument():
    example = {"mu": 0, "nested": {"theta": np.zeros((2, 3))}, "pair": (1.0, np.zeros(2))}

    def log_density(p):
        return -(p["mu"] ** 2) - jnp.sum(p["nested"]["theta"][:, 0]) + p["pair"][0]

    target = Target(log_density, example=example)
    assert target.dim == 10
    assert target.variables == {"mu": (), "nested.theta": (2, 3), "pair.0": (), "pair.1": (2,)}
    assert target.parameters == tuple(target.variables)
    point = np.arange(10.0)[None]
    draws = target.constrain(point)
    assert draws["nested.theta"].tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert draws["pair.1"].tolist() == [[8, 9]]
    assert target.values(point)[0] == -(0 + 1 + 4) + 7


def test_a_vector_is_called_x():
    target = Target(quartic, dim=2)
    assert target.variables == {"x": (2,)}
    np.testing.assert_array_equal(target.constrain(np.eye(2))["x"], np.eye(2))


def test_constrain_of_the_user():
    target = Target(
        lambda p: -(p["log_tau"] ** 2),
        example={"log_tau": 0.0},
        constrain=lambda p: {"tau": jnp.exp(p["log_tau"]), "both": jnp.ones(2) * p["log_tau"]},
    )
    assert target.variables == {"both": (2,), "tau": ()}
    draws = target.constrain(np.array([[0.0], [1.0]]))
    np.testing.assert_allclose(draws["tau"], [1, math.e])
    assert draws["both"].shape == (2, 2)


def test_targets_are_compared_by_identity():
    one, other = Target(quartic, dim=2), Target(quartic, dim=2)
    assert len({one, other, one}) == 2


def test_with_source():
    target = Target(quartic, dim=2)
    assert target.source is None
    described = target.with_source({"kind": "mine"}, lambda: target)
    assert json.dumps(described.source) == '{"kind": "mine"}'
    assert described.values(np.ones((1, 2))) == target.values(np.ones((1, 2)))


def test_it_travels_with_what_it_refers_to():
    shift = np.arange(2.0)
    target = Target(
        lambda p: -jnp.sum((p["a"] - shift) ** 2),
        example={"a": np.zeros(2)},
        constrain=lambda p: {"b": jnp.exp(p["a"])},
    )
    again = cloudpickle.loads(cloudpickle.dumps(target))
    points = points_of(2)
    np.testing.assert_array_equal(again.values(points), target.values(points))
    np.testing.assert_array_equal(again.constrain(points)["b"], target.constrain(points)["b"])


def test_what_is_made_of_parts_does_not_travel():
    target = Target(quartic, dim=2)
    with pytest.raises(TypeError, match="does not know how it was made"):
        cloudpickle.dumps(Target.of(target._density, target._space))


@pytest.mark.parametrize("points", [np.zeros(2), np.zeros((3, 3)), np.zeros((1, 1, 2))])
def test_points_of_a_wrong_shape(points):
    with pytest.raises(InputError, match=r"give an array of shape \(N, 2\)"):
        Target(quartic, dim=2).values(points)


WRONG_DENSITIES = {
    "array of shape (2,) for one point": lambda x: x,
    "a number of type int": lambda x: 1,
    "a number of type bool": lambda x: x[0] > 0,
    "a number of type complex128": lambda x: jax.lax.complex(x[0], x[1]),
    "returned a tuple": lambda x: (x[0], x[1]),
    "returned a dict": lambda x: {"value": x[0]},
    "returned a NoneType": lambda x: None,
    "TracerArrayConversionError": lambda x: np.sin(x[0]),
    "shape (2,): ConcretizationTypeError": lambda x: float(x[0]),
    "KeyError: 'mu'": lambda x: {}["mu"],
}


@pytest.mark.parametrize("sentence", WRONG_DENSITIES)
def test_wrong_log_density(sentence):
    with pytest.raises(InputError) as error:
        Target(WRONG_DENSITIES[sentence], dim=2)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


WRONG_SPACES = {
    "one of `dim` and `example`": {},
    "needs one of `dim`": {"dim": 1, "example": 0.0},
    "dim is 0:": {"dim": 0},
    "dim is -1:": {"dim": -1},
    "'a' is a str": {"example": {"a": "text"}},
    "'a.1' is of type complex128": {"example": {"a": [1, 1j]}},
    "'a' is of type bool": {"example": {"a": True}},
    "'a' is a object": {"example": {"a": object()}},
    "holds no number": {"example": {}},
    "two leaves of the example are called 'a.b'": {"example": {"a.b": 0.0, "a": {"b": 0.0}}},
    "`constrain` failed at a point of shape (1,): ZeroDivisionError": {
        "dim": 1,
        "constrain": lambda x: 1 / 0,
    },
}


@pytest.mark.parametrize("sentence", WRONG_SPACES)
def test_wrong_space(sentence):
    with pytest.raises(InputError) as error:
        Target(lambda x: 0.0, **WRONG_SPACES[sentence])
    assert sentence in str(error.value)
