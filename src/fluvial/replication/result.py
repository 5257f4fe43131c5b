"""What a replication found: a verdict for each cell, and one for the notebook."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference
from fluvial.replication.metrics import MetricOutcome
from fluvial.replication.notebook_run import NotebookRun
from fluvial.replication.variation import Variation

__all__ = ["CellOutcome", "CellVerdict", "Replication", "Restored"]


_NEEDS = re.compile(r"Cell \d+ needs (\w+), which is not installed")


class CellVerdict(StrEnum):
    """How a cell's local outputs compare with the recorded ones; of a notebook, all of them."""

    IDENTICAL = "IDENTICAL"
    """The same, character by character, but for colors."""
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"
    """All that differs is tolerated."""
    DIFFERS = "DIFFERS"
    """Something differs by more than is tolerated."""
    ERROR = "ERROR"
    """It raised an error that was not recorded, or did not run to its end."""
    NOT_RECORDED = "NOT_RECORDED"
    """There is nothing to compare with: it was saved without having been run."""


# From best to worst; a cell without a record says nothing about the notebook.
_RANK = [
    CellVerdict.IDENTICAL,
    CellVerdict.WITHIN_TOLERANCE,
    CellVerdict.DIFFERS,
    CellVerdict.ERROR,
]


@dataclass(frozen=True)
class CellOutcome:
    """One code cell.

    Attributes:
        number: of the code cell, from 1; cells without code do not count.
        verdict: how its outputs compare.
        differences: what differs, what is not tolerated first; the first 200.
        found: how many differences there are in all.
        varying: where several local runs differ from each other; the first 200.
        seconds: of the first local run; None if it did not run.
        problem: why it did not run, or not to its end, in one sentence; "" if it did.
        source: its first line of code.
        cause: why it does not say what was recorded; None if it does.
        after: the cell whose failure it is a consequence of, if that is the cause.
    """

    number: int
    verdict: CellVerdict
    differences: tuple[Difference, ...]
    found: int
    varying: tuple[Variation, ...]
    seconds: float | None
    problem: str
    source: str
    cause: Cause | None = None
    after: int | None = None

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "cell": self.number,
            "verdict": self.verdict.value,
            "seconds": self.seconds,
            "problem": self.problem,
            "source": self.source,
            "cause": None if self.cause is None else self.cause.value,
            "after": self.after,
            "differences_found": self.found,
            "differences": [
                {"cell": self.number} | difference.content() for difference in self.differences
            ],
            "varying": [variation.content() for variation in self.varying],
        }


@dataclass(frozen=True)
class Restored:
    """What a notebook says with the packages of its time.

    Attributes:
        python: the version of Python there.
        packages: the requirements that it was built from.
        date: the day whose versions of the packages were chosen; "" if today's.
        verdicts: of the cells, in order.
    """

    python: str
    packages: tuple[str, ...]
    date: str
    verdicts: tuple[CellVerdict, ...]

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "python": self.python,
            "packages": list(self.packages),
            "date": self.date,
            "verdicts": [verdict.value for verdict in self.verdicts],
        }


@dataclass(frozen=True)
class Replication:
    """A notebook that was run again.

    Attributes:
        cells: its code cells, in order.
        metrics: those declared.
        runs: the local runs.
        restored: what it says in the environment of its time; None if that was not asked for.
    """

    cells: tuple[CellOutcome, ...]
    metrics: tuple[MetricOutcome, ...]
    runs: tuple[NotebookRun, ...]
    restored: Restored | None = None

    @property
    def missing_packages(self) -> tuple[str, ...]:
        """Return the packages that cells need and that are not installed, each once."""
        found = (_NEEDS.match(cell.problem) for cell in self.cells)
        return tuple(dict.fromkeys(match[1] for match in found if match))

    @property
    def verdict(self) -> CellVerdict:
        """The worst of the cells', DIFFERS at least if a metric got worse or went missing."""
        worst = worst_of([cell.verdict for cell in self.cells])
        if all(metric.passes for metric in self.metrics) or worst is CellVerdict.ERROR:
            return worst
        return CellVerdict.DIFFERS

    @property
    def agrees(self) -> bool:
        """Whether the machine says the same as the record."""
        return self.verdict in (CellVerdict.IDENTICAL, CellVerdict.WITHIN_TOLERANCE)

    def content(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "verdict": self.verdict.value,
            "runs": len(self.runs),
            "cells": [cell.content() for cell in self.cells],
            "metrics": [metric.content() for metric in self.metrics],
            "restored": None if self.restored is None else self.restored.content(),
        }


def worst_of(verdicts: Sequence[CellVerdict]) -> CellVerdict:
    """Return the worst of the verdicts that say anything, NOT_RECORDED if none does.

    Example:
        >>> print(worst_of([CellVerdict.IDENTICAL, CellVerdict.NOT_RECORDED]))
        IDENTICAL
    """
    ranks = [_RANK.index(verdict) for verdict in verdicts if verdict in _RANK]
    return _RANK[max(ranks)] if ranks else CellVerdict.NOT_RECORDED
