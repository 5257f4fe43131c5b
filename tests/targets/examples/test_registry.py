import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets import EXAMPLES, example, target_from_source
from fluvial.targets.examples.eight_schools import eight_schools, eight_schools_centered


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example(name):
    built = example(name)
    draws = built.sample(0, 50)
    assert draws.shape == (50, built.target.dim)
    assert draws.dtype == np.float64
    np.testing.assert_array_equal(draws, built.sample(0, 50))
    assert not np.any(draws == built.sample(1, 50))
    values, gradients = built.target.value_and_grad(draws)
    assert np.all(np.isfinite(values))
    assert np.all(np.isfinite(gradients))
    step = 1e-6 * np.ones(built.target.dim)
    slope = (built.target.values(draws + step) - built.target.values(draws - step)) / 2e-6
    np.testing.assert_allclose(gradients.sum(axis=1), slope, rtol=1e-4, atol=1e-3)
    x = jnp.asarray(draws, jnp.float32)
    assert jax.vmap(built.target.log_prob)(x).dtype == jnp.float32
    constrained = built.target.constrain(draws)
    assert {k: v.shape[1:] for k, v in constrained.items()} == built.target.variables


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_rebuilt_from_their_source(name):
    target = example(name).target
    again = target_from_source(json.loads(json.dumps(target.source)))
    points = np.random.default_rng(0).normal(size=(3, target.dim))
    np.testing.assert_array_equal(again.values(points), target.values(points))


BOXES = {
    "banana": [(-70, 70), (-15, 150)],
    "mixture": [(-12, 12), (-12, 12)],
    "ring": [(-5, 5), (-5, 5)],
}


@pytest.mark.parametrize("name", BOXES)
def test_evidence_by_quadrature(name):
    built = example(name)
    axes = [np.linspace(*bounds, 601) for bounds in BOXES[name]]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    log_integral = np.log(np.sum(np.exp(built.target.values(points))) * cell)
    assert log_integral == pytest.approx(built.log_evidence, abs=1e-3)


@pytest.mark.parametrize("build", [eight_schools, eight_schools_centered])
def test_eight_schools_evidence(build):
    """By importance sampling from a Student-t fitted to the exact draws."""
    from scipy import stats

    built = build()
    draws = built.sample(0, 20_000)
    proposal = stats.multivariate_t(draws.mean(axis=0), np.cov(draws.T), df=4, seed=1)
    points = proposal.rvs(200_000)
    log_weights = built.target.values(points) - proposal.logpdf(points)
    weights = np.exp(log_weights - log_weights.max())
    estimate = log_weights.max() + np.log(weights.mean())
    error = weights.std() / weights.mean() / np.sqrt(len(weights))
    assert built.log_evidence == pytest.approx(-31.3113, abs=1e-4)
    assert estimate == pytest.approx(built.log_evidence, abs=max(6 * error, 0.02))


def test_eight_schools_draws_agree():
    one, other = eight_schools(), eight_schools_centered()
    a = one.target.constrain(one.sample(0, 40_000))
    b = other.target.constrain(other.sample(1, 40_000))
    for name in ("mu", "tau", "theta"):
        np.testing.assert_allclose(
            np.quantile(a[name], [0.1, 0.5, 0.9], axis=0),
            np.quantile(b[name], [0.1, 0.5, 0.9], axis=0),
            atol=0.25,
        )


def test_the_nearest_name_is_suggested():
    with pytest.raises(InputError, match="no example 'funel', did you mean 'funnel'"):
        example("funel")


def test_unknown_sources():
    assert target_from_source(None) is None
    assert target_from_source({"kind": "other"}) is None
