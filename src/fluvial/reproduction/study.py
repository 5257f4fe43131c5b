"""What a study is: units of work, the claims that they judge, and figures."""

import abc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from fluvial.reproduction import Budget, Figure, JudgedClaim, Ledger, Record

__all__ = ["Study", "Unit"]


class Unit(NamedTuple):
    """A piece of work that is done once and kept: an interrupted study resumes between two.

    Attributes:
        name: unique within the study; letters, digits, "-", "_" and ".", since files are named
            after it.
        run: does the work. It draws nothing at random but from seeds that it knows.
    """

    name: str
    run: Callable[[], Record]


class Study(abc.ABC):
    """A published experiment: what is run, which claims it judges, and its figures.

    A subclass is final. It keeps no results: `claims` and `figures` see the saved records alone.

    Attributes:
        name: as on the command line; the same as in ``fluvial.studies.STUDIES``.
        title: one line for the reader, with the source.
        version: a whole number, raised whenever the same unit would measure something else, so
            that results of the two are never mixed.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    version: ClassVar[int]

    @abc.abstractmethod
    def seeds(self, budget: Budget) -> Sequence[int]:
        """List the seeds that the budget runs."""

    @abc.abstractmethod
    def units(self, budget: Budget) -> Sequence[Unit]:
        """List the pieces of work, in the order in which they are done; nothing runs yet."""

    @abc.abstractmethod
    def claims(self, ledger: Ledger) -> Sequence[JudgedClaim]:
        """Judge the claims from the records of all units."""

    @abc.abstractmethod
    def figures(self, ledger: Ledger, directory: Path) -> Sequence[Figure]:
        """Draw the figures from the records of all units, as PNG files in a folder that exists."""
