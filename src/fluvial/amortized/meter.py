"""What the terminal shows while a model is trained."""

import sys
import time
from typing import Any

__all__ = ["Meter"]


class Meter:
    """A line on stderr, if that is a terminal: bound, images a second, time left.

    Args:
        steps: of the whole training.
        batch: images in a step.
        shown: False keeps silent; the rate is measured in any case.
    """

    def __init__(self, steps: int, batch: int, *, shown: bool):
        self._batch = batch
        self._bar: Any = _bar() if shown and sys.stderr.isatty() else None
        self._task = self._bar and self._bar.add_task(
            "training", total=steps, bound="compiling", speed=""
        )
        self._last = time.perf_counter()

    def __enter__(self) -> "Meter":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.stop()

    def lap(self, steps: int) -> tuple[float, float]:
        """Take the time of some steps: seconds, and images a second."""
        now = time.perf_counter()
        seconds, self._last = now - self._last, now
        return seconds, steps * self._batch / seconds

    def show(self, step: int, bound: float, speed: float) -> None:
        """Show how far training is."""
        if self._bar is not None:
            self._bar.update(
                self._task,
                completed=step,
                bound=f"bound {bound:.2f}",
                speed=f"{speed:.0f} images/s",
            )


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[bound]}"),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
