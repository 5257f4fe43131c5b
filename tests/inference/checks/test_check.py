"""The look at a target before work is spent on it."""

import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.inference.checks.check import finite_starts, gradient_complaint
from fluvial.inference.counted_target import CountedTarget
from fluvial.targets import Target, from_stan


def meter_of(log_density, dim=2):
    return CountedTarget(Target(log_density, dim=dim))


def test_starts_are_finite_and_as_many_as_asked_for():
    counted = meter_of(lambda x: jnp.where(x[0] > 1.0, -jnp.sum(x**2), jnp.nan))
    starts = finite_starts(counted, np.random.default_rng(0))
    assert starts.shape == (16, 2)
    assert (starts[:, 0] > 1.0).all()
    assert counted.nonfinite > 0


def test_a_density_that_is_finite_nowhere_is_refused():
    counted = meter_of(lambda x: jnp.log(-jnp.sum(x**2)))
    with pytest.raises(InputError, match="not finite at any of 160 starting points"):
        finite_starts(counted, np.random.default_rng(0))


def test_a_right_gradient_is_not_complained_of():
    counted = meter_of(lambda x: -jnp.sum(x**4))
    assert gradient_complaint(counted, np.array([0.3, 0.7]), np.random.default_rng(0)) is None


def test_a_gradient_that_is_lost_is_complained_of():
    counted = meter_of(lambda x: -jnp.sum(jnp.round(x * 1e7) / 1e7 * 3.0))
    complaint = gradient_complaint(counted, np.array([0.3, 0.7]), np.random.default_rng(0))
    assert complaint is not None
    assert "finite differences" in complaint


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_data_that_are_not_finite_are_named(missing):
    code = "data { int N; vector[N] y; } parameters { real m; } model { y ~ normal(m, 1); }"
    target = from_stan(code, {"N": 3, "y": [1.0, missing, 4.0]})
    with pytest.raises(InputError, match=rf"in the data y\[2\] \(counted from 1\) is {missing}"):
        finite_starts(CountedTarget(target), np.random.default_rng(0))
