"""Results of a function, some of them computed at once, that come in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_order", "workers"]

A = TypeVar("A")
B = TypeVar("B")


def workers() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(function: Callable[[A], B], items: Iterable[A], count: int) -> Iterator[B]:
    """Apply a function to items in threads, and yield the results in the items' order.

    No more than one item a thread, and one to come, is under way, so that memory is bounded. What
    the function raises is raised here, and nothing more is begun.

    Args:
        function: which leaves the interpreter's lock, as JAX's programs and NumPy do.
        items: its arguments.
        count: of threads; with one, none is started.

    Example:
        >>> list(in_order(lambda n: n * n, range(4), 2))
        [0, 1, 4, 9]
    """
    if count == 1:
        yield from map(function, items)
        return
    waiting: deque[Future[B]] = deque()
    with ThreadPoolExecutor(count) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
