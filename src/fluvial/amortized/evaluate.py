"""Bounds and log likelihoods of many data, in memory that does not grow with the samples."""

import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Float32, Float64, Key

from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.inference_network import Approximation
from fluvial.devices import Devices
from fluvial.xla import filter_jit

__all__ = ["bounds", "log_likelihoods"]

_ROWS = 500
_SAMPLES = 50


def bounds(
    dlgm: DLGM,
    rows: Float32[np.ndarray, "N D"],
    samples: int,
    key: Key[Array, ""],
    devices: Devices | None = None,
) -> Float64[np.ndarray, " N"]:
    """The lower bound on ln p(x) for each row, in nats, as a mean over samples.

    Args:
        dlgm: the model.
        rows: data as the model sees them.
        samples: draws of z for each.
        key: decides the draws.
        devices: over which the rows are split, and on which the model is; by default one.
    """
    devices = devices or Devices(every=False)
    total = np.zeros(len(rows))
    for place, log_weights in _log_weights(dlgm, rows, samples, key, devices):
        total[place] += log_weights.sum(0)
    return total / samples


def log_likelihoods(
    dlgm: DLGM, rows: Float32[np.ndarray, "N D"], samples: int, key: Key[Array, ""]
) -> Float64[np.ndarray, " N"]:
    r"""Importance-sampling estimates of ln p(x) for each row, in nats.

    .. math:: \ln p(x) \approx \ln \frac1S \sum_s \frac{p(x, z_s)}{q(z_s \mid x)},
        \qquad z_s \sim q(z \mid x)

    (Rezende et al. 2014, appendix E), a lower bound in expectation for every S. Weights are
    computed in float32, block by block, and added up in float64.

    Args:
        dlgm: the model.
        rows: data as the model sees them.
        samples: S.
        key: decides the draws.
    """
    total = np.full(len(rows), -np.inf)
    for place, log_weights in _log_weights(dlgm, rows, samples, key, Devices(every=False)):
        total[place] = np.logaddexp(total[place], np.logaddexp.reduce(log_weights, axis=0))
    return total - math.log(samples)


def _log_weights(
    dlgm: DLGM,
    rows: Float32[np.ndarray, "N D"],
    samples: int,
    key: Key[Array, ""],
    devices: Devices,
) -> Iterator[tuple[slice, Float64[np.ndarray, "S n"]]]:
    """Yield log weights in blocks of rows and of samples, each block small."""
    size = min(_ROWS, len(rows))
    shape = (devices.padded(size), rows.shape[1])  # one shape to compile
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        place = slice(start, start + len(block))
        padded = devices.split(np.resize(block, shape), axis=0)
        for first in range(0, samples, _SAMPLES):
            count = min(_SAMPLES, samples - first)
            block_key = jax.random.fold_in(jax.random.fold_in(key, start), first)
            values = _block(dlgm, padded, jax.random.split(block_key, count))
            yield place, devices.fetch(values)[:, : len(block)].astype(np.float64)


@filter_jit
def _block(
    dlgm: DLGM, x: Float[Array, "n data_dim"], keys: Key[Array, " S"]
) -> Float[Array, "S n"]:
    x = dlgm.fitted(x)
    flow = dlgm.inference.flow
    axes = Approximation(0, 0, None if flow is None else flow.axes())  # pyright: ignore[reportArgumentType]
    approximation = jax.vmap(dlgm.inference, out_axes=axes)(x)

    def draw(carry: None, key: Key[Array, ""]) -> tuple[None, Array]:
        noise = jax.random.normal(key, (x.shape[0], dlgm.dim))
        return carry, jax.vmap(_log_weight, (None, axes, 0, 0))(dlgm, approximation, x, noise)

    return jax.lax.scan(draw, None, keys)[1]


def _log_weight(dlgm: DLGM, approximation: Any, x: Array, noise: Array) -> Float[Array, ""]:
    z, log_q = approximation.draw(noise)
    log_likelihood, log_prior = dlgm.log_joint(x, z)
    return log_likelihood + log_prior - log_q
