"""What the terminal shows while something long runs, and how long each stage of it took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, final

__all__ = ["Progress"]

_COMPILING = " compilation"


@final
class Progress:
    """A line on stderr, if that is a terminal: stage, bar, count, note, time taken and left.

    Args:
        shown: False keeps silent; the seconds of each stage are kept in any case.
        plain: where stderr is not a terminal, write one line for each update instead of nothing.
        compiling: returns the seconds spent compiling so far; they are kept apart.

    Attributes:
        left: says what is left of a budget, such as "3 s left", or nothing; it is asked whenever
            the line is drawn, in place of an estimate of the time that the stage still takes.
        seconds: wall time by stage, in s; a stage that is entered twice adds up. What of it was
            spent compiling is that of a stage of its own, such as "flow compilation".

    Example:
        >>> with Progress(shown=False) as progress, progress.stage("training"):
        ...     progress.update(10, 100, "ELBO -3.2")
        >>> list(progress.seconds)
        ['training']
    """

    def __init__(
        self, *, shown: bool, plain: bool = False, compiling: Callable[[], float] = lambda: 0.0
    ):
        self.seconds: dict[str, float] = {}
        self.left: Callable[[], str] = lambda: ""
        self._compiling = compiling
        terminal = shown and sys.stderr.isatty()
        self._bar: Any = _bar(lambda: self.left()) if terminal else None
        self._plain = plain and shown and not terminal
        self._name = ""
        self._task: Any = None

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def compiled(self) -> float:
        """Seconds that stages which have ended spent compiling."""
        return sum((s for name, s in self.seconds.items() if name.endswith(_COMPILING)), 0.0)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        """Show that a stage is under way, and take its time.

        Args:
            name: the stage's.
            total: how many units it has, if that is known; their unit is the caller's.
        """
        self._name = name
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(name, total=total, count="", note="")
        start, compiling = time.perf_counter(), self._compiling()
        try:
            yield
        finally:
            elapsed, compiled = time.perf_counter() - start, self._compiling() - compiling
            self._add(name, elapsed - compiled)
            if compiled > 0.0:
                self._add(f"{name}{_COMPILING}", compiled)

    def _add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Show how far the stage is.

        Args:
            done: units finished; the bar never passes ``total``.
            total: units in all, or None if that is unknown.
            note: what is worth knowing besides it, such as the ELBO.
        """
        if total is not None:
            done = min(done, total)
        count = f"[{done}/{'?' if total is None else total}]"
        if self._bar is not None and self._task is not None:
            fields = {"count": count, "note": note}
            self._bar.update(self._task, completed=done, total=total, **fields)
        elif self._plain:
            said = ", ".join(part for part in (note, self.left()) if part)
            sys.stderr.write(f"{self._name} {count} {said}\n")


def _bar(left: Callable[[], str]) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.table import Column
    from rich.text import Text

    class Left(ProgressColumn):
        """What is left of a budget or, without one, of the stage."""

        estimate = TimeRemainingColumn(compact=True)

        def render(self, task):
            return Text(left()) if left() else self.estimate.render(task)

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),  # so that the note fits beside it in 80 columns
        TextColumn("{task.fields[count]}", markup=False),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),  # so that the bar gives way
        Left(table_column=Column(no_wrap=True)),
        console=Console(stderr=True),
        transient=True,
    )
