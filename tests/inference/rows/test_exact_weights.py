import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.devices import Devices
from fluvial.inference.counted_target import CountedTarget
from fluvial.inference.rows.exact_weights import weigh_rows
from fluvial.inference.run import Run
from fluvial.inference.settings import DEFAULT
from fluvial.posterior.gaussian import Gaussian
from fluvial.posterior.mixture import GaussianComponent, Mixture
from fluvial.progress import Progress


def _log_gammas(x):
    """Normalized: the logarithms of gammas of shape 20."""
    return jnp.sum(20.0 * x - 20.0 * jnp.exp(x) + 20.0 * np.log(20.0) - 39.339884187199495)


def _gaussian(away: float) -> GaussianComponent:
    return GaussianComponent(Gaussian(np.full(3, away - 0.025), 0.225 * np.eye(3)))


@pytest.mark.parametrize(
    "q",
    [
        Mixture((_gaussian(0.0),), np.ones(1)),
        Mixture((_gaussian(-0.05), _gaussian(0.1)), np.array([0.617, 0.383])),
    ],
)
def test_the_stated_error_of_the_evidence_is_that_of_repeated_fits(q):
    target = fluvial.Target(_log_gammas, dim=3)
    scores, independent = [], []
    for seed in range(80):
        run = Run(
            CountedTarget(target),
            "realnvp:8",
            always_train=False,
            seed=seed,
            max_steps=100,
            settings=DEFAULT,
            rng=np.random.default_rng(seed),
            progress=Progress(shown=False),
            devices=Devices(every=False),
        )
        weights = weigh_rows(run, q, q, 2048).weighed.weights
        scores.append(weights.log_evidence / weights.log_evidence_se)
        independent.append(weights.log_evidence / weights.unstratified_se)
    assert 70 <= np.sum(np.abs(scores) < 1.96) < 80
    assert np.std(independent) < 0.8
