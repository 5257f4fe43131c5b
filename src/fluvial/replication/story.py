"""What the cells before a cell have left behind, followed by the names that they make."""

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fluvial.replication.additions import adds_to
from fluvial.replication.measured import measured_after
from fluvial.replication.names import Names, Step, names_in, steps, without_comments
from fluvial.replication.randomness import draws, seeded_generators, seeds

__all__ = ["STYLE", "NotebookStory", "reads_net"]

Origins = Mapping[str, frozenset[int]]
"""Of names the numbers of cells in which something has begun that holds for them."""

_READS_NET = re.compile(r"https?://|load_dataset\(|fetch_\w+\(|urlopen|requests\.|read_html")
_DISPLAY = re.compile(r"\bset_option\(|\boptions\.display\b|\bset_printoptions\(|%precision\b")
STYLE = re.compile(r"\bstyle\.use\(|\brcParams\b|\brc\(|\bsns\.set|\bset_style\(|\bseaborn\b")
"""What sets how plots look."""


@dataclass(frozen=True)
class NotebookStory:
    """What earlier cells have left behind, by the names that they make.

    What is made of something inherits what is known of it, statement by statement; what is given
    another value does not.

    Attributes:
        affected: names that may not be what they should be, and the cells that failed before.
        random: names of what was drawn without a seed, and the cells that drew it.
        late: names of what was drawn from a seeded stream of which more had been drawn before.
        generators: names of seeded generators of random numbers.
        net: names of what was fetched.
        measured: names of what was made of the readings of a clock.
        plain: names of what Python's own library alone has made.
        imported: names of modules and of what is in them.
        made: all names made so far.
        ever: all names that any cell of the notebook makes.
        plain_plots: the failed cell that should have set how plots look.
        plain_tables: likewise, how tables and numbers are shown.
        seeded: whether a seed was set.
        moved: whether cells were run again since a seed was set.
        again: whether cells were run again just before this one, or this one itself.
        redone: names of what such cells added to, so that they may have done so several times.
    """

    affected: Origins = field(default_factory=dict)
    random: Origins = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    generators: frozenset[str] = frozenset()
    net: frozenset[str] = frozenset()
    measured: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    ever: frozenset[str] = frozenset()
    plain_plots: int | None = None
    plain_tables: int | None = None
    seeded: bool = False
    moved: bool = False
    again: bool = False
    redone: frozenset[str] = frozenset()

    def at(self, source: str, *, again: bool) -> "NotebookStory":
        """Return what is known when a cell begins.

        Args:
            source: of the cell.
            again: whether its count tells that cells were run again just before it.
        """
        moved = (self.moved or again) and not seeds(source)
        return replace(self, seeded=self.seeded or seeds(source), moved=moved, again=again)

    def after(
        self, number: int, source: str, *, failed: int | None = None, line: int | None = None
    ) -> "NotebookStory":
        """Go on past a cell.

        Args:
            number: of the cell.
            source: of it.
            failed: the first cell because of which it did not do what it should, itself included;
                None if it did.
            line: at which it failed, from 1; None if that is not known.
        """
        story = self
        late = ""
        for step in steps(source):
            if failed is None or (line is not None and step.last < line):
                story = story._past(step, number)
            else:
                story = story._without(step, number, failed)
                late += f"{step.source}\n"
        names = names_in(source)
        plain = self.is_plain(names) and failed is None
        return replace(
            story,
            imported=story.imported | names.imported,
            redone=story.redone | self.added_to(source),
            measured=measured_after(source, self.measured),
            made=self.made | names.made,
            plain=self.plain | names.made if plain else self.plain - names.made,
            plain_plots=_first(story.plain_plots, STYLE, late, failed),
            plain_tables=_first(story.plain_tables, _DISPLAY, late, failed),
        )

    def added_to(self, source: str) -> frozenset[str]:
        """Return the names of what a cell adds to, if it may have been run several times."""
        return adds_to(source) if self.again else frozenset()

    def is_plain(self, names: Names) -> bool:
        """Whether code needs nothing but Python and its own library, as far as is known."""
        return not names.foreign and names.needed <= self.plain | vars(builtins).keys()

    def affects(self, names: Names) -> frozenset[int]:
        """Return the failed cells because of which what code needs may not be what it should be."""
        return _origins(self.affected, names.needed)

    def draws_of(self, names: Names) -> frozenset[int]:
        """Return the cells that drew numbers without a seed which code uses."""
        return _origins(self.random, names.used)

    def _past(self, step: Step, number: int) -> "NotebookStory":
        """Go on past a statement that did what it should with what it found."""
        names = step.names
        late = draws(step.source, self.generators) and self.seeded and self.moved
        return replace(
            self,
            imported=self.imported | names.imported,
            affected=_inherited(self.affected, names, frozenset()),
            random=_inherited(self.random, names, self._chance(step, number)),
            late=_carried(self.late, names, begins=late),
            generators=(self.generators - names.bound) | seeded_generators(step.source),
            net=_carried(self.net, names, begins=reads_net(step.source)),
            redone=_carried(self.redone, names, begins=False),
        )

    def _without(self, step: Step, number: int, failed: int) -> "NotebookStory":
        """Go on past a statement that did not do what it should."""
        affected = dict(self.affected)
        for name in (step.names.stored | step.names.touched) - self.imported:
            affected[name] = affected.get(name, frozenset()) | {failed}
        random = _inherited(self.random, step.names, self._chance(step, number))
        return replace(self, affected=affected, random=random)

    def _chance(self, step: Step, number: int) -> frozenset[int]:
        drawn = draws(step.source, self.generators) and not self.seeded
        return frozenset({number} if drawn else ())


def reads_net(source: str) -> bool:
    """Whether code fetches data."""
    return bool(_READS_NET.search(without_comments(source)))


def _origins(of: Origins, names: frozenset[str]) -> frozenset[int]:
    return frozenset().union(*(of[name] for name in names & of.keys()))


def _inherited(of: Origins, names: Names, begins: frozenset[int]) -> Origins:
    """Return what holds behind a statement, given what held before it and what it begins."""
    inherited = _origins(of, names.needed) | begins
    kept = {name: origins for name, origins in of.items() if name not in names.bound}
    made = names.made - names.imported if inherited else ()
    return kept | {name: kept.get(name, frozenset()) | inherited for name in made}


def _carried(kept: frozenset[str], names: Names, *, begins: bool) -> frozenset[str]:
    """Return the names of what is of a kind behind a statement, given those before it."""
    if begins or names.used & kept:
        return kept | names.made
    return kept - names.bound


def _first(before: int | None, what: re.Pattern[str], late: str, failed: int | None) -> int | None:
    return failed if before is None and what.search(late) else before
