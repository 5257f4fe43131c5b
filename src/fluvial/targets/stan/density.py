"""The log density of a Stan model, called back from JAX."""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from itertools import cycle
from typing import final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float64

from fluvial.targets.density import Density, with_gradient
from fluvial.targets.stan.dropped_constants import dropped_constant
from fluvial.targets.stan.failures import note_failure
from fluvial.targets.stan.model import StanModel
from fluvial.targets.stan.xla_ffi import call_host, is_understood, numbered

__all__ = ["NumberedStanModel", "StanDensity"]

_MOST_THREADS = 8
# A gradient from which on threads pay in any batch; of cheaper ones, down to where they spend more
# time handing over Python's lock than computing, only a batch that takes long is worth a thread.
# Cheaper ones hold it throughout, a tenth of a second at most.
_COSTLY_SECONDS, _CHEAP_SECONDS = 30e-6, 10e-6
_LONG_BATCH_SECONDS = 5e-3


@final
class StanDensity(Density):
    """A Stan model's log density with respect to the unconstrained parameters.

    Traced by JAX it is a call of the host which computes the value and the gradient g at once; the
    derivative rule is d ln p = g . dx, linear in dx, so both forward and reverse mode work, and
    one call serves both. Where a batch takes long, it is divided among threads, each with a model
    of its own, since ctypes releases Python's lock; the results are the same to the bit.

    Args:
        make_model: builds a `StanModel`; called once more for each further thread.
    """

    on_host = True

    def __init__(self, make_model: Callable[[], StanModel]):
        self._make_model = make_model
        self.model = make_model()
        self.dim = self.model.dim
        constant = dropped_constant(self.model)
        self.up_to_constant = constant is None
        self._constant = constant or 0.0
        self._number = numbered(self.value_and_grad)
        self._log_prob = with_gradient(lambda x: self._call_back(x)[0], self._call_back)

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point, by a call of the host."""
        numbered = self.as_argument()
        return self._log_prob(x) if numbered is None else numbered.log_prob(x)

    def as_argument(self) -> "NumberedStanModel | None":
        """Return the log density as an argument of one program for all Stan models."""
        if jax.default_backend() == "cpu" and _by_number():
            return NumberedStanModel(np.uint32(self._number))
        return None

    def _call_back(self, x):
        return _call_back(f"fluvial_stan:{self._number}", self.value_and_grad, x)

    def values(self, points: Float64[np.ndarray, "N D"]) -> Float64[np.ndarray, " N"]:
        """Return log densities, by several threads where that pays."""
        return _joined(self._shared_out("values", points)) + self._constant

    def value_and_grad(
        self, points: Float64[np.ndarray, "N D"]
    ) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N D"]]:
        """Return log densities and their gradients, by several threads where that pays."""
        shares = self._shared_out("value_and_grad", points)
        values, gradients = shares[0] if len(shares) == 1 else _pairs_joined(shares)
        return values + self._constant, gradients

    def rows(self, points: Float64[np.ndarray, "N D"], seed: int) -> Float64[np.ndarray, "N C"]:
        """Return the columns of the constrained space, by several threads where that pays.

        What the generated quantities draw depends on the seed alone, not on the number of threads.
        """
        shares = np.array_split(points, np.clip(len(points), 1, _MOST_THREADS))
        seeds = map(int, np.random.SeedSequence(seed).generate_state(len(shares)))
        work = zip(cycle(self._models), shares, seeds, strict=False)
        if len(points) < 2 or len(self._models) == 1:
            return np.concatenate([model.rows(share, one) for model, share, one in work])
        jobs = [self._pool.submit(model.rows, share, one) for model, share, one in work]
        return np.concatenate([job.result() for job in jobs])

    def _shared_out(self, method: str, points: np.ndarray) -> list:
        """What a model's method returns, for each share of the points."""
        if len(points) < 2 or not self._is_worth_threads(len(points)) or len(self._models) == 1:
            return [getattr(self.model, method)(points, holding=self._is_cheap)]
        shares = np.array_split(points, min(len(self._models), len(points)))
        jobs = [
            self._pool.submit(getattr(model, method), share)
            for model, share in zip(self._models, shares, strict=False)
        ]
        return [job.result() for job in jobs]

    def _is_worth_threads(self, points: int) -> bool:
        seconds = self._seconds
        return seconds >= _COSTLY_SECONDS or points * seconds >= _LONG_BATCH_SECONDS

    @property
    def _is_cheap(self) -> bool:
        return self._seconds < _CHEAP_SECONDS

    @cached_property
    def _seconds(self) -> float:
        return _seconds(self.model)

    @cached_property
    def _models(self) -> list[StanModel]:
        threads = min(os.cpu_count() or 1, _MOST_THREADS)
        if threads == 1 or self._is_cheap:
            return [self.model]
        return [self.model, *(self._make_model() for _ in range(threads - 1))]

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(len(self._models), thread_name_prefix="stan")


def _pairs_joined(shares: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
    return map(np.concatenate, zip(*shares, strict=True))


def _joined(shares: Sequence[np.ndarray]) -> np.ndarray:
    return shares[0] if len(shares) == 1 else np.concatenate(shares)


@final
class NumberedStanModel(eqx.Module):
    """A Stan model's log density, known to a compiled program only by a number.

    Args:
        number: from ``numbered``, a scalar of dtype uint32.
    """

    number: Array | np.ndarray | np.uint32

    def log_prob(self, x: Float[Array, " D"]) -> Float[Array, ""]:
        """Return the log density of one point, in nats, in the point's dtype."""
        return _log_prob_of(jnp.asarray(self.number, jnp.uint32), x)


def _called(number: Array, x: Array) -> tuple[Array, ...]:
    shapes = (jax.ShapeDtypeStruct((), x.dtype), jax.ShapeDtypeStruct(x.shape, x.dtype))
    return tuple(call_host(number, shapes, x))


_log_prob_of = with_gradient(lambda number, x: _called(number, x)[0], _called)


@cache
def _by_number() -> bool:
    """Whether XLA can call the host by a number; if not, a warning says so, once."""
    if not is_understood():
        warnings.warn(
            f"JAX {jax.__version__} calls the host in a way that this version of fluvial does not "
            "know: Stan programs are called through jax.pure_callback, which is slower.",
            stacklevel=2,
        )
        return False
    return True


def _seconds(model: StanModel) -> float:
    """Return the seconds of one gradient in a batch, the best of a few."""
    points = np.full((16, model.dim), 0.1)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        model.value_and_grad(points)
        seconds.append(time.perf_counter() - start)
    return min(seconds) / len(points)


def _call_back(name: str, value_and_grad: Callable, x: Array) -> tuple[Array, ...]:
    """Call the host from a device that is not the host."""

    def on_host(words):
        x = _from_words(np.asarray(words), dtype)
        points = np.ascontiguousarray(x, np.float64).reshape(-1, x.shape[-1])
        try:
            values, gradients = value_and_grad(points)
        except Exception as error:
            note_failure(name, error)
            values, gradients = np.full(len(points), np.nan), np.full_like(points, np.nan)
        with np.errstate(over="ignore"):  # beyond float32's range the honest answer is infinite
            values = values.reshape(x.shape[:-1]).astype(dtype)
            gradients = gradients.reshape(x.shape).astype(dtype)
        return _to_words(values), _to_words(gradients)

    # JAX takes a callback's results on a thread of its own, where `enable_x64` does not hold
    # and a float64 would be cut to a float32; words of 32 bits pass unharmed.
    dtype = x.dtype
    shapes = jax.eval_shape(lambda x: (_as_words(x[0]), _as_words(x)), x)
    words = jax.pure_callback(on_host, shapes, _as_words(x), vmap_method="expand_dims")
    return tuple(jax.lax.bitcast_convert_type(w, dtype) for w in words)


def _as_words(x: Array) -> Array:
    """Bits of floats as 32-bit words: float64 (...) -> (..., 2), float32 (...) -> (...)."""
    return jax.lax.bitcast_convert_type(x, jnp.uint32)


def _from_words(words: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.itemsize == 4:
        return words.view(dtype)
    return np.ascontiguousarray(words).view(dtype)[..., 0]


def _to_words(floats: np.ndarray) -> np.ndarray:
    if floats.dtype.itemsize == 4:
        return floats.view(np.uint32)
    return floats[..., None].view(np.uint32)
