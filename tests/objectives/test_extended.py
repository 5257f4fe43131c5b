"""Bounds on extended spaces against closed forms, where everything is Gaussian."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.errors import InputError
from fluvial.flows import Controlled, Hamiltonian, Langevin
from fluvial.objectives import Extended, FreeEnergy, base_log_prob, flow_log_prob
from fluvial.targets import Target

MEAN, SD = np.array([0.7, -0.4]), np.array([0.6, 1.3])
LOG_Z = float(np.log(5.0))


def log_gaussian(x):
    """5·N(x; MEAN, SD²), whose log evidence is ln 5."""
    mean, sd = jnp.asarray(MEAN, x.dtype), jnp.asarray(SD, x.dtype)
    return LOG_Z + base_log_prob((x - mean) / sd) - jnp.sum(jnp.log(sd))


TARGET = Target(log_gaussian, dim=2)
score = jax.grad(log_gaussian)


@eqx.filter_jit
def estimated(objective, flow, target, key):
    return objective.estimate(flow, target, key)


def exact_langevin_bound(steps, step_size, *, lag=0.5, gain=1.0):
    """ln Z − Σ_coordinates KL(forward path ‖ backward path), both of them Gaussian chains."""
    bound = LOG_Z
    beta = np.arange(1, steps + 1) / steps
    for mean, sd in zip(MEAN, SD, strict=True):
        h = step_size**2 / 2

        def line(beta, mean=mean, sd=sd):
            """b and a of s(x) = b − a x."""
            return beta * mean / sd**2, beta / sd**2 + (1 - beta) / (1 + step_size**2)

        forward = _chain(0.0, 1.0, *line(beta), h, 2 * h)
        back = _chain(mean, sd**2, *line((beta - lag / steps)[::-1]), h, 2 * h / gain**2)
        backward = back[0][::-1], back[1][::-1, ::-1]
        bound -= _divergence(*forward, *backward)
    return bound


def _chain(mean, variance, b, a, h, noise):
    """Mean and covariance of x_0 … x_K, where x_k = (1 − h a_k) x_{k−1} + h b_k + noise."""
    K = len(a)
    means, covariance = [mean], np.zeros((K + 1, K + 1))
    covariance[0, 0] = variance
    for k in range(K):
        f = 1 - h * a[k]
        means.append(f * means[-1] + h * b[k])
        covariance[k + 1, : k + 1] = f * covariance[k, : k + 1]
        covariance[: k + 1, k + 1] = covariance[k + 1, : k + 1]
        covariance[k + 1, k + 1] = f**2 * covariance[k, k] + noise
    return np.array(means), covariance


def _divergence(m0, S0, m1, S1):
    """KL(N(m0, S0) ‖ N(m1, S1))."""
    d = m1 - m0
    trace = np.trace(np.linalg.solve(S1, S0)) + d @ np.linalg.solve(S1, d) - len(d)
    return 0.5 * (trace + np.linalg.slogdet(S1)[1] - np.linalg.slogdet(S0)[1])


@pytest.mark.parametrize(
    ("steps", "path", "raw_lag", "log_gain"),
    [(1, True, 0.0, 0.0), (1, False, 1.0, 0.3), (4, True, -2.0, 0.2), (4, False, 0.0, 0.0)],
)
def test_langevin_bound_is_that_of_its_kernels(steps, path, raw_lag, log_gain):
    flow = Langevin(score, 2, steps=steps, step_size=0.8)
    learned = (jnp.full(steps, raw_lag), jnp.full((steps, 2), 4 * np.arctanh(log_gain / 4)))
    flow = eqx.tree_at(lambda f: (f.leapfrog.raw_lag, f.leapfrog.raw_log_gain), flow, learned)
    objective = FreeEnergy(draws=20_000, path=path)
    extended = Extended(TARGET, 2, flow.dim)
    estimate = estimated(objective, flow, extended, jax.random.key(steps))
    exact = exact_langevin_bound(steps, 0.8, lag=1 / (1 + np.exp(-raw_lag)), gain=np.exp(log_gain))
    assert abs(float(-estimate.free_energy) - exact) < 4.0 * float(estimate.se) < 0.1


def test_langevin_bound_rises_with_steps_to_the_evidence():
    """What the kernels' closed form says, before anything is learned."""
    gaps = np.array([LOG_Z - exact_langevin_bound(K, 0.3) for K in (4, 16, 64, 256, 1024)])
    assert (np.diff(gaps) < 0).all()
    assert 0 < gaps[-1] < 0.04  # what the size of a step leaves


def linear_bound(flow):
    """−F of a flow that is affine, from its matrix alone."""
    zero = jnp.zeros(flow.dim, jnp.float64)
    c, log_det = eqx.filter_jit(flow.forward)(zero)
    A = np.asarray(eqx.filter_jit(jax.jacfwd(lambda z: flow.forward(z)[0]))(zero))
    mean = np.concatenate([MEAN, np.zeros(flow.dim - 2)])
    sd = np.concatenate([SD, np.ones(flow.dim - 2)])
    B, d = A / sd[:, None], (np.asarray(c) - mean) / sd
    quadratic = 0.5 * (np.sum(B**2) + d @ d - flow.dim)
    return LOG_Z - quadratic - np.log(sd).sum() + np.linalg.slogdet(A)[1], A, log_det


def test_hamiltonian_bound_is_that_of_its_matrix(x64):
    flow = Hamiltonian(score, 2, steps=5, step_size=0.4, dtype=jnp.float64)
    learned = (jnp.array([0.3, -0.2]), jnp.linspace(-0.5, 1.5, 5), 0.1 * jnp.ones((5, 2)))
    flow = eqx.tree_at(
        lambda f: (f.push.raw_log_scale, f.angles, f.leapfrog.raw_log_gain), flow, learned
    )
    exact, A, log_det = linear_bound(flow)
    np.testing.assert_allclose(np.linalg.slogdet(A)[1], log_det, atol=1e-12)
    extended = Extended(TARGET, 2, flow.dim)
    estimate = estimated(FreeEnergy(draws=20_000), flow, extended, jax.random.key(1))
    assert abs(float(-estimate.free_energy) - exact) < 4.0 * float(estimate.se) < 0.1
    assert exact < LOG_Z


CONTROLLED = partial(Controlled, key=jax.random.key(1), width=8)


@pytest.mark.parametrize("family", [Langevin, Hamiltonian, CONTROLLED])
def test_learning_raises_the_bound_and_never_above_the_evidence(family):
    """On a target with no closed form, skewed, in 20 plain gradient steps."""

    def log_skewed(x):
        return jnp.sum(x - jnp.exp(x))  # ln of a standard exponential: Z = 1

    flow = family(jax.grad(log_skewed), 2, steps=4, step_size=0.3)
    extended = Extended(Target(log_skewed, dim=2), 2, flow.dim)
    objective = FreeEnergy(draws=256)

    @eqx.filter_jit
    def descend(flow, keys):
        arrays, static = eqx.partition(flow, eqx.is_inexact_array)

        def step(arrays, key):
            def loss(arrays):
                return objective(eqx.combine(arrays, static), extended, key)

            gradient = jax.grad(loss)(arrays)
            return jax.tree.map(lambda p, g: p - 0.1 * g, arrays, gradient), None

        return eqx.combine(jax.lax.scan(step, arrays, keys)[0], static)

    trained = descend(flow, jax.random.split(jax.random.key(0), 20))
    check = FreeEnergy(draws=4096)
    before, after = (estimated(check, f, extended, jax.random.key(9)) for f in (flow, trained))
    assert float(after.free_energy) < float(before.free_energy) - 0.05
    assert -float(after.free_energy) < 4.0 * float(after.se)
    moved = jax.tree.map(
        lambda a, b: bool((a != b).any()),
        *(eqx.filter(f, eqx.is_inexact_array) for f in (flow, trained)),
    )
    assert all(jax.tree.leaves(moved))


def test_the_extended_density_is_that_of_target_and_noise(x64):
    extended = Extended(TARGET, 2, 5)
    point = jnp.array([0.1, 0.2, 0.5, -1.0, 2.0])
    expected = log_gaussian(point[:2]) + base_log_prob(point[2:])
    np.testing.assert_allclose(extended.log_prob(point), expected, rtol=1e-12)


def test_the_density_of_a_langevin_flow_is_that_of_its_draws(x64):
    flow = Langevin(score, 2, steps=3, dtype=jnp.float64)
    z = jnp.asarray(np.random.default_rng(0).normal(size=flow.dim))
    y, log_det = flow.forward(z)
    np.testing.assert_allclose(flow_log_prob(flow, y), base_log_prob(z) - log_det, rtol=1e-12)


def test_too_small_a_space_is_refused():
    with pytest.raises(InputError, match="cannot hold"):
        Extended(TARGET, 2, 1)
