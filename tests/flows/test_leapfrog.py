import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Diagonal
from fluvial.flows.leapfrog import Leapfrog


def test_a_step_is_kick_drift_kick_with_what_is_learned(x64):
    leapfrog = Leapfrog(lambda x: -(x**3), 2, steps=2, step_size=0.3, dtype=jnp.float64)
    raw_mass, raw_lag, raw_gain = np.array([0.4, -0.7]), 0.8, np.array([[0.5, -0.2], [0.1, 0.3]])
    leapfrog = eqx.tree_at(
        lambda f: (f.raw_log_mass, f.raw_lag, f.raw_log_gain),
        leapfrog,
        (jnp.asarray(raw_mass), jnp.full(2, raw_lag), jnp.asarray(raw_gain)),
    )
    step = jax.tree.map(lambda a: a[0], leapfrog.schedule())
    x, rho = np.array([0.5, -1.0]), np.array([0.2, 0.3])
    delta = 0.3 / np.sqrt(np.exp(4 * np.tanh(raw_mass / 4)))
    np.testing.assert_allclose(step.delta, delta, rtol=1e-12)
    start = Diagonal(2, dtype=jnp.float64)

    def score(x, beta):
        return -beta * x**3 - (1 - beta) * x / (1 + delta**2)

    half = rho + 0.5 * delta * score(x, 0.5)
    new = x + delta * half
    lagging = 0.5 - 0.5 / (1 + np.exp(-raw_lag))
    gain = np.exp(4 * np.tanh(raw_gain[0] / 4))
    moved = leapfrog.advance(jnp.asarray(x), jnp.asarray(rho), step, start)
    expected = gain * (half + 0.5 * delta * score(new, lagging))
    np.testing.assert_allclose(moved, (new, expected), rtol=1e-12)
    np.testing.assert_allclose(leapfrog.retreat(*moved, step, start), (x, rho), rtol=1e-12)


def test_temperatures_rise_to_the_targets_own():
    leapfrog = Leapfrog(lambda x: -x, 1, steps=5)
    rng = np.random.default_rng(0)
    for scale in (0.1, 10.0, 1e4):
        raw = jnp.asarray(scale * rng.normal(size=5), jnp.float32)
        schedule = eqx.tree_at(lambda f: f.raw_gaps, leapfrog, raw).schedule()
        beta, lagging = np.asarray(schedule.beta), np.asarray(schedule.lagging)
        assert (np.diff(beta) >= 0).all()
        assert (lagging <= beta).all()
        assert (lagging[1:] >= beta[:-1]).all()
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
        pair, one = (jnp.array([1.0]), jnp.array([0.5])), jnp.ones(())
        step = jax.tree.map(lambda a: a[0], leapfrog.schedule())
        step = step._replace(beta=one, lagging=one)
        for _ in range(steps):
            pair = leapfrog.advance(*pair, step, start)
        return abs(float(pair[0][0] ** 2 + pair[1][0] ** 2) - 1.25)

    with jax.disable_jit():
        ratio = energy_error(4) / energy_error(8)
    assert ratio == pytest.approx(4.0, rel=0.1)
