"""What is known of a cell beside its outputs."""

from dataclasses import dataclass

from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.images import OTHER_BACKGROUND
from fluvial.replication.measured import shows_measured
from fluvial.replication.names import Names
from fluvial.replication.randomness import draws
from fluvial.replication.story import NotebookStory, reads_net

__all__ = ["OF_STYLE", "Facts"]

OF_STYLE = 0.5
"""How unlike a plot is at most that lacks a grid, and has other fonts."""


@dataclass(frozen=True)
class Facts:
    """What is known of a cell beside its outputs.

    Attributes:
        number: of the cell.
        source: its code.
        names: in it.
        story: of the cells before it.
        version: of the Python that the notebook was recorded with.
        repeated: whether the notebook was run several times.
        varying: whether the cell's outputs vary from run to run.
        innocent: failed cells that do not explain what differs, as little does that they reach.
        vary: cells that drew numbers without a seed, and whose numbers were seen to vary.
        disordered: whether it was recorded out of order, as counts have it.
        surely_disordered: likewise, without a doubt.
        in_recorded_order: whether it says what was recorded in the order of the counts.
        edited: whether its code was changed since.
        styled: whether any cell sets how plots look.
        cut: whether an output leaves out rows or columns.
        inline: whether a cell asks for plots in the notebook.
        pictured: whether any picture was recorded.
        starred: whether a cell takes all names from a module.
        lacks_file: whether it prints that a file is not there, which it did not.
        loads: whether it imports a module of the notebook's own folder.
    """

    number: int
    source: str
    names: Names
    story: NotebookStory
    version: str = ""
    repeated: bool = False
    varying: bool = False
    innocent: frozenset[int] = frozenset()
    vary: frozenset[int] = frozenset()
    disordered: bool = False
    surely_disordered: bool = False
    in_recorded_order: bool = False
    edited: bool = False
    styled: bool = False
    cut: bool = False
    inline: bool = False
    pictured: bool = True
    starred: bool = False
    lacks_file: bool = False
    loads: bool = False

    @property
    def of_python(self) -> bool:
        """Whether nothing but Python and its own library has a part in what the cell does."""
        return self.story.is_plain(self.names)

    @property
    def affected_by(self) -> int | None:
        """Return the first failed cell because of which it finds something else than it should."""
        return min(self.story.affects(self.names) - self.innocent, default=None)

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
    def chance(self) -> frozenset[int]:
        """Return the cells that drew numbers without a seed which reach it."""
        here = draws(self.source, self.story.generators) and not self.story.seeded
        return self.story.draws_of(self.names) | ({self.number} if here else frozenset())

    @property
    def random(self) -> bool:
        """Whether chance may be why it differs: it reaches it, and repeats do not speak against."""
        return bool(self.chance & self.vary if self.repeated else self.chance)

    @property
    def drawn_later(self) -> bool:
        """Whether seeded random numbers reach it of which more had been drawn before."""
        here = draws(self.source, self.story.generators) and self.story.seeded and self.story.moved
        return here or bool(self.names.used & self.story.late)

    @property
    def redone(self) -> bool:
        """Whether something reaches it to which a cell had added more than once."""
        return bool(self.names.used & (self.story.redone | self.story.added_to(self.source)))

    @property
    def shows_measured(self) -> bool:
        """Whether all that it shows was made of the readings of a clock."""
        return shows_measured(self.source, self.story.measured)

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
