"""Why each cell does not say what was recorded: what the differences alone do not tell."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.images import OTHER_BACKGROUND
from fluvial.replication.compare.outputs import errors
from fluvial.replication.names import Names, names_in
from fluvial.replication.randomness import draws, seeds
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.result import CellOutcome, CellVerdict
from fluvial.replication.run import Run

__all__ = ["with_causes"]

_UNKNOWN_NAME = re.compile(r"name '(\w+)' is not defined")
_NO_DATA = re.compile(
    r"FileNotFoundError|NotADirectoryError|IsADirectoryError|URLError|HTTPError|ConnectionError|"
    r"gaierror|TimeoutError|RemoteDataError|SSLError|MaxRetryError|No such file|Failed to establish"
)
_LIBRARY = re.compile(
    r"AttributeError|ImportError|ModuleNotFoundError|TypeError|OptionError|deprecated|removed|"
    r"no longer|unexpected keyword|not supported|ValueError|KeyError|InvalidParameterError"
)
_HERE = re.compile(
    r"^\s*[!]|%(?:pwd|ls|cd|env|watermark|version_information|system|load_ext|history|who)|"
    r"__version__|sys\.(?:version|path|executable|platform)|os\.(?:getcwd|listdir|environ|uname)|"
    r"\b(?:i?glob|iterdir|scandir)\(|"
    r"platform\.|getpass|gethostname",
    re.MULTILINE,
)
_PLATFORM = re.compile(r"\b(?:u?int32|u?int64|dtype=.?[<>][ifc]\d)\b")
_TYPED_INDEX = re.compile(r"\b(?:Int|UInt|Float)64Index\b")  # of pandas 1
_READS_NET = re.compile(r"https?://|load_dataset\(|fetch_\w+\(|urlopen|requests\.|read_html")
_STYLE = re.compile(r"\bstyle\.use\(|\brcParams\b|\brc\(|\bsns\.set|\bset_style\(|\bseaborn\b")
_DISPLAY = re.compile(r"\bset_option\(|\boptions\.display\b|\bset_printoptions\(|%precision\b")
_CUT = re.compile(r"\.\.\.|…|\\(?:\n|$)")  # what a display option shows or leaves out
_NO_PACKAGE = re.compile(r"No module named '")
_MEMORY = 1e-9
_ROUNDED = 1e-4
_SINGLE = 9
_DIGIT = re.compile(r"\d")
_PICTURE = re.compile(r"^\d+ characters of image/|^<(?:matplotlib\.figure\.)?Figure\b")
_INLINE = re.compile(r"^\s*%(?:matplotlib|pylab)\b", re.MULTILINE)
_INSTALLS = "which is not installed"


@dataclass
class _Story:
    """What earlier cells have left behind, by the names that they make, and which any makes."""

    missing: dict[str, int] = field(default_factory=dict)
    random: set[str] = field(default_factory=set)
    net: set[str] = field(default_factory=set)
    plain_plots: int | None = None
    plain_tables: int | None = None
    seeded: bool = False
    made: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)

    def after(self, number: int, source: str, names: Names, *, failed: bool) -> None:
        """Go on past a cell."""
        self.seeded |= seeds(source)
        for kept, begins in (
            (self.random, draws(source) and not self.seeded),
            (self.net, bool(_READS_NET.search(source))),
        ):
            if begins or names.used & kept:
                kept |= names.made
            else:
                kept -= names.made - names.used
        if failed and self.plain_plots is None and _STYLE.search(source):
            self.plain_plots = number
        if failed and self.plain_tables is None and _DISPLAY.search(source):
            self.plain_tables = number
        if not failed:  # what it used was there after all
            self.missing = {n: at for n, at in self.missing.items() if n not in names.used}
        for name in names.made:
            if failed:
                self.missing.setdefault(name, number)
            else:
                self.missing.pop(name, None)
        self.made |= names.made


def with_causes(
    recorded: RecordedNotebook, outcomes: Sequence[CellOutcome], runs: Sequence[Run]
) -> tuple[CellOutcome, ...]:
    """Give each difference a cause, and each cell that disagrees the cause of its first one.

    A cell that needs what a cell that failed should have made is a consequence of the first such
    cell. What several local runs say alike is not random.

    Args:
        recorded: the notebook.
        outcomes: of its cells, without causes where the outputs alone do not tell.
        runs: the local runs.
    """
    story = _Story(ever={name for cell in recorded.cells for name in names_in(cell.source).made})
    version = recorded.notebook.metadata.get("language_info", {}).get("version", "")
    disordered = _disordered(recorded)
    inline = any(_INLINE.search(cell.source) for cell in recorded.cells)
    styled = any(_STYLE.search(cell.source) for cell in recorded.cells)
    done = []
    for outcome, cell, ran in zip(outcomes, recorded.cells, runs[0].cells, strict=True):
        names = names_in(cell.source)
        error = next(iter(errors(ran.outputs)), None)
        failed = (bool(error) and not errors(cell.outputs)) or ran.state == "failed"
        facts = _Facts(
            cell.source,
            names,
            story,
            version,
            len(runs) > 1,
            bool(outcome.varying),
            outcome.number in disordered,
            styled,
            _is_cut(outcome),
            inline,
        )
        done.append(_explained(outcome, error if failed else None, facts))
        story.after(outcome.number, cell.source, names, failed=failed)
    return tuple(done)


@dataclass(frozen=True)
class _Facts:
    """What is known of a cell beside its outputs."""

    source: str
    names: Names
    story: _Story
    version: str
    repeated: bool
    varying: bool
    disordered: bool
    styled: bool
    cut: bool
    inline: bool

    @property
    def first_failed(self) -> int | None:
        """Return the number of the first failed cell that should have made what this one uses."""
        found = [self.story.missing[name] for name in self.names.used & self.story.missing.keys()]
        return min(found, default=None)

    def unset_by(self, difference: Difference) -> int | None:
        """Return the failed cell that should have set how a difference's output is shown."""
        if difference.kind is Kind.IMAGE:
            return self.story.plain_plots
        shown = difference.kind in (Kind.TEXT, Kind.MISSING, Kind.EXTRA)
        return self.story.plain_tables if shown and self.cut else None

    @property
    def random(self) -> bool:
        """Whether random numbers without a seed reach the cell."""
        here = draws(self.source) and not self.story.seeded and not seeds(self.source)
        return here or bool(self.names.used & self.story.random)

    @property
    def from_net(self) -> bool:
        """Whether data that the notebook fetched reach the cell."""
        return bool(_READS_NET.search(self.source) or self.names.used & self.story.net)


def _explained(outcome: CellOutcome, error: Mapping[str, Any] | None, facts: _Facts) -> CellOutcome:
    why, after = _caught(outcome, facts) if error is None else _cause_of_error(error, facts)
    if outcome.verdict is CellVerdict.NOT_RECORDED:
        return outcome
    found = tuple(
        replace(difference, cause=difference.cause or why or _cause(difference, facts))
        for difference in outcome.differences
    )
    # What only one side has tells least of why.
    one_sided = (Kind.MISSING, Kind.EXTRA)
    apart = sorted(
        (difference for difference in found if not difference.tolerated),
        key=lambda difference: difference.kind in one_sided,
    )
    cause = why or (apart[0].cause if apart else None)
    if outcome.verdict is CellVerdict.ERROR and cause is None:
        cause = Cause.ENVIRONMENT
    if cause is Cause.EARLIER_ERROR and after is None:
        settings = (facts.unset_by(difference) for difference in found if not difference.tolerated)
        after = next(filter(None, settings), None)
    return replace(outcome, differences=found, cause=cause, after=after)


def _is_cut(outcome: CellOutcome) -> bool:
    """Whether a table of the cell leaves out lines or columns, as display options have it."""
    return any(
        _CUT.search(text) for found in outcome.differences for text in (found.recorded, found.local)
    )


def _caught(outcome: CellOutcome, facts: _Facts) -> tuple[Cause | None, int | None]:
    """Say whether a cell caught an error that is a consequence of an earlier one, and of which."""
    for difference in outcome.differences:
        unknown = None if difference.tolerated else _UNKNOWN_NAME.search(difference.local)
        if unknown and unknown[1] in facts.story.missing:
            return Cause.EARLIER_ERROR, facts.story.missing[unknown[1]]
    return None, None


def _cause_of_error(error: Mapping[str, Any], facts: _Facts) -> tuple[Cause, int | None]:
    """Say what made a new error, and which cell failed before if that is it."""
    text = f"{error['ename']}: {error['evalue']}"
    unknown = _UNKNOWN_NAME.search(text)
    if unknown and unknown[1] in facts.story.missing:
        return Cause.EARLIER_ERROR, facts.story.missing[unknown[1]]
    if unknown and unknown[1] not in facts.story.made:
        made_elsewhere = unknown[1] in facts.story.ever or facts.disordered
        return (Cause.ORDER if made_elsewhere else Cause.ENVIRONMENT), None
    if _NO_DATA.search(text):
        return Cause.DATA, None
    if error["ename"] in ("ModuleNotFoundError", "ImportError"):
        missing = re.search(r"No module named '(\w+)'", text)
        optional = re.search(r"(?i)install|optional dependency", text)
        return (Cause.ENVIRONMENT if missing or optional else Cause.LIBRARY_VERSION), None
    if error["ename"] in ("SyntaxError", "TabError", "IndentationError"):
        return Cause.ENVIRONMENT, None
    if facts.first_failed is not None:
        return Cause.EARLIER_ERROR, facts.first_failed
    if error["ename"] in (
        "KeyboardInterrupt",
        "MemoryError",
        "PermissionError",
        "CalledProcessError",
    ):
        return Cause.ENVIRONMENT, None
    return (Cause.LIBRARY_VERSION if _LIBRARY.search(text) else Cause.ENVIRONMENT), None


def _cause(difference: Difference, facts: _Facts) -> Cause:
    """Say what made a difference in a cell that ran to its end."""
    texts = difference.recorded, difference.local
    if facts.unset_by(difference) is not None:
        return Cause.EARLIER_ERROR
    if _HERE.search(facts.source) or any(map(_NO_PACKAGE.search, texts)):
        return Cause.ENVIRONMENT
    if OTHER_BACKGROUND in difference.reason and not facts.styled:
        return Cause.ENVIRONMENT
    if difference.kind is Kind.MISSING and _PICTURE.search(texts[0]) and not facts.inline:
        return Cause.ENVIRONMENT
    if facts.random and (not facts.repeated or facts.varying):
        return Cause.RANDOMNESS
    measured = difference.kind is Kind.NUMBER and difference.relative is not None
    # What is written with more digits than single precision has is wrong by less than this.
    double = any(len(_DIGIT.findall(text)) > _SINGLE for text in texts)
    small = difference.relative is not None and difference.relative <= _ROUNDED and not double
    if measured and (small or _both_tiny(*texts)):
        return Cause.ROUNDING
    if facts.disordered:
        return Cause.ORDER
    if facts.from_net:
        return Cause.DATA
    widths = [_PLATFORM.findall(text) for text in texts]
    if all(widths) and widths[0] != widths[1] and not _TYPED_INDEX.search(texts[0]):
        return Cause.PLATFORM
    if facts.version.startswith("2.") and difference.kind is not Kind.IMAGE:
        return Cause.ENVIRONMENT
    return Cause.LIBRARY_VERSION


def _both_tiny(recorded: str, local: str) -> bool:
    try:
        return max(abs(float(recorded)), abs(float(local))) < _MEMORY
    except ValueError:
        return False


def _disordered(recorded: RecordedNotebook) -> set[int]:
    """Return the cells that use a name as another cell had left it when they were recorded.

    So do those that use what such a cell makes.
    """
    names = [names_in(cell.source) for cell in recorded.cells]
    counts = [cell.execution_count for cell in recorded.cells]
    found: set[int] = set()
    for at, own in enumerate(names):
        if counts[at] is None:
            continue
        for name in own.used - own.made:
            makers = [other for other, cell in enumerate(names) if name in cell.made]
            above = max((other for other in makers if other < at), default=None)
            ran = [other for other in makers if (counts[other] or math.inf) < counts[at]]
            before = max(ran, key=lambda other: counts[other], default=None)
            if before != above or (above is not None and above + 1 in found):
                found.add(at + 1)
    return found
