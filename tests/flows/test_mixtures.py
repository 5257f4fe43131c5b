"""Groups of coordinates that are mixtures of Gaussians."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from fluvial.errors import InputError
from fluvial.flows import Mixtures

WEIGHTS = np.array([[0.3, 0.7]])
MEANS = np.array([[[-4.0, 3.0], [2.0, -1.0]]])
ROOTS = np.array([[[[0.8, 0.0], [0.6, 0.7]], [[1.1, 0.0], [-0.9, 0.5]]]])
GROUP = np.array([[2, 0]])


@eqx.filter_jit
def there_and_back(flow, z):
    x, log_det = jax.vmap(flow.forward)(z)
    return x, log_det, *jax.vmap(flow.inverse)(x)


def test_a_group_has_the_density_of_its_mixture_and_the_rest_is_left_alone(x64):
    flow = Mixtures(3, GROUP, WEIGHTS, MEANS, ROOTS, dtype=jnp.float64)
    z = jnp.asarray(np.random.default_rng(0).standard_normal((50, 3)))
    x, log_det, back, inverse_log_det = there_and_back(flow, z)
    np.testing.assert_array_equal(x[:, 1], z[:, 1])
    log_q = norm.logpdf(z).sum(axis=1) - log_det
    covariances = ROOTS[0] @ ROOTS[0].transpose(0, 2, 1)
    each = [
        multivariate_normal.logpdf(np.asarray(x)[:, GROUP[0]], mean, covariance)
        for mean, covariance in zip(MEANS[0], covariances, strict=True)
    ]
    exact = logsumexp(np.stack(each), axis=0, b=WEIGHTS[0][:, None]) + norm.logpdf(x[:, 1])
    np.testing.assert_allclose(log_q, exact, atol=1e-9)
    np.testing.assert_allclose(back, z, atol=1e-9)
    np.testing.assert_allclose(inverse_log_det, -log_det, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"groups": np.array([[0, 0]])}, "in one group, once"),
        ({"weights": np.array([[0.3, 0.3]])}, "add up to one"),
        ({"roots": -ROOTS}, "must be positive"),
    ],
)
def test_what_makes_no_mixture_is_refused(change, complaint):
    given = {"groups": GROUP, "weights": WEIGHTS, "means": MEANS, "roots": ROOTS} | change
    with pytest.raises(InputError, match=complaint):
        Mixtures(3, **given)
