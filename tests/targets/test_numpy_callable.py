"""Functions that JAX cannot trace, as targets."""

import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest
import scipy.stats as st

from fluvial.errors import InputError
from fluvial.targets import Target


def _quadratic(x):
    return -0.5 * float(np.sum(x**2))


def test_a_prior_of_scipy_distributions_integrates_to_one_and_maps_to_their_quantiles():
    prior = {"a": st.norm(1.0, 2.0), "b": st.gamma(3.0), "c": (0.0, 4.0)}
    target = Target.from_numpy(lambda x: 0.0, prior=prior)
    z = np.array([[0.0, 0.0, 0.0], [9.0, -9.0, 9.0]])
    found = target.constrain(z)
    assert found["a"].tolist() == pytest.approx([1.0, 19.0], rel=1e-9)
    assert found["b"] == pytest.approx(prior["b"].ppf(st.norm.cdf(z[:, 1])))
    assert found["c"][0] == 2.0
    assert target.values(z) == pytest.approx(st.norm.logpdf(z).sum(axis=1))


def test_bounds_are_a_uniform_prior_times_their_volume():
    target = Target.from_numpy(_quadratic, bounds={"a": (-1.0, 3.0), "b": (0.0, 2.0)})
    z = np.zeros((1, 2))  # the middle, (1, 1)
    assert target.values(z) == pytest.approx(-1.0 + np.log(8.0) - np.log(2.0 * np.pi))


def test_a_prior_transform_is_the_same_as_its_distributions():
    given = Target.from_numpy(_quadratic, prior=[st.expon(), st.norm()])
    cube = Target.from_numpy(
        _quadratic,
        dim=2,
        prior_transform=lambda u: np.array([st.expon.ppf(u[0]), st.norm.ppf(u[1])]),
    )
    z = np.random.default_rng(0).standard_normal((20, 2))
    assert cube.values(z) == pytest.approx(given.values(z))


@pytest.mark.parametrize("gradient", [None, lambda x: -x])
def test_gradients_are_those_of_the_density_in_unconstrained_space(gradient):
    target = Target.from_numpy(
        _quadratic, prior=[st.gamma(2.0), st.norm(1.0, 2.0)], gradient=gradient
    )
    z, step = np.array([[0.3, -1.2]]), 1e-5
    _, found = target.value_and_grad(z)
    for i, unit in enumerate(np.eye(2)):
        slope = (target.values(z + step * unit) - target.values(z - step * unit)) / (2.0 * step)
        assert found[0, i] == pytest.approx(slope[0], rel=1e-4)


def test_jax_calls_the_function_back_and_differentiates_it():
    target = Target.from_numpy(_quadratic, dim=2, gradient=lambda x: -x)
    value, gradient = jax.value_and_grad(target.log_prob)(np.array([1.0, 2.0], np.float32))
    assert (float(value), gradient.tolist()) == (-2.5, [-1.0, -2.0])


@pytest.mark.parametrize("how", ["vectorized", "workers", "pool"])
def test_every_way_to_call_it_gives_the_same_bits(how):
    points = np.random.default_rng(1).standard_normal((30, 2))
    plain = Target.from_numpy(_quadratic, dim=2).values(points)
    with ThreadPoolExecutor(2) as pool:
        options = {"vectorized": {"vectorized": True}, "workers": {"workers": 2}}
        target = Target.from_numpy(
            (lambda x: -0.5 * np.sum(x**2, axis=1)) if how == "vectorized" else _quadratic,
            dim=2,
            **options.get(how, {"pool": pool}),
        )
        assert target.values(points).tobytes() == plain.tobytes()


def _failing_program(x):
    command = [sys.executable, "-S", "-c", "import sys; print('begun'); sys.exit('no mesh')"]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        (lambda x: 1 / 0, {}, "raised ZeroDivisionError: division by zero, at"),
        (lambda x: None, {}, "returned None"),
        (lambda x: x, {}, r"array of shape \(2,\) for one point"),
        (lambda x: 1j, {}, "returned a complex:"),
        (lambda x: np.complex128(1j), {}, "returned a complex128:"),
        (lambda x: x[:, 0] + 1j, {"vectorized": True}, "returned an array of type complex128:"),
        (lambda x: bool(x[0] > 0.0), {}, "returned a bool"),
        (lambda x: x["mu"], {}, r"\(it is called with one array, of shape \(2,\)\), at"),
        (lambda x, y: 0.0, {}, r"\(it is called with one array, of shape \(2,\)\), at"),
        (_failing_program, {}, "exit status 1: no mesh, at"),
        (_failing_program, {"workers": 2}, "exit status 1: no mesh, at"),
        (lambda x: [0.0, "a"], {}, "returned a list"),
        (lambda x: -np.sum(x**2), {"vectorized": True}, r"shape \(\) for points"),
        (lambda x: x[:2, 0], {"vectorized": True}, r"shape \(2,\) for points of shape \(5, 2\)"),
        (lambda x: os._exit(7), {"workers": 2}, "ended its process with exit code 7"),
        (lambda x: time.sleep(60.0), {"timeout": 0.2}, "took longer than 0.2 s"),
    ],
)
def test_whatever_is_wrong_with_a_function_is_said_in_a_sentence(function, options, said):
    with pytest.raises(InputError, match=said):
        Target.from_numpy(function, dim=2, **options).values(np.ones((5, 2)))


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        (lambda u: None, "returned None"),
        (lambda u: u[:1], r"shape \(1,\) for one of shape \(2,\)"),
        (lambda u: u + 0j, "holds no numbers"),
        (lambda u: {"a": u[0]}, "returned a dict"),
        (lambda u: [u[0], [u[1]]], "returned a list"),
        (lambda u: [u[0], u[2]], "raised IndexError"),
    ],
)
def test_whatever_is_wrong_with_a_prior_transform_is_said_in_a_sentence(transform, said):
    target = Target.from_numpy(_quadratic, dim=2, prior_transform=transform)
    with pytest.raises(InputError, match=said):
        target.values(np.zeros((1, 2)))


def test_lists_and_float32_are_numbers_too():
    points = np.array([[1.0, 2.0], [0.5, 0.0]])
    lists = Target.from_numpy(lambda x: [_quadratic(p) for p in x], dim=2, vectorized=True)
    single = Target.from_numpy(lambda x: np.float32(_quadratic(x)), dim=2)
    assert lists.values(points).tolist() == single.values(points).tolist() == [-2.5, -0.125]


def test_what_is_masked_has_no_value():
    one = Target.from_numpy(lambda x: np.ma.masked, dim=2)
    many = Target.from_numpy(lambda x: np.ma.masked_less(x[:, 0], 1.0), dim=2, vectorized=True)
    points = np.array([[2.0, 0.0], [0.0, 0.0]])
    assert np.isnan(one.values(points)).all()
    assert np.isnan(many.values(points)).tolist() == [False, True]


class _Pickling:
    """A pool that sends functions as other processes have them sent."""

    def map(self, function, points):
        pickle.dumps(function)
        raise ValueError("Pool not running")


def test_what_is_wrong_with_a_pool_is_said():
    for function, said in ((lambda x: 0.0, "cannot be sent"), (_quadratic, "Pool not running")):
        target = Target.from_numpy(function, dim=2, pool=_Pickling())
        with pytest.raises(InputError, match=said):
            target.values(np.ones((2, 2)))


def test_failures_can_be_counted_instead():
    def sometimes(x):
        if x[0] > 0.0:
            raise ArithmeticError
        return -1.0

    target = Target.from_numpy(sometimes, dim=1, failures="nan")
    assert np.isnan(target.values(np.array([[1.0], [-1.0]]))).tolist() == [True, False]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "dim is None"),
        ({"prior_transform": lambda u: u}, "or their `names`"),
        ({"bounds": [(0.0, np.inf)]}, "bounds of parameter 0"),
        ({"bounds": [(2.0, 1.0)]}, "bounds of parameter 0"),
        ({"prior": {"n": st.poisson(3.0)}}, "prior of n is discrete"),
        ({"prior": {"n": 3.0}}, "prior of n is of type float"),
        ({"prior": {"n": st.multivariate_normal(np.zeros(2))}}, "`prior_transform` where"),
        ({"prior": {"n": st.norm([0.0, 1.0], 1.0)}}, "prior of n is of 2 numbers"),
        ({"prior": {"n": ("low", "high")}}, r"prior of n is \('low', 'high'\)"),
        ({"dim": 2, "names": "ab"}, "a row of as many names"),
        ({"prior": {"n": st.norm()}, "dim": 2}, "dim is 2, but there are 1 parameters"),
        ({"bounds": [(0.0, 1.0)], "prior": {"n": st.norm()}}, "give one of"),
        ({"dim": 1, "workers": 0}, "workers is 0"),
        ({"dim": 1, "timeout": -1.0}, "timeout is -1.0"),
    ],
)
def test_arguments_of_no_use_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        Target.from_numpy(_quadratic, **options)


def test_a_cache_spares_every_evaluation_and_knows_its_function(tmp_path):
    points = np.random.default_rng(1).standard_normal((30, 2))
    first = Target.from_numpy(_quadratic, dim=2, cache=tmp_path / "cache")
    again = Target.from_numpy(_quadratic, dim=2, cache=tmp_path / "cache")
    values = first.values(points)
    again = Target.from_numpy(_quadratic, dim=2, cache=tmp_path / "cache")
    assert again.values(points).tobytes() == values.tobytes()
    assert again.black_box.calls == 0
    with pytest.raises(InputError, match="of another function"):
        Target.from_numpy(lambda x: -float(np.sum(x**2)), dim=2, cache=tmp_path / "cache")


def test_a_million_calls_of_python_are_too_many_for_a_search():
    numpy_, traced = (
        Target.from_numpy(_quadratic, prior=[st.norm()]),
        Target(lambda x: -(x[0] ** 2), 1),
    )
    assert numpy_.costly
    assert not traced.costly
