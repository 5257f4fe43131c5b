"""Which cell of a notebook is running, on the terminal."""

import sys

__all__ = ["CellProgress"]


class CellProgress:
    """A line on stderr, if that is a terminal, that tells which cell runs.

    Args:
        cells: how many there are.
        runs: how many times the notebook is run.
        shown: False keeps silent.
    """

    def __init__(self, cells: int, runs: int, *, shown: bool):
        self._cells, self._runs = cells, runs
        self._status = _status() if shown and sys.stderr.isatty() else None

    def __enter__(self) -> "CellProgress":
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_) -> None:
        if self._status is not None:
            self._status.stop()

    def on_cell(self, run: int, cell: int) -> None:
        """Say that a cell starts."""
        if self._status is not None:
            which = f", run {run} of {self._runs}" if self._runs > 1 else ""
            self._status.update(f"cell {cell} of {self._cells}{which}")


def _status():
    from rich.console import Console

    return Console(stderr=True).status("starting the kernel")
