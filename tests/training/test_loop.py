import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import fluvial
from fluvial.errors import InputError
from fluvial.flows import build_flow
from fluvial.objectives import FreeEnergy
from fluvial.training import adam, loop, scan_steps, start_state, train_steps

KEY = jax.random.key(0)
TARGET = jnp.array([1.0, -2.0])


def noisy(x, key):
    return jnp.sum((x - TARGET + 0.1 * jax.random.normal(key, (2,))) ** 2)


def programs():
    return loop._train_compiled._cached._cache_size()


@pytest.mark.parametrize("rule", [optax.sgd, optax.adamw, optax.lion, optax.adabelief, adam])
def test_any_rule_of_optax_minimizes(rule):
    schedule = optax.cosine_decay_schedule(0.05, 400)
    found, trace = train_steps(noisy, jnp.zeros(2), rule, schedule, KEY, steps=400)
    np.testing.assert_allclose(found, TARGET, atol=0.1)
    assert trace.shape == (400,)


def test_it_is_the_loop_that_one_would_write():
    schedule = optax.linear_schedule(0.1, 0.0, 20)
    found, trace = train_steps(noisy, jnp.zeros(2), optax.adamw, schedule, KEY, steps=20)
    rule = optax.adamw(schedule)
    x = jnp.zeros(2)
    state = rule.init(x)
    for t in range(20):
        value, gradient = jax.value_and_grad(noisy)(x, jax.random.fold_in(KEY, t))
        with jax.numpy_dtype_promotion("standard"):
            update, state = rule.update(gradient, state, x)
        x = optax.apply_updates(x, update)
        np.testing.assert_allclose(trace[t], value, rtol=1e-4)
    np.testing.assert_allclose(found, x, rtol=1e-4)


def test_a_whole_rule_is_scaled_by_the_schedule():
    found, _ = train_steps(noisy, jnp.zeros(2), optax.adam(1.0), 0.1, KEY, steps=30)
    expected, _ = train_steps(noisy, jnp.zeros(2), optax.adam, 0.1, KEY, steps=30)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_what_is_not_a_floating_array_stays():
    parameters = {"x": jnp.zeros(2), "order": jnp.array([1, 0]), "name": "x", "no": None}
    found, _ = train_steps(lambda p, key: noisy(p["x"], key), parameters, adam, 0.1, KEY, steps=5)
    assert (found["name"], found["no"], found["order"].tolist()) == ("x", None, [1, 0])
    assert (found["x"] != 0).all()


def test_batches_are_given_one_a_step_and_what_is_measured_is_stacked():
    batches = {"y": np.arange(6.0, dtype=np.float32).reshape(3, 2)}

    def loss(x, key, batch):
        return jnp.sum((x - batch["y"]) ** 2), {"seen": batch["y"][0]}

    _, (losses, measured) = train_steps(loss, jnp.zeros(2), adam, 0.1, KEY, batches=batches)
    assert measured["seen"].tolist() == [0.0, 2.0, 4.0]
    assert losses[0] == 1.0


def test_chunks_go_on_to_the_same_bits():
    @jax.jit
    def steps(state, rates):
        return scan_steps(noisy, state, adam, rates, KEY)

    start, rates = start_state(jnp.zeros(2), adam), jnp.linspace(0.1, 0.0, 30)
    whole, trace = steps(start, rates)
    half, first = steps(start, rates[:15])
    both, second = steps(half, rates[15:])
    jax.tree.map(np.testing.assert_array_equal, whole, both)
    np.testing.assert_array_equal(trace, jnp.concatenate([first, second]))


def test_seeds_starts_schedules_and_data_compile_nothing_anew():
    class Distance(eqx.Module):
        center: jax.Array

        def __call__(self, x, key):
            return noisy(x - self.center, key)

    def run(seed):
        train_steps(
            Distance(jnp.full(2, float(seed))),
            jnp.full(2, float(seed)),
            functools.partial(optax.adamw, weight_decay=0.1),
            optax.cosine_decay_schedule(0.1 + seed, 10),
            jax.random.key(seed),
            steps=10,
        )

    run(0)
    before = programs()
    run(1)
    run(2)
    assert programs() == before


def test_seeds_are_trained_side_by_side_under_vmap():
    keys = jax.random.split(KEY, 3)

    def one(key):
        return train_steps(noisy, jnp.zeros(2), adam, 0.1, key, steps=20)[0]

    together = jax.vmap(one)(keys)
    np.testing.assert_allclose(together, jnp.stack([one(key) for key in keys]), rtol=1e-4)
    np.testing.assert_allclose(jax.jit(one)(keys[0]), together[0], rtol=1e-4)


def test_a_rule_that_watches_the_loss_is_given_it():
    rule = optax.chain(optax.sgd(1.0), optax.contrib.reduce_on_plateau(patience=1))
    found, _ = train_steps(noisy, jnp.zeros(2), rule, 0.05, KEY, steps=100)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_keep_their_type_whatever_the_loss_has(x64, dtype):
    def loss(x, key):
        return jnp.sum((x.astype(jnp.float64) - 1.0) ** 2)

    found, trace = train_steps(loss, jnp.zeros(2, dtype), adam, 0.1, KEY, steps=3)
    assert (found.dtype, trace.dtype) == (dtype, "float64")


def test_a_flow_is_trained_to_the_evidence():
    target = fluvial.Target(lambda x: -0.5 * jnp.sum((x / jnp.array([0.5, 3.0])) ** 2), dim=2)
    objective = FreeEnergy()
    flow = build_flow("diagonal", 2, key=KEY)
    schedule = optax.cosine_decay_schedule(0.03, 600)
    _, trace = train_steps(
        lambda flow, key: objective(flow, target, key), flow, adam, schedule, KEY, steps=600
    )
    assert abs(-float(trace[-20:].mean()) - np.log(2 * np.pi * 1.5)) < 1e-3


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"optimizer": optax.scale_by_adam()}, "the optimizer ascends"),
        ({"parameters": {"x": 1.0}}, "there is nothing to train"),
        ({"loss": lambda x, key: x}, r"this one has shape \(2,\): return its mean"),
        ({"schedule": np.ones(3)}, "differ .4 of steps, 3 of the schedule.: give one"),
        ({"batches": (np.ones(4), np.ones(5))}, r"5 of batches\[1\]"),
        ({"steps": 0}, "0 steps train nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(change, match):
    given = {"loss": noisy, "parameters": jnp.zeros(2), "optimizer": adam, "schedule": 0.1}
    with pytest.raises(InputError, match=match):
        train_steps(**{**given, "key": KEY, "steps": 4, **change})


def test_five_arguments_are_enough():
    assert train_steps(noisy, jnp.zeros(2), adam, 0.1, KEY)[1].shape == (1000,)
