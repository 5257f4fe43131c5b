"""What a run can print of itself: its clock, its folders, the time that it took."""

import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fluvial.replication.compare.clocks import reads_clock
from fluvial.replication.compare.printed import Printed, printed_by

__all__ = ["Surroundings"]

_ASKS_ADDRESS = re.compile(r"(?<![\w.])id\(")
# A clock is read before what is printed is formatted and sent.
_SLACK = 5.0


def _known_folders() -> tuple[str, ...]:
    return (os.getcwd(), sys.prefix, str(Path.home()), tempfile.gettempdir())


@dataclass(frozen=True)
class Surroundings:
    """What a local output can say of the run itself rather than of its results.

    Attributes:
        started: when the run began, in seconds since the epoch.
        ended: when it ended.
        elapsed: the seconds that it had taken when the cell ended; infinite if not known.
        folders: the working folder, the copy of its repository, the environment of the kernel, the
            home, and last the temporary folder.
        source: the code of the cell and of those before it that it needs.
        defaults: of the parameters of classes where it runs, by class.
        python: the version of Python that was recorded; empty if it is not known.
    """

    started: float = field(default_factory=time.time)
    ended: float = field(default_factory=time.time)
    elapsed: float = math.inf
    folders: tuple[str, ...] = field(default_factory=_known_folders)
    source: str = ""
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    python: tuple[int, ...] = ()

    def near_clock(self, moment: float, resolution: float) -> bool:
        """Whether a moment, written to so many seconds, lies within the run."""
        slack = _SLACK + resolution
        return self.started - slack <= moment <= self.ended + slack

    def could_last(self, seconds: float) -> bool:
        """Whether anything in the run so far could have taken so long."""
        return seconds <= 1.1 * self.elapsed + 0.05

    @property
    def unordered(self) -> bool:
        """Whether the Python that was recorded kept dicts in no order, as all until 3.5 did."""
        return bool(self.python) and self.python < (3, 6)

    @cached_property
    def reads_clock(self) -> bool:
        """Whether the code reads a clock, so that it can print how long something took."""
        return reads_clock(self.source)

    @cached_property
    def printed(self) -> Printed:
        """What the code prints of the clocks that it reads."""
        return printed_by(self.source) if self.reads_clock else Printed()

    @property
    def asks_address(self) -> bool:
        """Whether the code asks where in memory something is."""
        return bool(_ASKS_ADDRESS.search(self.source))
