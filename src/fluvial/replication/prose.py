"""Numbers that a notebook's text quotes from its outputs, and whether they still hold."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.replication.compare.numbers import Number, tokens
from fluvial.replication.compare.outputs import Outputs, printed
from fluvial.replication.notebook_run import NotebookRun
from fluvial.replication.read import RecordedNotebook

__all__ = ["Quote", "quotes"]

_QUOTED = re.compile(r"(?<![\w.$/-])-?\d+\.\d+\s?%?(?![\w.]*\d)|(?<![\w.$/-])\d{2,3}\s?%")
_CODE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|\]\([^)]*\)", re.DOTALL)
_LEAST_DIGITS = 2


@dataclass(frozen=True)
class Quote:
    """A number in the text of a notebook that one of its outputs is rounded to.

    Attributes:
        text: as it is quoted.
        cell: the code cell whose output it is.
        recorded: the recorded output.
        local: the local one at the same place; None if there is none.
        holds: whether the local one is rounded to the same.
    """

    text: str
    cell: int
    recorded: float
    local: float | None
    holds: bool

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "text": self.text,
            "cell": self.cell,
            "recorded": self.recorded,
            "local": self.local,
            "holds": self.holds,
        }


def quotes(recorded: RecordedNotebook, run: NotebookRun) -> tuple[Quote, ...]:
    """Match the numbers that a notebook's text quotes with its outputs.

    A number with decimals or a percent sign is taken for a quotation of the last output before it
    that is rounded to it, as it is or in percent; or else of the first one after it, as in a text
    that begins with its results.

    Args:
        recorded: the notebook.
        run: a local run of it.
    """
    found: list[Quote] = []
    values = [
        (number, _values(cell.outputs), _values(ran.outputs))
        for number, (cell, ran) in enumerate(zip(recorded.cells, run.cells, strict=True), 1)
    ]
    passed = 0
    for cell in recorded.notebook.cells:
        if cell.cell_type == "markdown":
            nearest = [*reversed(values[:passed]), *values[passed:]]
            for text in _QUOTED.findall(_CODE.sub(" ", cell.source)):
                found += _matched(text, nearest)
        elif cell.cell_type == "code" and cell.source.strip():
            passed += 1
    return tuple(found)


def _matched(text: str, nearest: Sequence[tuple[int, list[float], list[float]]]) -> Iterator[Quote]:
    digits = text.rstrip("% ")
    value = float(digits)
    if len(digits.lstrip("-0.").replace(".", "")) < _LEAST_DIGITS:
        return
    decimals = len(digits.partition(".")[2])
    factors = (1.0, 100.0) if text.endswith("%") else (1.0,)
    for number, recorded, local in nearest:
        for place, output in enumerate(recorded):
            factor = next((f for f in factors if round(f * output, decimals) == value), None)
            if factor is None:
                continue
            now = local[place] if len(local) == len(recorded) else None
            holds = now is not None and round(factor * now, decimals) == value
            yield Quote(text.rstrip(), number, output, now, holds)
            return


def _values(outputs: Outputs) -> list[float]:
    return [
        token.value
        for line in printed(outputs).splitlines()
        for token in tokens(line)
        if isinstance(token, Number)
    ]
