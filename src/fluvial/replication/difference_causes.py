"""What made an output differ in a cell that ran to its end."""

import re
from contextlib import suppress

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.html import OTHER_SHAPE
from fluvial.replication.compare.images import OTHER_BACKGROUND
from fluvial.replication.facts import OF_STYLE, Facts
from fluvial.replication.repeats import ALIKE

__all__ = ["cause_of_difference"]

_HERE = re.compile(
    r"^\s*[!]|^\s*(?:ls|ll|pwd|cd|cat)\b(?!\s*[=(,]|\.\w)|%(?:pwd|ls|cd|env|watermark|version_information|system|load_ext|history|who)|"
    r"__version__|sys\.(?:version|path|executable|platform)|os\.(?:getcwd|listdir|environ|uname)|"
    r"\b(?:i?glob|iterdir|scandir)\(|"
    r"platform\.|getpass|gethostname|cpu_count",
    re.MULTILINE,
)
_PLATFORM = re.compile(r"\b(?:u?int32|u?int64|dtype=.?[<>][ifc]\d)\b")
_BYTES = re.compile(r"\.(?:itemsize|nbytes|strides)\b")
# What Python 2 prints: tuples for several things, and marked text; and what Python 3 does.
_PYTHON_2 = re.compile(r"^\(['\"].*\)$|\bu['\"]|<type '", re.DOTALL)
_PYTHON_3 = re.compile(r"<(?:map|filter|zip|range|generator) object|\bdict_\w+\(|\brange\(")
# Memory that is shown before anything is written to it.
_UNSET_MEMORY = re.compile(r"(?:^|print\(.*)\b(?:np|numpy)\.empty(?:_like)?\(", re.MULTILINE)
_TYPED_INDEX = re.compile(r"\b(?:Int|UInt|Float)64Index\b")  # of pandas 1
_NO_PACKAGE = re.compile(r"No module named '")
_TRUTH = {"False": 0.0, "True": 1.0}
_MEMORY = 1e-9
_ROUNDED = 1e-4
_SINGLE = 9
_DIGIT = re.compile(r"\d")
_PICTURE = re.compile(r"^\d+ characters of image/|^<(?:matplotlib\.figure\.)?Figure\b")
_INLINE = re.compile(r"^\s*%(?:matplotlib|pylab)\b", re.MULTILINE)


def cause_of_difference(difference: Difference, facts: Facts) -> Cause:
    """Say what made a difference in a cell that ran to its end."""
    texts = difference.recorded, difference.local
    if facts.unset_by(difference) is not None:
        return Cause.EARLIER_ERROR
    if facts.lacks_file:
        return Cause.DATA
    if facts.loads and difference.kind is Kind.EXTRA:
        return Cause.ORDER  # a module prints when it is loaded first
    if _is_of_here(difference, facts):
        return Cause.ENVIRONMENT
    if _is_of_another_type(*texts):
        return Cause.LIBRARY_VERSION
    # What runs happen to say alike may still be a count, or a share, of what varies.
    by_chance = facts.random and (difference.kind is Kind.NUMBER or not facts.repeated)
    varying = facts.varying and not _keeps_its_shape(difference)
    if varying or by_chance or _UNSET_MEMORY.search(facts.source):
        return Cause.RANDOMNESS
    if _is_rounding(difference):
        return Cause.ROUNDING
    if facts.in_recorded_order:
        return Cause.ORDER
    picture = difference.kind is Kind.IMAGE
    # Other data make another picture; one that differs a little is drawn by another version.
    redrawn = picture and difference.relative is not None and difference.relative <= OF_STYLE
    if facts.affected_by is not None and not redrawn:
        return Cause.EARLIER_ERROR
    if facts.edited or facts.surely_disordered or facts.drawn_later or facts.redone:
        return Cause.ORDER
    if facts.disordered and not picture:
        return Cause.ORDER
    if facts.from_net:
        return Cause.DATA
    if facts.shows_measured and not picture:
        return Cause.WALL_TIME
    if _is_of_platform(texts, facts.source):
        return Cause.PLATFORM
    if facts.version.startswith("2.") and not picture and _is_of_python_2(texts, facts.source):
        return Cause.ENVIRONMENT
    return Cause.ENVIRONMENT if facts.of_python else Cause.LIBRARY_VERSION


def _keeps_its_shape(difference: Difference) -> bool:
    """Whether it is the shape of a table that differs, and local runs agree on it."""
    return difference.reason.startswith(OTHER_SHAPE) and difference.reason.endswith(ALIKE)


def _is_of_here(difference: Difference, facts: Facts) -> bool:
    """Whether a difference tells of the machine, or of how it is set up."""
    texts = difference.recorded, difference.local
    if _HERE.search(facts.source) or any(map(_NO_PACKAGE.search, texts)):
        return True
    if OTHER_BACKGROUND in difference.reason and not facts.styled:
        return True
    if difference.kind is Kind.EXTRA and _PICTURE.search(texts[1]) and not facts.pictured:
        return True
    no_picture = difference.kind is Kind.MISSING and _PICTURE.search(texts[0])
    return bool(no_picture) and not facts.inline


def _is_rounding(difference: Difference) -> bool:
    texts = difference.recorded, difference.local
    measured = difference.kind is Kind.NUMBER and difference.relative is not None
    # What is written with more digits than single precision has is wrong by less than this.
    double = any(len(_DIGIT.findall(text)) > _SINGLE for text in texts)
    small = difference.relative is not None and difference.relative <= _ROUNDED and not double
    return measured and (small or _both_tiny(*texts))


def _is_of_platform(texts: tuple[str, str], source: str) -> bool:
    """Whether two texts tell of how wide the integers of two systems are."""
    widths = [_PLATFORM.findall(text) for text in texts]
    if all(widths) and widths[0] != widths[1] and not _TYPED_INDEX.search(texts[0]):
        return True
    if not _BYTES.search(source) or not all(text.isdecimal() for text in texts):
        return False
    return int(texts[1]) in (2 * int(texts[0]), int(texts[0]) / 2)


def _is_of_python_2(texts: tuple[str, str], source: str) -> bool:
    """Whether two texts differ as Python 2 and 3 do: in division, views of dicts, and printing."""
    if _PYTHON_2.search(texts[0]) or _PYTHON_3.search(texts[1]):
        return True
    try:
        recorded, local = float(texts[0]), float(texts[1])
    except ValueError:
        return False
    return "/" in source and recorded == local // 1 and recorded != local


def _is_of_another_type(recorded: str, local: str) -> bool:
    """Whether one of two texts is a truth value and the other the number that stands for it."""
    for number, truth in ((recorded, local), (local, recorded)):
        if truth in _TRUTH and number not in _TRUTH:
            with suppress(ValueError):
                return float(number) == _TRUTH[truth]
    return False


def _both_tiny(recorded: str, local: str) -> bool:
    try:
        return max(abs(float(recorded)), abs(float(local))) < _MEMORY
    except ValueError:
        return False
