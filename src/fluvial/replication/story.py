"""What is known of a cell beside its outputs: what the cells before it have left behind."""

import builtins
import re
from dataclasses import dataclass, field

from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.images import OTHER_BACKGROUND
from fluvial.replication.names import (
    Names,
    late_source,
    left_unchanged,
    names_in,
    unfinished,
    without_comments,
)
from fluvial.replication.randomness import draws, seeds

__all__ = ["OF_STYLE", "STYLE", "Facts", "NotebookStory"]

_READS_NET = re.compile(r"https?://|load_dataset\(|fetch_\w+\(|urlopen|requests\.|read_html")
_DISPLAY = re.compile(r"\bset_option\(|\boptions\.display\b|\bset_printoptions\(|%precision\b")
OF_STYLE = 0.5
"""How unlike a plot is at most that lacks a grid, and has other fonts."""
STYLE = re.compile(r"\bstyle\.use\(|\brcParams\b|\brc\(|\bsns\.set|\bset_style\(|\bseaborn\b")
"""What sets how plots look."""


@dataclass
class NotebookStory:
    """What earlier cells have left behind, by the names that they make, and which any makes.

    Attributes:
        missing: names that a cell which failed should have made or changed, and which.
        stale: those that a cell which failed should have changed in place.
        random: names of what was drawn without a seed.
        net: names of what was fetched.
        imported: names of modules and of what is in them.
        plain_plots: the failed cell that should have set how plots look.
        plain_tables: likewise, how tables and numbers are shown.
        seeded: whether a seed was set.
        made: all names made so far.
        ever: all names that any cell of the notebook makes.
        outdated: names that a cell which failed should have made anew, and which.
        plain: names of what Python's own library alone has made.
        drawn: names of what was drawn, with a seed or without one.
    """

    missing: dict[str, int] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)
    random: set[str] = field(default_factory=set)
    net: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    plain_plots: int | None = None
    plain_tables: int | None = None
    seeded: bool = False
    made: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)
    outdated: dict[str, int] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)

    def after(
        self, number: int, source: str, names: Names, *, failed: bool, line: int | None = None
    ) -> None:
        """Go on past a cell, which failed at a line if that is known."""
        self.seeded |= seeds(source)
        self.imported |= names.imported
        for kept, begins in (
            (self.random, draws(source) and not self.seeded),
            (self.drawn, draws(source)),
            (self.net, reads_net(source)),
        ):
            if begins or names.used & kept:
                kept |= names.made
            else:
                kept -= names.made - names.used
        if failed:
            late = late_source(source, line)
            if self.plain_plots is None and STYLE.search(late):
                self.plain_plots = number
            if self.plain_tables is None and _DISPLAY.search(late):
                self.plain_tables = number
            before = self.made | names_in(source.removesuffix(late)).made
            for name in names_in(late).bound & before - self.imported:
                self.outdated.setdefault(name, number)
            for name in unfinished(source, line) - self.imported:
                self.missing.setdefault(name, number)
            for name in left_unchanged(source, line) - self.imported:
                self.stale.setdefault(name, number)
        else:
            self._go_on(names)
        if self.is_plain(names) and not failed:
            self.plain |= names.made
        else:
            self.plain -= names.made
        self.made |= names.made

    def is_plain(self, names: Names) -> bool:
        """Whether code needs nothing but Python and its own library, as far as is known."""
        own = names.parameters | (names.bound - self.made)
        return not names.foreign and names.used <= self.plain | own | vars(builtins).keys()

    def _go_on(self, names: Names) -> None:
        """Go on past a cell that did what it should with what it found."""
        for name in names.made:
            self.stale.pop(name, None)
            self.outdated.pop(name, None)
        for name in names.used | names.made:
            self.missing.pop(name, None)


def reads_net(source: str) -> bool:
    """Whether code fetches data."""
    return bool(_READS_NET.search(without_comments(source)))


@dataclass(frozen=True)
class Facts:
    """What is known of a cell beside its outputs."""

    source: str
    names: Names
    story: NotebookStory
    version: str
    repeated: bool
    varying: bool
    disordered: bool
    surely_disordered: bool
    styled: bool
    cut: bool
    inline: bool
    pictured: bool = True
    in_recorded_order: bool = False
    """Whether it says what was recorded when the cells run in the order of their counts."""
    after_repeats: bool = False
    """Whether cells before it were run several times."""

    @property
    def of_python(self) -> bool:
        """Whether nothing but Python and its own library has a part in what the cell does."""
        return self.story.is_plain(self.names)

    @property
    def first_failed(self) -> int | None:
        """Return the number of the first failed cell that should have made what this one uses."""
        found = [self.story.missing[name] for name in self.names.used & self.story.missing.keys()]
        return min(found, default=None)

    def unset_by(self, difference: Difference) -> int | None:
        """Return the failed cell that should have set how a difference's output is shown."""
        if difference.kind is Kind.IMAGE:
            # A style sets the background, a grid and letters; it leaves what is drawn as it is.
            background = OTHER_BACKGROUND in difference.reason
            slight = difference.relative is not None and difference.relative <= OF_STYLE
            return self.story.plain_plots if background or slight else None
        if difference.kind is Kind.NUMBER:
            rounded = _is_rounded(difference.recorded, difference.local)
            return self.story.plain_tables if rounded else None
        shown = difference.kind in (Kind.TEXT, Kind.MISSING, Kind.EXTRA)
        return self.story.plain_tables if shown and self.cut else None

    @property
    def stale_since(self) -> int | None:
        """Return the failed cell that has left what this cell uses as it had been before."""
        kept = self.story.outdated | self.story.stale
        return min((kept[name] for name in self.names.needed & kept.keys()), default=None)

    @property
    def random(self) -> bool:
        """Whether random numbers without a seed reach the cell."""
        here = draws(self.source) and not self.story.seeded and not seeds(self.source)
        return here or bool(self.names.used & self.story.random)

    @property
    def drawn_later(self) -> bool:
        """Whether random numbers reach it of which cells that were run again had drawn some."""
        drawn = draws(self.source) or self.names.used & self.story.drawn
        return bool(drawn) and self.story.seeded and self.after_repeats

    @property
    def from_net(self) -> bool:
        """Whether data that the notebook fetched reach the cell."""
        return reads_net(self.source) or bool(self.names.used & self.story.net)


def _is_rounded(recorded: str, local: str) -> bool:
    """Whether a recorded number is a local one with fewer digits."""
    digits = len(recorded.partition(".")[2])
    try:
        same = round(float(local), digits) == float(recorded)
    except ValueError:
        return False
    return same and digits < len(local.partition(".")[2])
