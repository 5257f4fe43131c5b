import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Diagonal
from fluvial.flows.leapfrog import Leapfrog


def test_a_step_is_kick_drift_kick_with_learned_masses(x64):
    leapfrog = Leapfrog(lambda x: -(x**3), 2, steps=2, step_size=0.3, dtype=jnp.float64)
    raw_mass = np.array([0.4, -0.7])
    leapfrog = eqx.tree_at(lambda f: f.raw_log_mass, leapfrog, jnp.asarray(raw_mass))
    delta, _ = leapfrog.schedule()
    x, rho = np.array([0.5, -1.0]), np.array([0.2, 0.3])
    expected_delta = 0.3 / np.sqrt(np.exp(4 * np.tanh(raw_mass / 4)))
    np.testing.assert_allclose(delta[0], expected_delta, rtol=1e-12)
    start = Diagonal(2, dtype=jnp.float64)

    def score(x, beta):
        return -beta * x**3 - (1 - beta) * x / (1 + expected_delta**2)

    half = rho + 0.5 * expected_delta * score(x, 0.5)
    new = x + expected_delta * half
    turned = -(half + 0.5 * expected_delta * score(new, 0.5))
    got = leapfrog.reflected(jnp.asarray(x), jnp.asarray(rho), delta[0], jnp.asarray(0.5), start)
    np.testing.assert_allclose(got, (new, turned), rtol=1e-12)


def test_temperatures_rise_to_the_targets_own():
    leapfrog = Leapfrog(lambda x: -x, 1, steps=5)
    rng = np.random.default_rng(0)
    for scale in (0.1, 10.0, 1e4):
        raw = jnp.asarray(scale * rng.normal(size=5), jnp.float32)
        beta = np.asarray(eqx.tree_at(lambda f: f.raw_gaps, leapfrog, raw).schedule()[1])
        assert (np.diff(beta) >= 0).all()
        assert beta[0] > 0
        assert beta[-1] == 1


@pytest.mark.parametrize("bad", [{"steps": 0}, {"steps": 1, "step_size": 0.0}])
def test_nonsense_is_refused_in_a_sentence(bad):
    with pytest.raises(InputError, match="must be"):
        Leapfrog(lambda x: -x, 1, **bad)


def test_energy_errors_fall_with_the_square_of_the_step(x64):
    """Second order, on the harmonic oscillator over a fixed time."""
    start = Diagonal(1, dtype=jnp.float64)

    def energy_error(steps):
        leapfrog = Leapfrog(lambda x: -x, 1, steps=steps, step_size=1 / steps, dtype=jnp.float64)
        x, rho = jnp.array([1.0]), jnp.array([0.5])
        for _ in range(steps):
            delta, one = leapfrog.schedule()[0][0], jnp.ones(())
            x, turned = leapfrog.reflected(x, rho, delta, one, start)
            rho = -turned
        return abs(float(x[0] ** 2 + rho[0] ** 2) - 1.25)

    with jax.disable_jit():
        ratio = energy_error(4) / energy_error(8)
    assert ratio == pytest.approx(4.0, rel=0.1)
