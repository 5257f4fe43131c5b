import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError

LOG_2PI = np.log(2.0 * np.pi)


def log_prior(theta):
    return -0.5 * jnp.sum(theta**2)


def local_log_prior(theta, u):
    return jnp.sum(-0.5 * ((u - theta[0]) * jnp.exp(-theta[1])) ** 2 - theta[1] - 0.5 * LOG_2PI)


def log_likelihood(theta, u, rows):
    return -0.5 * (rows["y"] - rows["z"] @ u) ** 2 - 0.5 * LOG_2PI


def data(local_dim, count=300, groups=40):
    rng = np.random.default_rng(0)
    group = np.concatenate([np.arange(groups), rng.integers(0, groups, count - groups)])
    z = rng.normal(size=(count, local_dim))
    y = np.sum(z * rng.normal(size=(groups, local_dim))[group], axis=1) + rng.normal(size=count)
    return {"y": y, "z": z}, group


def exact(theta, rows, group):
    """The marginal, and each group's conditional mean and covariance: all is Gaussian."""
    total, conditionals = -0.5 * theta @ theta, []
    dim = rows["z"].shape[1]
    for g in range(group.max() + 1):
        y, z = rows["y"][group == g], rows["z"][group == g]
        tau2, offset = np.exp(2.0 * theta[1]), y - z.sum(axis=1) * theta[0]
        covariance = np.eye(len(y)) + tau2 * z @ z.T
        total -= 0.5 * (
            offset @ np.linalg.solve(covariance, offset)
            + np.linalg.slogdet(covariance)[1]
            + len(y) * LOG_2PI
        )
        precision = z.T @ z + np.eye(dim) / tau2
        conditionals.append((np.linalg.solve(precision, z.T @ y + theta[0] / tau2), precision))
    return total, conditionals


@pytest.mark.parametrize("local_dim", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_groups_are_integrated_out_and_drawn_again(local_dim):
    rows, group = data(local_dim)
    target = fluvial.Target.from_groups(
        log_prior, local_log_prior, log_likelihood, rows, group, dim=2, local_dim=local_dim
    )
    assert target.streamed.count == 40
    points = np.array([[0.3, -0.5], [-1.0, 0.7]])
    truths = [exact(point, rows, group)[0] for point in points]
    np.testing.assert_allclose(target.values(points), truths, rtol=1e-9)
    step = 1e-4 * np.eye(2)
    slopes = [
        (exact(points[0] + e, rows, group)[0] - exact(points[0] - e, rows, group)[0]) / 2e-4
        for e in step
    ]
    np.testing.assert_allclose(target.value_and_grad(points)[1][0], slopes, rtol=1e-5)
    drawn = target.streamed.local_draws(np.repeat(points[:1], 4000, axis=0), np.array([3, 17]), 0)
    for place, number in enumerate((3, 17)):
        mean, precision = exact(points[0], rows, group)[1][number]
        sd = np.sqrt(np.diag(np.linalg.inv(precision)))
        np.testing.assert_allclose((drawn[:, place].mean(axis=0) - mean) / sd, 0.0, atol=0.08)
        np.testing.assert_allclose(drawn[:, place].std(axis=0) / sd, 1.0, atol=0.05)


def test_poisson_groups_agree_with_a_fine_grid():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(12), 5)
    y = rng.poisson(np.exp(rng.normal(size=12))[group])

    def of_counts(theta, u, y):
        return y * u[0] - jnp.exp(u[0])

    target = fluvial.Target.from_groups(log_prior, local_log_prior, of_counts, y, group, dim=2)
    u = np.linspace(-12.0, 6.0, 200_001)
    theta = np.array([0.2, 0.3])
    total = -0.5 * theta @ theta
    for g in range(12):
        mine = y[group == g]
        h = (
            -0.5 * ((u - theta[0]) / np.exp(theta[1])) ** 2
            - theta[1]
            - 0.5 * LOG_2PI
            + mine.sum() * u
            - len(mine) * np.exp(u)
        )
        total += np.log(np.trapezoid(np.exp(h - h.max()), u)) + h.max()
    assert target.values(theta[None])[0] == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize(
    ("group", "complaint"),
    [
        (np.array([0, 2, 2]), "1 of 3 groups have no row .groups 1.: number"),
        (np.array([0.0, 1.0, 1.0]), "give one whole number for each row"),
        (np.array([0, 1]), "the data have 3 rows and the groups 2"),
        (np.array([-1, 0, 1]), "number the groups from 0"),
    ],
)
def test_what_are_no_groups(group, complaint):
    with pytest.raises(InputError, match=complaint):
        fluvial.Target.from_groups(
            log_prior,
            local_log_prior,
            lambda theta, u, y: -((y - u[0]) ** 2),
            np.zeros(3),
            group,
            dim=2,
        )


@pytest.mark.parametrize(
    ("local", "rows", "complaint"),
    [
        (lambda t, u: -(u**2), lambda t, u, y: u[0] * y, r"local log prior returned shape \(1,\)"),
        (
            local_log_prior,
            lambda t, u, y: jnp.sum(u[0] * y),
            r"returned shape \(\) for a group of 3 rows: return shape \(3,\)",
        ),
        (
            local_log_prior,
            lambda t, u, y: u[0] * (y - jnp.mean(y)),
            "depends on the other rows of its group",
        ),
    ],
)
def test_what_is_no_log_density_of_a_group(local, rows, complaint):
    y, group = np.array([1.0, 2.0, 4.0, 5.0, 7.0]), np.array([0, 0, 0, 1, 1])
    with pytest.raises(InputError, match=complaint):
        fluvial.Target.from_groups(log_prior, local, rows, y, group, dim=2)


def test_groups_with_nan_are_named_as_groups():
    y = np.arange(10.0)
    y[4] = np.nan
    target = fluvial.Target.from_groups(
        log_prior,
        local_log_prior,
        lambda t, u, y: -((y - u[0]) ** 2),
        y,
        np.repeat(np.arange(5), 2),
        dim=2,
    )
    with pytest.raises(InputError, match=r"1 of 5 groups \(group 2\) hold NaN, so"):
        fluvial.fit(target, progress=False)


def test_draws_of_groups_that_are_not_there():
    rows, group = data(1)
    target = fluvial.Target.from_groups(
        log_prior, local_log_prior, log_likelihood, rows, group, dim=2
    )
    with pytest.raises(InputError, match="group 40 is asked for: groups are numbered from 0 to 39"):
        target.streamed.local_draws(np.zeros((2, 2)), np.array([0, 40]), 0)
    with pytest.raises(InputError, match="local_dim is 4"):
        fluvial.Target.from_groups(
            log_prior, local_log_prior, log_likelihood, rows, group, dim=2, local_dim=4
        )
