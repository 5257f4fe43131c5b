"""Ctrl-C that waits until what is under way is whole."""

import signal
import threading
from types import FrameType

__all__ = ["DeferredInterrupt"]


class DeferredInterrupt:
    """Within it the first Ctrl-C is only noted; a second one interrupts at once.

    Outside the main thread, where Python does not allow signal handlers, it notes nothing.

    Attributes:
        noted: whether there was one.

    Example:
        >>> with DeferredInterrupt() as interrupt:
        ...     interrupt.noted
        False
    """

    def __init__(self):
        self.noted = False
        self._before = None

    def __enter__(self) -> "DeferredInterrupt":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.noted = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
