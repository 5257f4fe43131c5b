"""Densities that cannot be normalized, told from those that are merely wide."""

import tracemalloc

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.inference.checks.check import finite_starts
from fluvial.inference.checks.improper import improper_complaint, improper_on_axes
from fluvial.inference.checks.unidentified import unidentified_complaint
from fluvial.inference.climbs.climbing import maximize
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.gaussian.batch_and_match import batch_and_match
from fluvial.inference.settings import Settings, StartSettings
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target, from_stan

RNG = np.random.default_rng(1)
X = RNG.normal(size=(30, 3))
Y = X @ [1.0, 2.0, 3.0] + RNG.normal(size=30)
GROUP = np.repeat(np.arange(3), 10)
SIGNS = np.sign(X[:, 0] + 0.5 * X[:, 1])  # a plane separates them
COUNTS = np.array([23.0, 11.0, 5.0, 2.0, 9.0])


def normal(x, mean, sd):
    return jnp.sum(-0.5 * ((x - mean) / sd) ** 2 - jnp.log(sd))


def dummies(p):
    return normal(Y, p[0] + p[1:4][GROUP], 1.0)


def softmax(p):
    return jnp.sum(COUNTS * jax.nn.log_softmax(p))


def separated(p):
    return jnp.sum(jax.nn.log_sigmoid(SIGNS * (X @ p)))


def complaint(log_density, dim):
    """What the two checks say, as `fit` asks them."""
    counted, rng = CountedTarget(Target(log_density, dim=dim)), np.random.default_rng(0)
    starts = finite_starts(counted, rng, Settings(start=StartSettings(count=4)))
    ends = [maximize(counted, Gaussian(x, np.eye(dim))) for x in starts]
    points = np.stack([*starts, *(end.x for end in ends if end is not None)])
    early = unidentified_complaint(counted, points, rng)
    if early is not None:
        return early
    q = batch_and_match(counted, Gaussian(starts[0], np.eye(dim)), rng)
    return improper_complaint(counted, q.mean, q.cholesky)


IMPROPER = {
    "a coordinate without a prior": (lambda p: -0.5 * p[0] ** 2, 2, "x[1]"),
    "a growing density": (lambda p: -0.5 * p[0] ** 2 + p[1], 2, "x[1]"),
    "a heavy tail": (lambda p: -0.5 * p[0] ** 2 - 0.9 * jnp.log1p(jnp.abs(p[1])), 2, "x[1]"),
    "a ridge": (lambda p: -0.5 * (p[0] + 3.0 * p[1]) ** 2, 2, "x[0], x[1] (as 1 : -0.33)"),
    "an intercept and a coefficient a group": (
        lambda p: normal(Y, p[0] + p[1:4][GROUP], jnp.exp(p[4])) + p[4],
        5,
        "x[0], x[1], x[2], x[3] (as 1 : -1 : -1 : -1)",
    ),
    "two factors": (
        lambda p: dummies(p) + normal(Y, p[4:6][np.arange(30) % 2] + p[0], 1.0),
        6,
        "x[0], x[1], x[2], x[3], x[4], x[5]",
    ),
    "a column twice": (
        lambda p: normal(Y, jnp.c_[X, X[:, 0]] @ p, 1.0),
        4,
        "x[0], x[3] (as 1 : -1)",
    ),
    "a softmax without reference": (softmax, 5, "x[0], x[1], x[2], x[3], x[4]"),
    "a softmax in small units": (lambda p: softmax(1e3 * p), 5, "x[0], x[1], x[2], x[3], x[4]"),
    "a product of scales": (lambda p: normal(Y, jnp.exp(p[0] + p[1]), 1.0), 2, "x[0], x[1]"),
    "separation": (separated, 3, "x[0]"),
}


@pytest.mark.parametrize("name", IMPROPER)
def test_an_improper_density_is_recognized_and_its_parameters_named(name):
    log_density, dim, named = IMPROPER[name]
    sentence = complaint(log_density, dim)
    assert sentence is not None
    assert named in sentence


def wide(p, sd):
    return -0.5 * jnp.sum((p / sd) ** 2)


@pytest.mark.parametrize("dim", [400, 1400])
def test_a_ridge_that_many_coordinates_share_is_named(dim):
    """Nothing changes in two directions: along two coordinates, and along all the others."""
    counted = CountedTarget(
        Target(
            lambda x: -0.5 * jnp.sum((x[2:] - jnp.mean(x[2:])) ** 2) - 0.5 * (x[0] - x[1]) ** 2,
            dim=dim,
        )
    )
    points = np.random.default_rng(0).standard_normal((4, dim))
    found = unidentified_complaint(counted, points, np.random.default_rng(0))
    assert found is not None
    assert "falls off no faster than 1/distance" in found


def test_a_ridge_is_named_though_climbs_end_in_the_neck_of_a_funnel():
    """Two coordinates enter by their sum alone, and the highest point is where scales are e^-19."""

    def log_density(x):
        mean, scale, rest = x[0] + x[1], jnp.exp(x[2]), x[3:]
        prior = wide(mean, 5.0) + wide(x[2], 1.0)
        return prior + normal(rest, mean, scale) + normal(rest, 1.0, 1.0)

    start = np.random.default_rng(0).standard_normal((2, 40))
    neck = np.r_[4.0, -3.0, -19.0, np.full(37, 1.0)]
    counted = CountedTarget(Target(log_density, dim=40))
    found = unidentified_complaint(counted, np.r_[start, neck[None]], np.random.default_rng(0))
    assert found is not None
    assert "x[0], x[1] (as 1 : -1)" in found


PROPER = {
    "Gaussian": (lambda p: wide(p, 1.0), 2),
    "of many scales": (lambda p: wide(p, 10.0 ** np.arange(-4, 5)), 9),
    "Cauchy": (lambda p: -jnp.sum(jnp.log1p(p**2)), 2),
    "in a box": (lambda p: jnp.where(jnp.abs(p[0]) < 1.0, 0.0, -jnp.inf) - 0.5 * p[1] ** 2, 2),
    "dummies with vague priors": (lambda p: dummies(p) + wide(p[:4], 1e5), 4),
    "dummies with Cauchy priors": (lambda p: dummies(p) - jnp.sum(jnp.log1p(p**2)), 4),
    "a softmax with priors": (lambda p: softmax(p) + wide(p, 100.0), 5),
    "separation with Cauchy priors": (lambda p: separated(p) - jnp.sum(jnp.log1p(p**2)), 3),
    "two modes": (lambda p: jnp.logaddexp(wide(p - 5.0, 1.0), wide(p + 5.0, 1.0)), 3),
    "a funnel": (lambda p: wide(p[0], 3.0) + normal(p[1:], 0.0, jnp.exp(p[0] / 2.0)), 5),
    "a banana": (lambda p: wide(p[0], 10.0) + wide(p[1] - 0.03 * p[0] ** 2, 1.0), 2),
    "a vague gamma": (lambda p: 0.01 * p[0] - 0.01 * jnp.exp(p[0]), 1),
}


@pytest.mark.parametrize("name", PROPER)
def test_a_proper_density_is_not_called_improper(name):
    assert complaint(*PROPER[name]) is None


DUMMIES = """
data { int N; array[N] int g; vector[N] y; }
parameters { real a; vector[3] b; real<lower=0> s; }
model { y ~ normal(a + b[g], s); }
"""


def test_a_stan_program_without_draws_says_so_everywhere(tmp_path):
    target = from_stan(DUMMIES, {"N": 30, "g": GROUP + 1, "y": Y})
    posterior = fluvial.fit(target, progress=False)
    assert posterior.verdict.value == "FAILED"
    assert "along a, b[1], b[2], b[3] (as 1 : -1 : -1 : -1)" in posterior.reasons[0]
    assert "proper priors" in posterior.advice
    assert np.isnan(posterior.log_evidence)
    loaded = fluvial.load(posterior.save(tmp_path / "run"))
    for p in (posterior, loaded):
        assert "improper" in str(p.summary())
        for handed_out in (p.draws, p.to_arviz):
            with pytest.raises(InputError, match=r"no draws.*along a, b"):
                handed_out(10)


def test_an_improper_jax_target_has_no_draws():
    target = Target(softmax, dim=5, constrain=lambda x: {"p": jax.nn.softmax(x)})
    posterior = fluvial.fit(target, progress=False)
    assert "along coordinate 0, coordinate 1" in posterior.reasons[0]
    with pytest.raises(InputError, match="no draws"):
        posterior.draws(10)


def test_thousands_of_axes_cost_evaluations_and_memory_that_are_linear_in_their_number():
    dim = 4000
    counted = CountedTarget(Target(lambda x: -0.5 * jnp.sum(x**2), dim=dim))
    counted.values(np.zeros((1, dim)))  # what is compiled is not part of it
    tracemalloc.start()
    assert improper_on_axes(counted, np.zeros(dim), np.ones(dim)) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counted.evaluations < 4.1 * dim
    assert peak < 64 * 2**20  # a matrix of this dimension takes 128 MB


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_an_axis_of_many_along_which_nothing_falls_off_is_named(way):
    """On one side alone."""

    def log_density(x):
        return -0.5 * jnp.sum(x[:-1] ** 2) - 0.5 * jnp.maximum(way * x[-1], 0.0) ** 2

    counted = CountedTarget(Target(log_density, dim=1200))
    found = improper_on_axes(counted, np.zeros(1200), np.ones(1200))
    assert found is not None
    assert "x[1199]" in found
