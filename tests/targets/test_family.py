"""Targets that differ in their data share what is compiled, and say the same as each by itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.compile_clock import compile_clock
from fluvial.errors import InputError
from fluvial.targets import Target, from_numpyro
from fluvial.targets.data_density import DataDensity
from fluvial.targets.family import TargetFamily


def _regression(data):
    def log_density(p):
        rest = data["y"] - p["a"] - p["b"] * data["x"]
        return -0.5 * jnp.sum((rest / data["sd"]) ** 2) - 0.5 * (p["a"] ** 2 + p["b"] ** 2)

    return Target(
        log_density,
        example={"a": 0.0, "b": 0.0},
        constrain=lambda p: {**p, "fitted": p["a"] + p["b"] * data["x"]},
    )


def _data(seed):
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=7), "y": rng.normal(size=7), "sd": float(rng.uniform(1.0, 2.0))}


def _points(dim):
    return np.random.default_rng(9).standard_normal((5, dim))


def _check_same(target, own):
    x = _points(own.dim)
    for found, wanted in zip(target.value_and_grad(x), own.value_and_grad(x), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10)
    np.testing.assert_allclose(target.values(x), own.values(x), rtol=1e-10)
    assert target.variables == own.variables
    assert target.parameters == own.parameters
    theirs = own.constrain(x)
    for name, value in target.constrain(x).items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-10)
    with jax.enable_x64(True):
        both = jax.jit(lambda argument, z: jax.value_and_grad(argument.log_prob)(z))
        value, gradient = both(target.as_argument(), x[0])
    assert value == pytest.approx(own.values(x[:1])[0])
    np.testing.assert_allclose(gradient, own.value_and_grad(x[:1])[1][0], rtol=1e-10)


def test_targets_are_those_of_their_own_data_and_nothing_is_compiled_again():
    family = TargetFamily(_regression)
    for seed in range(3):
        with compile_clock() as seconds:
            target = family(_data(seed))
            target.value_and_grad(_points(2))
            target.constrain(_points(2))
            compiled = seconds()
        _check_same(target, _regression(_data(seed)))
    assert compiled == 0.0


def test_a_numpyro_model_is_traced_once_with_its_data_as_arguments():
    numpyro = pytest.importorskip("numpyro")
    dist = numpyro.distributions
    runs = []

    def model(sigma, y):
        runs.append(1)
        tau = numpyro.sample("tau", dist.HalfNormal(2.0))
        with numpyro.plate("J", len(y)):
            theta = numpyro.sample("theta", dist.Normal(0.0, tau))
            numpyro.sample("y", dist.Normal(theta, sigma), obs=y)
        numpyro.deterministic("error", theta - y)

    def make(y):
        return from_numpyro(model, np.ones(4), y)

    family = TargetFamily(make)
    first, second = (np.random.default_rng(seed).normal(size=4) for seed in (0, 1))
    _check_same(family(first), make(first))
    before = len(runs)
    target = family(second)
    target.values(_points(5))
    assert len(runs) == before
    _check_same(target, make(second))


def test_data_of_another_shape_or_with_other_constants_make_another_program():
    family = TargetFamily(lambda d: Target(lambda x: d["n"] * x[0] - jnp.sum(d["y"]), dim=d["dim"]))
    for data in (
        {"y": np.ones(3), "n": 2, "dim": 1},
        {"y": np.ones(4), "n": 3, "dim": 1},
        {"y": np.ones(3), "n": 2, "dim": 2},
    ):
        target = family(data)
        assert isinstance(target.density, DataDensity)
        assert target.dim == data["dim"]
        x = _points(target.dim)
        np.testing.assert_allclose(target.values(x), data["n"] * x[:, 0] - len(data["y"]))


def test_integers_that_are_sizes_stay_constants():
    def make(d):
        sizes = [int(n) for n in d["sizes"]]
        at = np.cumsum(sizes)[:-1].tolist()

        def log_density(x):
            parts = jnp.split(d["y"] - x[0], at)
            return -sum(jnp.sum(part**2) / len(part) for part in parts)

        return Target(log_density, dim=1)

    family = TargetFamily(make)
    for sizes in ([1, 3], [2, 2]):
        data = {"y": np.arange(4.0), "sizes": np.array(sizes)}
        assert isinstance(family(data).density, DataDensity)
        x = _points(1)
        np.testing.assert_allclose(family(data).values(x), make(data).values(x))


def _of_values(y):
    center = float(np.mean(y))
    return Target(lambda x: -0.5 * jnp.sum((x - center) ** 2), dim=1)


def _by_numpy(y):
    return Target.from_numpy(lambda x: -0.5 * float(np.sum((x - y) ** 2)), dim=1)


@pytest.mark.parametrize("make", [_of_values, _by_numpy])
def test_what_cannot_be_traced_is_made_as_ever(make):
    family = TargetFamily(make)
    for y in (np.zeros(1), np.ones(1)):
        assert not isinstance(family(y).density, DataDensity)
        assert family(y).values(np.zeros((1, 1)))[0] == -0.5 * y[0]


def test_a_function_that_gives_another_target_every_time_is_not_shared():
    rng = np.random.default_rng(0)

    def make(y):
        shift = rng.normal()
        return Target(lambda x: -jnp.sum((x - y - shift) ** 2), dim=1)

    assert not isinstance(TargetFamily(make)(np.ones(1)).density, DataDensity)


def test_data_that_are_nan_are_refused_as_ever():
    numpyro = pytest.importorskip("numpyro")

    def model(y):
        mu = numpyro.sample("mu", numpyro.distributions.Normal(0.0, 1.0))
        numpyro.sample("y", numpyro.distributions.Normal(mu, 1.0), obs=y)

    family = TargetFamily(lambda y: from_numpyro(model, y))
    family(np.zeros(3))
    with pytest.raises(InputError, match="NaN"):
        family(np.array([0.0, np.nan, 1.0]))
