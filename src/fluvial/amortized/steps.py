"""The compiled part of training: a chunk of steps in one loop."""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key, Shaped

from fluvial.amortized.dlgm import DLGM
from fluvial.training import loop
from fluvial.training.adam import adam
from fluvial.training.loop import TrainingState, scan_steps
from fluvial.xla import filter_jit

__all__ = ["Batches", "Measured", "pixels", "run_chunk", "start_state"]


class Batches(eqx.Module):
    """The data, and which of them each step of a chunk sees.

    Attributes:
        images: all of them, shape (N, data_dim), as bool, bytes in 255ths, or float32.
        indices: rows of ``images``, shape (steps, batch).
        rates: step sizes, shape (steps,).
        weights: of ln p(x|z), ln p(z) and ln q in the annealed free energy, shape (steps, 3).
        fresh: draw binary images afresh at each step, with the pixels as probabilities.
        draws: of z for each image.
    """

    images: Shaped[Array, "N data_dim"]
    indices: Int[Array, "steps batch"]
    rates: Float[Array, " steps"]
    weights: Float[Array, "steps 3"]
    fresh: bool = eqx.field(static=True)
    draws: int = eqx.field(static=True, default=1)


class Measured(NamedTuple):
    """What a step measured on its own batch, or each step of a chunk.

    Attributes:
        free_energy: annealed, in nats: what is descended, and never compared.
        bound: the lower bound on ln p(x), not annealed, in nats.
    """

    free_energy: Float[Array, "*steps"]
    bound: Float[Array, "*steps"]


def start_state(model: DLGM) -> TrainingState:
    """Return the state before the first step, in buffers of its own."""
    parameters = jax.tree.map(jnp.array, eqx.filter(model, eqx.is_inexact_array))
    return loop.start_state(parameters, adam)


def pixels(rows: Shaped[Array, "n data_dim"]) -> Float[Array, "n data_dim"]:
    """Bytes as numbers in [0, 1], truth values as 0 and 1; floats as they are."""
    scale = 255 if rows.dtype == jnp.uint8 else 1
    return rows.astype(jnp.float32) / scale


# The state is donated: without that, writing parameters and moments to fresh memory costs more
# than computing them.
@partial(filter_jit, donate="all-except-first")
def run_chunk(
    fixed: tuple[DLGM, Batches, Key[Array, ""]], state: TrainingState
) -> tuple[TrainingState, Measured]:
    """Take one step for each row of indices, in the loop of ``training``.

    Args:
        fixed: the model, of which only what is not trainable is used; the batches; and the key
            that, with the number of the step, decides binarization and noise.
        state: is given up for the one that is returned.
    """
    model, batches, key = fixed
    constants = eqx.filter(model, eqx.is_inexact_array, inverse=True)

    def loss(parameters, key, batch):
        indices, weights = batch
        binary_key, noise_key = jax.random.split(key)
        x = pixels(batches.images[indices])
        if batches.fresh:
            x = (jax.random.uniform(binary_key, x.shape) < x).astype(x.dtype)
        x = model.fitted(x)
        if batches.draws == 1:
            noise = jax.random.normal(noise_key, (x.shape[0], model.dim))
            return _free_energy(parameters, constants, x, noise, weights)
        noise = jax.random.normal(noise_key, (x.shape[0], batches.draws, model.dim))
        return _importance_weighted(parameters, constants, x, noise, weights)

    given = (batches.indices, batches.weights)
    return scan_steps(loss, state, adam, batches.rates, key, given)


def _free_energy(
    parameters: Any,
    constants: Any,
    x: Float[Array, "batch data_dim"],
    noise: Float[Array, "batch D"],
    weights: Float[Array, "3"],
) -> Measured:
    """Annealed free energy of a batch, a mean over its data, and the bound, both in nats."""
    terms = jax.vmap(eqx.combine(parameters, constants).terms)(x, noise)
    log_likelihood, log_prior, log_q = (jnp.mean(term) for term in terms)
    free_energy = weights[2] * log_q - weights[1] * log_prior - weights[0] * log_likelihood
    return Measured(free_energy, log_likelihood + log_prior - log_q)


def _importance_weighted(
    parameters: Any,
    constants: Any,
    x: Float[Array, "batch data_dim"],
    noise: Float[Array, "batch S D"],
    weights: Float[Array, "3"],
) -> Measured:
    r"""The negative importance-weighted bound of a batch (Burda et al. 2016, eq. 8), annealed.

    .. math:: -\ln \frac1S \sum_s \frac{p(x, z_s)}{q(z_s \mid x)}
    """
    model = eqx.combine(parameters, constants)

    def of_datum(x: Array, noise: Array) -> tuple[Array, Array]:
        approximation = model.inference(x)

        def terms(one: Array) -> tuple[Array, Array, Array]:
            z, log_q = approximation.draw(one)
            return *model.log_joint(x, z), log_q

        log_likelihood, log_prior, log_q = jax.vmap(terms)(noise)
        log_weights = weights[0] * log_likelihood + weights[1] * log_prior - weights[2] * log_q
        bound = jnp.mean(log_likelihood + log_prior - log_q)
        return jax.nn.logsumexp(log_weights) - jnp.log(len(log_weights)), bound

    raised, bound = jax.vmap(of_datum)(x, noise)
    return Measured(-jnp.mean(raised), jnp.mean(bound))
