import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial.flows import Planar, Stacked
from fluvial.flows.scan import scan_layers
from fluvial.flows.score import forward_with_score


def stacks(dim, length):
    layers = [Planar(dim, key=key) for key in jax.random.split(jax.random.key(0), length)]
    return Stacked(layers), Stacked(layers, checkpoint=True)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [1, 4, 7])
def test_the_order_is_kept(length, reverse):
    def digits(number, digit):
        return 10 * number + digit, None

    start, arrays = jnp.zeros((), jnp.int32), jnp.arange(1, length + 1, dtype=jnp.int32)
    plain = scan_layers(digits, start, arrays, reverse=reverse)
    checkpointed = scan_layers(digits, start, arrays, reverse=reverse, checkpoint=True)
    numbers = range(length, 0, -1) if reverse else range(1, length + 1)
    assert int(plain) == int(checkpointed) == int("".join(map(str, numbers)))


def test_a_checkpointed_stack_has_the_same_map_and_gradients():
    z = jnp.array([0.3, -0.7])

    @eqx.filter_jit
    @eqx.filter_grad
    def gradient(flow, way):
        if way == "score":
            x, log_det, _ = forward_with_score(flow, z, -z)
        else:
            x, log_det = getattr(flow, way)(z)
        return x.sum() + log_det

    plain, checkpointed = stacks(2, 5)
    for way in ("forward", "inverse", "score"):
        for a, b in zip(
            jax.tree.leaves(gradient(plain, way)),
            jax.tree.leaves(gradient(checkpointed, way)),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_memory_grows_with_the_square_root():
    """Of what the gradient keeps: 256 layers against 16, 4 times as much instead of 16."""

    def temporary_bytes(flow):
        def loss(flow, z):
            x, log_det = jax.vmap(flow.forward)(z)
            return x.sum() + log_det.sum()

        arrays, static = eqx.partition(flow, eqx.is_array)
        gradient = jax.jit(jax.grad(lambda arrays, z: loss(eqx.combine(arrays, static), z)))
        analysis = gradient.lower(arrays, jnp.zeros((200, 8))).compile().memory_analysis()
        return analysis.temp_size_in_bytes

    few, many = stacks(8, 16), stacks(8, 256)
    assert temporary_bytes(many[0]) > 12 * temporary_bytes(few[0])
    assert temporary_bytes(many[1]) < 6 * temporary_bytes(few[1])
    assert temporary_bytes(many[1]) < 0.25 * temporary_bytes(many[0])


def test_on_accelerators_layers_are_unrolled_and_come_in_the_same_order(monkeypatch):
    def step(total, layer):
        return 0.5 * total + layer, None

    arrays = jnp.linspace(0.0, 1.0, 90)
    one_by_one = scan_layers(step, jnp.zeros(()), arrays)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    (scan,) = jax.make_jaxpr(lambda a: scan_layers(step, jnp.zeros(()), a))(arrays).eqns
    assert scan.params["unroll"] == 10
    np.testing.assert_allclose(scan_layers(step, jnp.zeros(()), arrays), one_by_one, rtol=1e-6)
