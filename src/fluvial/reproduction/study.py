"""What a study is: units of work, the claims that they judge, and what there is to be shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fluvial.reproduction.budget import Budget
from fluvial.reproduction.claim import Claim, JudgedClaim
from fluvial.reproduction.presentation import Curve, Figure, Layers, Story
from fluvial.reproduction.records import Record
from fluvial.reproduction.results import StudyResults

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


@dataclass(frozen=True)
class Study:
    """A published experiment: what is run, which claims it judges, and what it shows.

    It keeps no results: all but `units` see the saved records alone.

    Args:
        name: as on the command line; the same as in ``fluvial.studies.STUDIES``.
        title: one line for the reader, with the source.
        version: a whole number, raised whenever the same unit would measure something else, so
            that results of the two are never mixed.
        seeds: how many each budget runs, from 0 on.
        units: lists the pieces of work of a budget, in the order in which they are done; nothing
            runs yet.
        claims: gives each claim with its measured values, one for each repetition.
        figures: draws the figures, as PNG files in a folder that exists.
        curves: says which arrays are learning curves.
        layers: says which are densities after each layer of a flow.
        story: what is said of it first; None for nothing but its claims.
    """

    name: str
    title: str
    version: int
    seeds: Mapping[Budget, int]
    units: Callable[[Budget], Sequence[Unit]]
    claims: Callable[[StudyResults], Iterable[tuple[Claim, Iterable[float]]]]
    figures: Callable[[StudyResults, Path], Sequence[Figure]]
    curves: Callable[[StudyResults], Sequence[Curve]] = lambda results: ()
    layers: Callable[[StudyResults], Sequence[Layers]] = lambda results: ()
    story: Story | None = None

    def judge(self, results: StudyResults) -> list[JudgedClaim]:
        """Judge the claims from the records of all units."""
        return [claim.judge(values, results.budget) for claim, values in self.claims(results)]
