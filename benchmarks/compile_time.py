"""Does compile time grow with the number of layers? ``python -m benchmarks.compile_time``.

Prints the seconds that XLA takes to compile value and gradient of a free energy, at K = 4 and
K = 64 layers, and their ratio: the best of three, each in a cold cache. ``Stacked`` compiles one
layer whatever K is, so that the ratio should stay near 1 (the library promises 1.5 at most).
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp

from fluvial.flows import Flow, build_flow

DIM = 20
DRAWS = 256


def compile_seconds(flow: Flow, repeats: int = 3) -> float:
    """Compile the gradient of a Gaussian free energy; the shortest of the repeats."""
    params, static = eqx.partition(flow, eqx.is_inexact_array)

    def free_energy(params, z):
        x, log_det = jax.vmap(eqx.combine(params, static).forward)(z)
        return jnp.mean(0.5 * jnp.sum(x**2, axis=1) - log_det)

    z = jnp.zeros((DRAWS, flow.dim))
    seconds = []
    for _ in range(repeats):
        jax.clear_caches()
        lowered = jax.jit(jax.value_and_grad(free_energy)).lower(params, z)
        start = time.perf_counter()
        lowered.compile()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print one line a family."""
    jax.config.update("jax_enable_compilation_cache", False)
    print(f"{'family':<10} {'K=4 [s]':>8} {'K=64 [s]':>9} {'ratio':>6}")
    for family in ("planar", "radial", "nice", "realnvp", "spline"):
        few, many = (
            compile_seconds(build_flow(f"{family}:{K}", DIM, key=jax.random.key(0)))
            for K in (4, 64)
        )
        print(f"{family:<10} {few:>8.2f} {many:>9.2f} {many / few:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
