"""How long a step of training a deep latent Gaussian model takes, and what of it is arithmetic.

    python -m benchmarks.amortized

The model is the paper's for MNIST: 784 pixels, two layers of 400 maxout units in encoder and
decoder, 40 latents, batches of 100, planar flows of K layers. The images are noise: the time does
not depend on them. For each K: a step inside the compiled chunk of fluvial.amortized; the same step
as a program of its own, written to fresh memory each time, as plain JAX has it; and the step's
matrix products alone, each with its two gradients, and how many times as long the step takes.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from fluvial.amortized import DLGM
from fluvial.amortized.steps import Batches, run_chunk, start_state

_IMAGES, _PIXELS, _LATENT, _HIDDEN, _WINDOW = 10_000, 784, 40, 400, 4


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.amortized",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--layers", type=int, nargs="*", default=[0, 10, 20, 40, 80])
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--steps", type=int, default=50, help="a repetition (default 50)")
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args(arguments)
    print("  K  parameters  chunk ms  images/s  alone ms  products ms  chunk/products")
    for layers in options.layers:
        measure(layers, options.batch, options.steps, options.repetitions)


def measure(layers: int, batch: int, steps: int, repetitions: int) -> None:
    """Print one line of the table."""
    model = DLGM(_PIXELS, _LATENT, _HIDDEN).with_flow(f"planar:{layers}" if layers else None)
    count = sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(model, eqx.is_inexact_array)))
    chunk = chunk_seconds(model, batch, steps, repetitions) / steps
    alone = chunk_seconds(model, batch, 1, 5 * repetitions)
    products = product_seconds(layers, batch, 5 * repetitions)
    print(
        f"{layers:>3}{count:>12}{1e3 * chunk:>10.1f}{batch / chunk:>10.0f}{1e3 * alone:>10.1f}"
        f"{1e3 * products:>13.1f}{chunk / products:>16.2f}",
        flush=True,
    )


def chunk_seconds(model: DLGM, batch: int, steps: int, repetitions: int) -> float:
    """Median seconds of a compiled chunk of some steps."""
    rng = np.random.default_rng(0)
    batches = Batches(
        images=jnp.asarray(rng.integers(0, 256, (_IMAGES, _PIXELS), np.uint8)),
        indices=jnp.asarray(rng.integers(0, _IMAGES, (steps, batch)).astype(np.int32)),
        rates=jnp.full(steps, 1e-4),
        weights=jnp.ones((steps, 3)),
        fresh=True,
    )
    state = start_state(model)
    seconds = []
    for _ in range(1 + repetitions):  # the first one compiles
        begin = time.perf_counter()
        state, _ = jax.block_until_ready(run_chunk((model, batches, jax.random.key(0)), state))
        seconds.append(time.perf_counter() - begin)
    return median(seconds[1:])


def product_seconds(layers: int, batch: int, repetitions: int) -> float:
    """Median seconds of the matrix products of a step, forward and back."""
    wide = _HIDDEN * _WINDOW
    shapes = [(_PIXELS, wide), (_HIDDEN, wide), (_HIDDEN, 2 * _LATENT)]
    shapes += [(_LATENT, wide), (_HIDDEN, wide), (_HIDDEN, _PIXELS)]
    if layers:
        shapes.append((_HIDDEN, layers * (2 * _LATENT + 1)))
    rng = np.random.default_rng(0)

    def noise(*shape: int) -> jax.Array:
        return jnp.asarray(rng.standard_normal(shape, np.float32))

    operands = [(noise(batch, n), noise(n, m), noise(batch, m)) for n, m in shapes]
    return sum(_timed(_products, operand, repetitions) for operand in operands)


@jax.jit(donate_argnums=1)
def _products(operands: tuple, out: tuple) -> tuple:
    del out  # its memory is written to again
    x, W, g = operands
    return x @ W, x.T @ g, g @ W.T


def _timed(function: Callable, operands: tuple, repetitions: int) -> float:
    x, W, g = operands
    out = (jnp.zeros_like(g), jnp.zeros_like(W), jnp.zeros_like(x))
    seconds = []
    for _ in range(1 + repetitions):
        begin = time.perf_counter()
        out = jax.block_until_ready(function(operands, out))
        seconds.append(time.perf_counter() - begin)
    return median(seconds[1:])


if __name__ == "__main__":
    main()
