import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.targets.elementwise import elementwise
from fluvial.targets.stan.roles import roles

PROGRAM = """
parameters {
  real mu; array[2] matrix<lower=1, upper=4>[2, 3] m; real<upper=3> b; real<lower=0> s;
  real<offset=3, multiplier=2> o;
}
model { mu ~ normal(0, 1); }
"""


@pytest.fixture(scope="module")
def stan():
    return fluvial.from_stan(PROGRAM)


def test_the_maps_of_stan_are_inverted_and_their_volume_is_known(stan, x64):
    x = np.random.default_rng(0).normal(size=stan.dim)
    found = elementwise(stan.space, stan.dim, stan.parameters)
    values = {name: jnp.asarray(a[0]) for name, a in stan.constrain(x[None]).items()}
    back, log_volume = found.inverse(values)
    np.testing.assert_allclose(back, x, atol=1e-12)

    def constrain(x):  # one parameter after the other, in Stan's own order
        low, up = 1.0, 4.0
        m = low + (up - low) * jax.nn.sigmoid(x[1:13])
        parts = [x[:1], m, 3.0 - jnp.exp(x[13:14]), jnp.exp(x[14:15]), 3.0 + 2.0 * x[15:]]
        return jnp.concatenate(parts)

    jacobian = jax.jacobian(constrain)(jnp.asarray(x))
    assert float(log_volume) == pytest.approx(np.linalg.slogdet(jacobian)[1], rel=1e-10)


def test_softplus_is_known_too(x64):
    target = fluvial.Target(
        lambda p: -(p["u"] ** 2), example={"u": 0.0}, constrain=lambda p: jax.nn.softplus(p["u"])
    )
    found = elementwise(target.space, 1, target.parameters)
    x, log_volume = found.inverse({"x": jnp.asarray(np.log1p(np.exp(0.7)))})
    np.testing.assert_allclose([x[0], log_volume], [0.7, -np.log1p(np.exp(-0.7))], rtol=1e-12)


@pytest.mark.parametrize("declared", ["simplex[3] a;", "ordered[2] a;", "real c; real<lower=c> a;"])
def test_other_maps_are_refused(declared):
    target = fluvial.from_stan(f"parameters {{ {declared} }} model {{}}")
    with pytest.raises(InputError, match="the parameter a is not mapped"):
        elementwise(target.space, target.dim, target.parameters)


@pytest.mark.parametrize(
    ("model", "improper"),
    [
        ("y ~ normal(a, b);", ("a", "b")),
        ("a ~ normal(0, 1); y ~ normal(a, b);", ("b",)),
        ("target += normal_lpdf(y | a, b);", ("a", "b")),
        ("target += normal_lpdf(a | 0, 1) + exponential_lpdf(b | 1);", ()),
        ("target += -square(a); b ~ exponential(1);", ()),
        ("real c = 2 * a; c ~ normal(0, 1); b ~ exponential(1); y ~ normal(a, b);", ()),
        ("for (i in 1:1) { a ~ normal(0, 1); } log(b) ~ normal(0, 1);", ()),
    ],
)
def test_parameters_without_a_prior_are_told_from_the_source(model, improper):
    program = f"data {{ real y; }} parameters {{ real a; real<lower=0> b; }} model {{ {model} }}"
    assert roles(program).improper == improper


def test_bounded_parameters_are_proper_without_a_prior():
    program = "parameters { real<lower=0, upper=1> p; simplex[3] s; } model { }"
    assert roles(program).improper == ()


def test_outcomes_are_told_from_other_data():
    program = """data { int N; vector[N] x; array[N] int y; } parameters { real b; }
    model { b ~ normal(0, 1); y ~ poisson_log(x * b); }"""
    target = fluvial.from_stan(program, {"N": 2, "x": [0.5, 1.0], "y": [1, 3]})
    assert target.annotations.observed["y"].tolist() == [1, 3]
    assert set(target.annotations.constant) == {"N", "x"}
