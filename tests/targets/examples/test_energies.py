import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.targets.examples.energies import ENERGIES, U1, U2, U3, U4, energy, log_normalizer, wall
from fluvial.targets.examples.energy_examples import energy_example

POINTS = [(0.7, -0.4), (-2.1, 1.3), (1.0, 0.0), (3.9, 2.0)]


def by_hand(name, z1, z2):
    """Table 1, written without any care for overflow."""
    w1 = math.sin(2 * math.pi * z1 / 4)
    w2 = 3 * math.exp(-0.5 * ((z1 - 1) / 0.6) ** 2)
    w3 = 3 / (1 + math.exp(-(z1 - 1) / 0.3))
    bell = lambda d, s: math.exp(-0.5 * (d / s) ** 2)  # noqa: E731
    if name == "U1":
        radius = math.hypot(z1, z2)
        return 0.5 * ((radius - 2) / 0.4) ** 2 - math.log(bell(z1 - 2, 0.6) + bell(z1 + 2, 0.6))
    if name == "U2":
        return 0.5 * ((z2 - w1) / 0.4) ** 2
    if name == "U3":
        return -math.log(bell(z2 - w1, 0.35) + bell(z2 - w1 + w2, 0.35))
    return -math.log(bell(z2 - w1, 0.4) + bell(z2 - w1 + w3, 0.35))


@pytest.mark.parametrize("U", [U1, U2, U3, U4])
@pytest.mark.parametrize("point", POINTS)
def test_table_1(U, point, x64):
    np.testing.assert_allclose(U(jnp.array(point)), by_hand(U.__name__, *point), rtol=1e-12)


@pytest.mark.parametrize("U", [U1, U2, U3, U4])
def test_float32_stays_float32_and_finite(U):
    for point in ([0.0, 0.0], [1e3, -1e3], [-50.0, 50.0]):
        value, gradient = jax.value_and_grad(U)(jnp.array(point, jnp.float32))
        assert value.dtype == gradient.dtype == jnp.float32
        assert jnp.isfinite(value)
        assert jnp.all(jnp.isfinite(gradient))


def test_the_wall_leaves_the_box_alone():
    assert wall(jnp.array([4.0, 9.0])) == 0
    assert wall(jnp.array([-4.2, 0.0])) == pytest.approx(0.5, rel=1e-5)
    inside = np.array([[z1, 0.3] for z1 in np.linspace(-4, 4, 9)])
    with jax.enable_x64(True):
        for name, U in (("U2", U2), ("U3", U3), ("U4", U4)):
            np.testing.assert_allclose(
                energy(name).values(inside), -jax.vmap(U)(jnp.asarray(inside)), rtol=1e-12
            )


@pytest.mark.parametrize("name", ENERGIES)
def test_log_normalizer(name):
    """U1 from the anchor value of a 4001^2 grid; the others in closed form."""
    exact = 1.8775 if name == "U1" else energy_example(name).log_evidence
    assert log_normalizer(name) == pytest.approx(exact, abs=5e-5 if name == "U1" else 1e-9)


@pytest.mark.parametrize("name", ENERGIES)
def test_draws_have_the_density(name):
    """The share of draws in each cell of a grid is the density's integral over the cell."""
    built = energy_example(name)
    draws = built.sample(0, 50_000)
    edges = np.linspace(-6, 6, 13)
    counts, *_ = np.histogram2d(*draws.T, bins=[edges, edges])
    axis = np.linspace(-6, 6, 481)
    middles = 0.5 * (axis[1:] + axis[:-1])
    points = np.stack(np.meshgrid(middles, middles, indexing="ij"), -1).reshape(-1, 2)
    density = np.exp(built.target.values(points) - built.log_evidence).reshape(480, 480)
    share = density.reshape(12, 40, 12, 40).sum(axis=(1, 3)) * (axis[1] - axis[0]) ** 2
    error = np.sqrt(50_000 * share * (1 - share)) + 1
    assert np.max(np.abs(counts - 50_000 * share) / error) < 4.5


def test_unknown_energy():
    with pytest.raises(InputError, match="there is no energy 'U5': give one of U1, U2, U3, U4"):
        energy("U5")
