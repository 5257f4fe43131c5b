"""A core within a wide density: a mixture of two Gaussians, from the one that was matched to it."""

import jax.numpy as jnp
import numpy as np
import pytest

import fluvial


@pytest.mark.parametrize("seed", [0, 1])
def test_a_narrow_core_in_a_wide_density_is_right_without_a_flow(seed):
    def log_density(x):
        core = -0.5 * jnp.sum(x**2) / 0.1**2 - 2.0 * np.log(0.1)
        return jnp.logaddexp(-0.5 * jnp.sum(x**2), core) - np.log(4.0 * np.pi)

    posterior = fluvial.fit(fluvial.Target(log_density, dim=2), seed=seed, progress=False)
    assert posterior.verdict.name == "GOOD"
    assert posterior.provenance.flow == "gaussian"
    assert abs(posterior.log_evidence) < 0.02
    sd = posterior.draws(8000)["x"].std(axis=0)
    np.testing.assert_allclose(sd, np.sqrt(1.01 / 2.0), rtol=0.05)
