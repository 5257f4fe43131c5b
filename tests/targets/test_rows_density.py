import jax
import jax.numpy as jnp
import numpy as np
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.targets.faulty_rows import check_rows


def log_prior(theta):
    return -0.5 * jnp.sum(theta**2)


def log_likelihood(theta, rows):
    logits = rows["x"] @ theta
    return rows["y"] * logits - jnp.logaddexp(0.0, logits)


def data(count=9001, dim=3):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, dim))
    return {"x": x, "y": (rng.uniform(size=count) < 0.3).astype(np.int8)}


@pytest.fixture(scope="module")
def both():
    rows = data()
    whole = {name: jnp.asarray(rows[name].astype(np.float64)) for name in rows}
    with jax.enable_x64(True):
        held = {name: np.asarray(rows[name], np.float64) for name in whole}
    plain = fluvial.Target(
        lambda theta: log_prior(theta) + jnp.sum(log_likelihood(theta, held)), dim=3
    )
    return fluvial.Target.from_rows(log_prior, log_likelihood, rows, dim=3), plain


def test_values_gradients_and_hessian_are_those_of_the_whole_sum(both):
    streamed, plain = both
    points = np.random.default_rng(1).normal(size=(70, 3))
    values, gradients = plain.value_and_grad(points)
    np.testing.assert_allclose(streamed.values(points), values, rtol=1e-12)
    found = streamed.value_and_grad(points)
    np.testing.assert_allclose(found[0], values, rtol=1e-12)
    np.testing.assert_allclose(found[1], gradients, rtol=1e-9)
    near = streamed.streamed.quadratic(points[0])
    with jax.enable_x64(True):
        hessian = jax.jacfwd(jax.grad(plain.log_prob))(jnp.asarray(points[0]))
    np.testing.assert_allclose(near.hessian, hessian, rtol=1e-9)
    assert streamed.values(np.empty((0, 3))).shape == (0,)


def test_jax_can_trace_the_streamed_density(both):
    streamed, plain = both
    points = np.random.default_rng(2).normal(size=(2, 3))
    gradients = jax.jit(jax.vmap(jax.grad(streamed.log_prob)))(jnp.asarray(points, jnp.float32))
    np.testing.assert_allclose(gradients, plain.value_and_grad(points)[1], rtol=1e-4)


def test_a_draw_of_rows_is_unbiased_and_of_the_size_asked_for(both):
    stream = both[0].streamed
    drawn = stream.draw(50_000, np.random.default_rng(0))
    assert drawn["x"].shape == (50_000, 3)
    np.testing.assert_allclose(drawn["x"].mean(axis=0), data()["x"].mean(axis=0), atol=0.02)
    assert len(stream.sample(1000, np.random.default_rng(0))["y"]) == 1000


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (lambda t, r: jnp.sum(r["x"] @ t), "returned a single number for a block of 4 rows"),
        (lambda t, r: r["x"] * t, r"an array of shape \(4, 3\) for a block of 4 rows"),
        (lambda t, r: [r["x"] @ t], "returned a list"),
        (lambda t, r: r["y"], "numbers of type int64"),
        (lambda t, r: r["z"] @ t, "failed for a block of 4 rows: KeyError: 'z'"),
        (
            lambda t, r: -((r["x"] @ t - jnp.mean(r["x"] @ t)) ** 2),
            "depends on the other rows of its block: one row has .* in a block of 64",
        ),
        (lambda t, r: jnp.cumsum(r["x"] @ t), "depends on the other rows of its block"),
    ],
)
def test_log_likelihoods_that_do_not_treat_rows_one_by_one(function, complaint):
    with pytest.raises(InputError, match=complaint):
        fluvial.Target.from_rows(log_prior, function, data(1000), dim=3)


def test_too_little_memory_for_a_block():
    with pytest.raises(InputError, match="block_bytes is 100"):
        fluvial.Target.from_rows(log_prior, log_likelihood, data(10), dim=3, block_bytes=100)


def test_the_smallest_blocks_give_the_same_sums(both):
    small = fluvial.Target.from_rows(log_prior, log_likelihood, data(), dim=3, block_bytes=2**20)
    points = np.random.default_rng(3).normal(size=(40, 3))
    np.testing.assert_allclose(small.values(points), both[0].values(points), rtol=1e-12)


def test_rows_with_nan_are_counted_and_named_where_they_matter():
    rows = data()
    rows["x"][[7, 5000, 8999, 9000], 1] = np.nan
    target = fluvial.Target.from_rows(log_prior, log_likelihood, rows, dim=3)
    with pytest.raises(
        InputError, match=r"4 of 9,001 rows \(rows 7, 5000, 8999, ...\) hold NaN in 'x'"
    ):
        fluvial.fit(target, progress=False)

    def passes_over(theta, rows):
        missing = jnp.isnan(rows["x"]).any(axis=1)
        logits = jnp.where(missing[:, None], 0.0, rows["x"]) @ theta
        return jnp.where(missing, 0.0, rows["y"] * logits - jnp.logaddexp(0.0, logits))

    target = fluvial.Target.from_rows(log_prior, passes_over, rows, dim=3)
    check_rows(target.streamed, np.zeros(3))


def test_rows_without_a_finite_log_likelihood_are_named():
    rows = data()
    rows["x"][[3, 8000], 0] = np.inf
    target = fluvial.Target.from_rows(log_prior, log_likelihood, rows, dim=3)
    with pytest.raises(InputError, match=r"of 2 of 9,001 rows \(rows 3, 8000\) is not finite at"):
        fluvial.fit(target, progress=False)


def test_integers_that_overflow_are_told():
    rows = {"n": np.resize([3, 2**32], 100)}

    def squares(theta, rows):
        return -0.5 * (theta[0] - rows["n"] * rows["n"]) ** 2

    target = fluvial.Target.from_rows(lambda t: -0.5 * t[0] ** 2, squares, rows, dim=1)
    with pytest.raises(InputError, match="integers overflow in the log likelihood of row 1, "):
        check_rows(target.streamed, np.zeros(1))


def test_large_integers_that_are_indices_or_do_not_overflow_pass():
    rows = {"n": np.arange(2**21, 2**21 + 100)}

    def indexed(theta, rows):
        return theta[rows["n"] % 2]

    for function in (indexed, lambda theta, rows: theta[0] * rows["n"]):
        target = fluvial.Target.from_rows(lambda t: -0.5 * jnp.sum(t**2), function, rows, dim=2)
        check_rows(target.streamed, np.zeros(2))
