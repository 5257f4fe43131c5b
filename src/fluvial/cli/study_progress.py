"""What the terminal shows while a study runs."""

import sys
from typing import Any

__all__ = ["StudyProgress"]


class StudyProgress:
    """On a terminal a bar of finished units; elsewhere a line on stderr for each that starts.

    Args:
        study: the study's name.
        shown: False keeps silent.
    """

    def __init__(self, study: str, *, shown: bool):
        self._study = study
        self._shown = shown
        self._bar: Any = _bar() if shown and sys.stderr.isatty() else None
        self._task = None

    def __enter__(self) -> "StudyProgress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self._bar is not None:
            self._bar.stop()

    def on_unit(self, done: int, total: int, unit: str) -> None:
        """Show that a unit starts, or, where its name is empty, that all are done."""
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task(self._study, total=total, unit="")
            self._bar.update(self._task, completed=done, unit=unit)
        elif self._shown:
            note = unit or "all units are done"
            sys.stderr.write(f"{self._study} [{done}/{total}] {note}\n")


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[unit]}"),
        console=Console(stderr=True),
    )
