"""How the pipeline's functions are compiled: for one short run, not for a thousand."""

from collections.abc import Callable
from typing import TypeVar

from fluvial.xla import filter_jit

__all__ = ["compiled"]

_Function = TypeVar("_Function", bound=Callable)
# XLA's later LLVM passes double the time to compile and leave the loops here no faster; a fit
# spends more on compiling than on anything else, so they are left out.
_LEVEL = 1


def compiled(function: _Function) -> _Function:
    """Compile a function with ``eqx.filter_jit``, quickly rather than exhaustively.

    Example:
        >>> import jax.numpy as jnp
        >>> compiled(lambda x: x + 1.0)(jnp.zeros(1))
        Array([1.], dtype=float32)
    """
    return filter_jit(function, xla_backend_optimization_level=_LEVEL)
