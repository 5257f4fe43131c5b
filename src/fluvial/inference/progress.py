"""What the terminal shows while a fit runs, and how long each stage took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Progress"]


class Progress:
    """A progress line on stderr if that is a terminal, and the seconds of each stage.

    Args:
        shown: False keeps silent; the seconds are kept in any case.

    Attributes:
        seconds: wall time by stage; a stage that is entered twice adds up.
    """

    def __init__(self, *, shown: bool):
        self.seconds: dict[str, float] = {}
        self._bar = _bar() if shown and sys.stderr.isatty() else None
        self._task = None

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.stop()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show that a stage is under way, and take its time."""
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(name, total=None, note="")
        start = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed

    def steps(self, taken: int, total: int, note: str) -> None:
        """Show how far training is."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=taken, total=total, note=note)


def _bar():
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
