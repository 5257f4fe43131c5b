"""Exceptions inside a host's density, which cannot propagate: logged once, and counted."""

import logging
import threading
from collections import Counter

__all__ = ["failures", "note_failure"]

_LOGGER = logging.getLogger("fluvial")
_counts: Counter[str] = Counter()
_lock = threading.Lock()


def note_failure(name: str, error: BaseException) -> None:
    """Count a call that failed; the first one of each name is logged with its message.

    The result is then NaN, which the caller counts as not finite.
    """
    with _lock:
        _counts[name] += 1
        first = _counts[name] == 1
    if first:
        _LOGGER.error(
            "the log density raised %s: %s; where it does, its value is NaN.",
            type(error).__name__,
            error,
            exc_info=error,
        )


def failures(name: str) -> int:
    """Return how many calls of that name have failed in this process."""
    return _counts[name]
