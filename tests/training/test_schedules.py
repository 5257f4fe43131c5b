import jax
import jax.numpy as jnp
import numpy as np
import optax

from fluvial.training import step_sizes, warmup_cosine, warmup_stable_decay


def test_a_schedule_of_optax_is_evaluated_step_by_step():
    schedule = optax.cosine_onecycle_schedule(100, 1.0)
    steps = np.array([0, 17, 30, 99])
    found = step_sizes(schedule, steps)
    with jax.numpy_dtype_promotion("standard"):
        with_optax = [float(schedule(int(step))) for step in steps]
    np.testing.assert_allclose(found, with_optax, rtol=1e-5, atol=1e-6)
    assert found.dtype == jnp.float32


def test_a_number_is_the_same_at_each_step():
    np.testing.assert_array_equal(step_sizes(0.25, np.arange(3)), [0.25, 0.25, 0.25])


def test_warm_up_and_cosine_are_the_formula():
    t = np.arange(200)
    expected = 3e-3 * np.minimum(1, (t + 1) / 10) * (0.1 + 0.9 * (1 + np.cos(np.pi * t / 199)) / 2)
    found = step_sizes(warmup_cosine(3e-3, 199, 10, last=0.1), t)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_training_may_be_shorter_than_its_warm_up():
    rates = np.asarray(step_sizes(warmup_cosine(1.0, 20, 500), np.arange(20)))
    assert (rates > 0).all()
    assert rates.max() < 0.05


def test_without_a_warm_up_it_starts_at_the_peak():
    assert step_sizes(warmup_cosine(0.5, 10, 0), np.arange(1)).item() == 0.5


def test_stable_then_cool_is_flat_until_it_cools_and_ends_near_nothing():
    rates = warmup_stable_decay(0.1, 5, 50, 20)(np.arange(70))
    np.testing.assert_allclose(rates[0], 0.1 / 5)
    assert (rates[5:50] == 0.1).all()
    assert (np.diff(rates[49:]) < 0).all()
    np.testing.assert_allclose(rates[-1], 1e-4)


def test_stable_then_cool_is_the_same_for_the_loop_as_for_the_host():
    schedule = warmup_stable_decay(0.1, 5, 50, 20)
    np.testing.assert_allclose(
        step_sizes(schedule, np.arange(80)), schedule(np.arange(80)), rtol=1e-3, atol=1e-7
    )
