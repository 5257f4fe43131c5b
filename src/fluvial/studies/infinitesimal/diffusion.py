r"""How far unadjusted Langevin dynamics are from their target after k steps, without learning.

The Fokker-Planck equation of :math:`dx = \nabla \ln p\,dt + \sqrt 2\,d\xi` has p as its one
stationary density, and the divergence of any other falls:

.. math:: \frac{d}{dt} \mathrm{KL}(q_t \| p) =
    -E_{q_t}\left[\lVert \nabla \ln q_t - \nabla \ln p \rVert^2\right] \le 0.

Steps of a size h > 0 have a stationary density that differs from p by O(h) in its scale.

After k steps the density is known up to an average over the particles of one step before,

.. math:: q_k(y) = E\left[N(y;\, x + h \nabla \ln p(x),\, 2 h)\right], \qquad x \sim q_{k - 1},

so that :math:`\mathrm{KL}(q_k \| p)` is measured with particles that nothing was fitted to: one
set for the average, another one, at the k-th step, for the points y. The logarithm of the average
is too low by half its relative variance, which is estimated from the same terms and put back.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from fluvial.targets.examples.energies import energy, log_normalizer
from fluvial.xla import filter_jit

__all__ = ["STEP_SIZE", "Divergences", "divergences"]

STEP_SIZE = 0.01
"""h, in units of time: 1/16 of the variance of the energies' narrowest branch is 0.008."""


class Divergences(NamedTuple):
    """KL(q_k || p) in nats at each checkpoint and its standard error, both (checkpoints,)."""

    kl: np.ndarray
    kl_se: np.ndarray


def divergences(
    energy_name: str, checkpoints: Sequence[int], *, particles: int, points: int, seed: int
) -> Divergences:
    """Follow particles from N(0, 1), and measure how far their density is from an energy's.

    Args:
        energy_name: "U1" to "U4".
        checkpoints: numbers of steps, rising.
        particles: over which the density is averaged.
        points: further particles, at which it is compared.
        seed: of the start and of the noise.
    """
    key, start_key = jax.random.split(jax.random.key(seed))
    x = jax.random.normal(start_key, (particles + points, 2))
    done, measured = 0, []
    for number in checkpoints:
        x = _walk(energy_name, x, key, jnp.asarray(done), jnp.asarray(number - 1))
        after = _walk(energy_name, x, key, jnp.asarray(number - 1), jnp.asarray(number))
        measured.append(_log_ratios(energy_name, x[:particles], after[particles:]))
        x, done = after, number
    log_ratios = np.asarray(measured, np.float64) + log_normalizer(energy_name)
    kl = log_ratios.mean(axis=1)
    return Divergences(kl, log_ratios.std(axis=1, ddof=1) / np.sqrt(points))


@filter_jit
def _walk(energy_name: str, x, key, first, last):
    """Take steps first .. last - 1, each with the noise of its own number."""
    drift = jax.vmap(_drift(energy_name))

    def step(k, x):
        noise = jax.random.normal(jax.random.fold_in(key, k), x.shape)
        return drift(x) + (2 * STEP_SIZE) ** 0.5 * noise

    return jax.lax.fori_loop(first, last, step, x)


@filter_jit
def _log_ratios(energy_name: str, x, y):
    """Return ln q(y) - ln p(y) at each of the points, p without its normalizer."""
    means = jax.vmap(_drift(energy_name))(x)
    n, log_p = x.shape[0], energy(energy_name).log_prob

    def one(point):
        log_kernel = -jnp.sum((point - means) ** 2, axis=1) / (4 * STEP_SIZE)
        largest = jnp.max(log_kernel)
        terms = jnp.exp(log_kernel - largest)
        mean = jnp.mean(terms)
        relative_variance = jnp.var(terms) / mean**2 / n
        log_q = jnp.log(mean) + largest - jnp.log(4 * jnp.pi * STEP_SIZE) + relative_variance / 2
        return log_q - log_p(point)

    return jax.lax.map(one, y, batch_size=16)


def _drift(energy_name: str):
    score = jax.grad(energy(energy_name).log_prob)
    return lambda x: x + STEP_SIZE * score(x)
