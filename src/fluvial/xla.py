"""How fluvial's programs are compiled: without what XLA is known to get wrong.

From jaxlib 0.10.2 on, XLA hands some reductions to YNNPACK. A matrix-vector product followed by a
sum, under ``vmap``, came out wrong by a hundred nats in batches of 256 and more on CPUs, without a
word (https://github.com/jax-ml/jax/issues/39103; so up to 0.12.0.1, the newest that was tried).
Single products and convolutions, which it does right and which bfloat16 is slow without, it keeps.
``inference/checks/agreement.py`` would notice if another such fault got into a fit.

GPUs and TPUs round the factors of float32 products to TF32 or bfloat16 unless they are told not to,
which is a thousandth of them where rounding to float32 is a ten-millionth. Here they are told.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import equinox as eqx
import jax
from jaxlib import version

__all__ = ["filter_jit", "jit", "options"]

_Function = TypeVar("_Function", bound=Callable)
_MISCOMPILES = (0, 10, 2)
_YNNPACK = "xla_cpu_experimental_ynn_fusion_type"
_RIGHT = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION"


def options(**more: Any) -> dict[str, Any]:
    """Return the compiler options of every program.

    Args:
        more: further ones, such as ``xla_backend_optimization_level=1``.

    Example:
        >>> options(xla_backend_optimization_level=1)["xla_backend_optimization_level"]
        1
    """
    return {**({_YNNPACK: _RIGHT} if version.__version_info__ >= _MISCOMPILES else {}), **more}


def jit(function: Callable) -> Callable:
    """Compile a function by ``jax.jit``; inside another program it has to be called by itself.

    Example:
        >>> jit(lambda x: x + 1.0)(1.0)
        Array(2., dtype=float32, weak_type=True)
    """
    return jax.jit(_in_full(function), compiler_options=options())


def filter_jit(function: _Function, *, donate: str = "none", **more: Any) -> _Function:
    """Compile a function by ``eqx.filter_jit``.

    Args:
        function: of any arguments; those that are not arrays are static.
        donate: which arguments' memory it may reuse, as ``eqx.filter_jit`` takes it.
        more: further compiler options.

    Example:
        >>> filter_jit(lambda x, shift: x + shift)(jax.numpy.zeros(1), 1.0)
        Array([1.], dtype=float32)
    """
    compiled: Any = eqx.filter_jit  # whose types do not know the options of jax.jit
    exact = _in_full(function)
    return cast(_Function, compiled(exact, donate=donate, compiler_options=options(**more)))


def _in_full(function: _Function) -> _Function:
    """Trace a function so that its float32 products are float32, unless someone asked otherwise."""

    @functools.wraps(function)
    def traced(*args: Any, **kwargs: Any) -> Any:
        asked = jax.config.jax_default_matmul_precision  # pyright: ignore[reportAttributeAccessIssue]
        if asked is not None or jax.default_backend() == "cpu":
            return function(*args, **kwargs)
        with jax.default_matmul_precision("float32"):
            return function(*args, **kwargs)

    return cast(_Function, traced)
