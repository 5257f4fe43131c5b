"""Functions of the host that a program compiled for the CPU calls by name and number.

JAX's own callbacks are addresses baked into a program, so that it cannot be kept on disk and is
compiled again by every process; and each call costs a quarter of a millisecond in Python. A
function called through XLA's foreign function interface has a name instead. Handlers of that
interface are usually compiled; its structures (``xla/ffi/api/c_api.h``, shipped with jaxlib) are
plain C, and here ctypes reads them.

All functions share one name. Which of them is meant is an argument of the call, a number that the
process gives to each: so one program serves all functions whose points have the same dimension, in
this process and, from disk, in others.
"""

import _thread
import ctypes
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import count

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.targets.stan.failures import note_failure

__all__ = ["HostFunction", "call_host", "is_understood", "numbered"]

HostFunction = Callable[[np.ndarray], Sequence[np.ndarray]]
"""From points of shape (N, D), float64, to arrays with a leading axis of length N."""

_PLATFORM = "cpu"
_METADATA = 1
_EXECUTE = 3
_NUMBER = np.dtype(np.uint32)
_DTYPES = {8: _NUMBER, 11: np.dtype(np.float32), 12: np.dtype(np.float64)}
_NAME = "fluvial_host"
_VERSION = (0, 1)  # of the structures below; later ones only grew at the end
_PATIENCE = 0.1  # seconds after which an interrupt that came at a bad moment is repeated

_functions: dict[int, weakref.WeakMethod] = {}
_next = count()


def numbered(method) -> int:
    """Give a bound method the number under which programs call it.

    Args:
        method: a ``HostFunction`` that uses NumPy only; it must outlive what calls it.
    """
    number = next(_next)
    _functions[number] = weakref.WeakMethod(method, lambda _: _functions.pop(number, None))
    return number


def call_host(number: Array, shapes: Sequence[jax.ShapeDtypeStruct], x: Array):
    """Call a numbered method from a traced function, with x of shape (..., D).

    Args:
        number: from ``numbered``, as a scalar of dtype uint32; one for all of a batch.
        shapes: of the results, as for one point.
        x: the point.

    Returns:
        The results, in the dtypes of ``shapes``.
    """
    _register()
    return jax.ffi.ffi_call(_NAME, shapes, vmap_method="expand_dims")(number, x)


@cache
def _register() -> None:
    jax.ffi.register_ffi_target(_NAME, _capsule(), platform=_PLATFORM)


@cache
def is_understood() -> bool:
    """Whether this jaxlib's structures match those below: tried once, on a known function.

    Example:
        >>> is_understood()
        True
    """
    probe = _Probe()
    answers: list[bool] = []
    # On a thread of its own, which no trace that is under way here can see.
    thread = threading.Thread(target=lambda: answers.append(_answers(probe)))
    thread.start()
    thread.join()
    return answers == [True]


class _Probe:
    def squares(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (points**2).sum(axis=1), 2.0 * points


def _answers(probe: _Probe) -> bool:
    try:
        with jax.enable_x64(True), jax.default_device(jax.devices(_PLATFORM)[0]):
            number = jnp.asarray(numbered(probe.squares), _NUMBER)
            for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
                x = jnp.asarray(np.arange(6.0).reshape(3, 2), dtype)
                shapes = (jax.ShapeDtypeStruct((), dtype), jax.ShapeDtypeStruct((2,), dtype))
                call = partial(call_host, number, shapes)
                found = jax.vmap(call)(x)
                right = probe.squares(np.asarray(x))
                if not all(map(np.array_equal, found, right)):
                    return False
    except Exception:  # whatever XLA makes of a handler that does not fit
        return False
    return True


class _Extension(ctypes.Structure):
    """A link of a chain: its fields name the class itself, so they are set once it exists."""


_Extension._fields_ = [
    ("size", ctypes.c_size_t),
    ("type", ctypes.c_int),
    ("next", ctypes.POINTER(_Extension)),
    ("metadata", ctypes.c_void_p),  # of a metadata extension only
]


class _Metadata(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("version_size", ctypes.c_size_t),
        ("version_extension", ctypes.c_void_p),
        ("major", ctypes.c_int),
        ("minor", ctypes.c_int),
        ("traits", ctypes.c_uint32),
    )


class _Buffer(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("extension", ctypes.c_void_p),
        ("dtype", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("rank", ctypes.c_int64),
        ("dims", ctypes.POINTER(ctypes.c_int64)),
    )


class _Buffers(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("extension", ctypes.c_void_p),
        ("count", ctypes.c_int64),
        ("types", ctypes.c_void_p),
        ("buffers", ctypes.POINTER(ctypes.POINTER(_Buffer))),
    )


class _CallFrame(ctypes.Structure):
    _fields_ = (
        ("size", ctypes.c_size_t),
        ("extension", ctypes.POINTER(_Extension)),
        ("api", ctypes.c_void_p),
        ("context", ctypes.c_void_p),
        ("stage", ctypes.c_int),
        ("arguments", _Buffers),
        ("results", _Buffers),
    )


_Handler = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(_CallFrame))
_handlers: list = []  # the programs hold their addresses for as long as the process lives


def _capsule():
    def handle(frame) -> None:
        if not _fits(frame.contents):
            return
        extension = frame.contents.extension
        if extension and extension.contents.type == _METADATA:
            metadata = ctypes.cast(extension.contents.metadata, ctypes.POINTER(_Metadata)).contents
            metadata.major, metadata.minor = _VERSION
        elif frame.contents.stage == _EXECUTE:
            _execute(frame.contents)

    handler = _Handler(handle)
    _handlers.append(handler)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = (
        ctypes.py_object,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p],
    )
    return new(ctypes.cast(handler, ctypes.c_void_p), None, None)


def _fits(frame: _CallFrame) -> bool:
    """Whether a frame is at least as long as what is read from it; later versions are longer."""
    lists = (frame.arguments, frame.results)
    return frame.size >= ctypes.sizeof(_CallFrame) and (
        frame.stage != _EXECUTE or all(part.size >= ctypes.sizeof(_Buffers) for part in lists)
    )


def _execute(frame: _CallFrame) -> None:
    """Write the results; NaN where the function raised, since no exception can pass."""
    results = [_array(frame.results.buffers[i].contents) for i in range(frame.results.count)]
    number = -1
    try:
        numbers, x = (_array(frame.arguments.buffers[i].contents) for i in range(2))
        number = int(numbers.flat[0])
        method = _functions[number]() if np.all(numbers == number) else None
        if method is None:
            raise ReferenceError(f"no function of the host has the numbers {numbers}")
        found = method(np.ascontiguousarray(x, np.float64).reshape(-1, x.shape[-1]))
        with np.errstate(over="ignore"):  # beyond float32's range the honest answer is infinite
            for result, value in zip(results, found, strict=True):
                result[...] = value.reshape(result.shape)
    except BaseException as error:
        for result in results:
            result[...] = np.nan
        if not isinstance(error, KeyboardInterrupt):
            note_failure(f"{_NAME}:{number}", error)
        else:
            threading.Timer(_PATIENCE, _thread.interrupt_main).start()


def _array(buffer: _Buffer) -> np.ndarray:
    dtype, shape = _DTYPES[buffer.dtype], tuple(buffer.dims[: buffer.rank])
    size = dtype.itemsize * int(np.prod(shape))
    memory = (ctypes.c_char * size).from_address(buffer.data) if size else b""
    return np.frombuffer(memory, dtype).reshape(shape)
