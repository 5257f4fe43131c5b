"""How long JAX has been compiling, so that it can be told apart from computing."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import final

__all__ = ["compile_clock"]

_EVENTS = "/jax/core/compile/"  # tracing, lowering, and XLA's compiler or the cache in its place


@contextmanager
def compile_clock() -> Iterator[Callable[[], float]]:
    """Measure the seconds that this thread spends tracing, lowering and compiling.

    Yields:
        A function that returns the seconds so far. What is compiled while something else is
        traced counts once.

    Example:
        >>> import jax
        >>> with compile_clock() as seconds:
        ...     total = jax.jit(lambda x: x + 1.5)(1.0)
        >>> seconds() > 0.0
        True
    """
    _listen()
    clock = _Clock()
    _clocks.append(clock)
    try:
        yield clock.seconds
    finally:
        _clocks.remove(clock)


@final
class _Clock:
    def __init__(self):
        self._thread = threading.get_ident()
        self._spans: list[tuple[float, float]] = []  # begin and length; none within another

    def seconds(self) -> float:
        return sum((seconds for _, seconds in self._spans), 0.0)

    def note(self, seconds: float) -> None:
        """Take note of a span that ends now, and that may hold earlier ones."""
        if threading.get_ident() != self._thread:
            return
        begin = time.perf_counter() - seconds
        while self._spans and self._spans[-1][0] >= begin:
            self._spans.pop()
        self._spans.append((begin, seconds))


_clocks: list[_Clock] = []


@cache
def _listen() -> None:
    """Listen once: not every version of JAX lets a listener go."""
    import jax

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event.startswith(_EVENTS):
            for clock in tuple(_clocks):
                clock.note(duration_secs)

    jax.monitoring.register_event_duration_secs_listener(listen)
