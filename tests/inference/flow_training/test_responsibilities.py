import jax
import jax.numpy as jnp
import numpy as np

from fluvial.inference.flow_training.responsibilities import SharedTarget
from fluvial.posterior.gaussian import Gaussian
from fluvial.targets import Target

TARGET = Target(lambda x: -0.25 * jnp.sum(x**4), dim=2)
GAUSSIANS = [
    Gaussian(np.array([-3.0, 0.0]), np.array([[1.0, 0.0], [0.5, 2.0]])),
    Gaussian(np.array([3.0, 1.0]), 0.3 * np.eye(2)),
    Gaussian(np.array([0.0, 8.0]), np.eye(2)),
]
WEIGHTS = np.array([0.6, 0.3, 0.1])


def shares(x):
    """Log density at x of each mode's share, in the target's own coordinates."""
    with jax.enable_x64(True):
        parts = [SharedTarget(TARGET, GAUSSIANS, WEIGHTS, k) for k in range(3)]
        whitened = [g.whiten(x[None])[0] for g in GAUSSIANS]
        return np.array(
            [
                float(part.log_prob(jnp.asarray(y))) - g.log_det
                for part, y, g in zip(parts, whitened, GAUSSIANS, strict=True)
            ]
        )


def test_the_shares_add_up_to_the_target():
    for x in np.random.default_rng(0).normal(scale=4.0, size=(20, 2)):
        with jax.enable_x64(True):
            whole = float(TARGET.log_prob(jnp.asarray(x)))
        np.testing.assert_allclose(np.logaddexp.reduce(shares(x)), whole, rtol=1e-10)


def test_a_mode_keeps_its_own_center():
    for k, gaussian in enumerate(GAUSSIANS):
        own = shares(gaussian.mean)
        assert own[k] - np.logaddexp.reduce(own) > np.log(0.9)
