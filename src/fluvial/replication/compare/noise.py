"""What may change from run to run without meaning anything: found first, judged afterwards."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.moments import moment_pattern, within_run
from fluvial.replication.compare.surroundings import Surroundings

__all__ = ["HINTS", "Noise", "NoiseKind", "find_noise", "why_noise"]


class NoiseKind(StrEnum):
    """What a piece of text may be that no two runs have in common."""

    PROGRESS = "progress bar"
    TIMER = "timer"
    ADDRESS = "memory address"
    CELL_FILE = "name of a cell's temporary file"
    UUID = "UUID"
    MOMENT = "date or time"
    PATH = "path"


@dataclass(frozen=True)
class Noise:
    """A piece of text that may be noise.

    Attributes:
        kind: what it may be.
        text: as it is written.
        key: what must agree in two that stand for the same thing, such as the steps of a bar.
    """

    kind: NoiseKind
    text: str
    key: str = ""


_PATTERN = re.compile(
    rf"""
    (?P<progress>
        \d+%\|[^|\n]*\|\s*[\d.]+[kMGT]?/(?P<total>[\d.?]+[kMGT]?)\s*
        \[[\d:]+<[\d:?]+,\s*[\d.?e+]+\s*[^\s,\]]+
      | \d+/(?P<batches>\d+|Unknown)\s*(?:\[[=>.\s]*\]|[━╸╺ ]{{5,}})\s*-?(?:\s*ETA:\s[\d:]+s?)?)
  | (?P<timer>^CPU\ times:.*|^peak\ memory:\ .*increment:.*)
  | (?P<cell_file><ipython-input-\d+-[0-9a-f]+> | (?<!\S)\S*ipykernel_\d+[/\\]\d+\.py)
  | (?P<address>(?<=at\ )0[xX][0-9a-fA-F]{{6,}}\b)
  | (?P<uuid>\b[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}\b)
  | (?P<moment>{moment_pattern()})
  | (?P<path>(?:^|(?<=^['"]))/(?:[\w\ .,@+%()-]+/)+[\w\ .,@+%()-]*(?=['"]?$)
    | (?<![\w/.:<])(?:
        ~?(?=\S*[A-Za-z])/(?:[\w.@+%-]+/)+[\w.@+%-]*
      | [A-Za-z]:\\+(?:[^\\\s:*?"'<>|]+\\+)+[^\\\s:*?"'<>|]*))
    """,
    re.VERBOSE | re.MULTILINE,
)
HINTS = r"[/\\:%]|0[xX]|\w-\d|<ipy|\d,?\s(?:[A-Z][a-z]+\s)?(?:19|20)\d\d\b"
"""A pattern for what is in all noise, and in few lines else."""

_HINTS = re.compile(HINTS)
_OBJECT = re.compile(r"<[^<>]*(?:<[^<>]*>[^<>]*)*$")
_INSTALLED = re.compile(r"(?:site|dist)-packages/|lib/python\d[\d.]*/|anaconda\d?/|miniconda\d?/")
_INTERPRETER = re.compile(r"/python[\d.]*(?:\.exe)?$")
# Where systems keep temporary files.
_TEMPORARY = re.compile(r"^/(?:private/)?(?:var/)?(?:tmp|folders)/|/(?:Temp|tmp)/", re.IGNORECASE)
_MIDNIGHT = " 00:00:00"
_LOG_LEVEL = r"(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|TRACE)"


def find_noise(line: str) -> Iterator[tuple[int, int, Noise]]:
    """Yield where in a line anything begins and ends that may be noise."""
    if not _HINTS.search(line):
        return
    for match in _PATTERN.finditer(line):
        kind = NoiseKind[match.lastgroup.upper()] if match.lastgroup else NoiseKind.PATH
        key = match["total"] or match["batches"] or ""
        yield match.start(), match.end(), Noise(kind, match.group(), key)


def why_noise(
    recorded: Noise,
    local: Noise,
    before: tuple[str, str],
    after: tuple[str, str],
    run: Surroundings,
) -> tuple[str, Cause] | None:
    """Say why two different texts mean the same, and what made the difference; None if they do not.

    Args:
        recorded: the recorded one.
        local: the local one, of the same kind.
        before: what stands before each of them in its line.
        after: what stands behind.
        run: the local run.

    Example:
        >>> run = Surroundings()
        >>> addresses = [Noise(NoiseKind.ADDRESS, f"0x7f3ab2c4d1{i}0") for i in (1, 2)]
        >>> why_noise(*addresses, ("<A at ", "<A at "), (">", ">"), run)
        ('a memory address', <Cause.ENVIRONMENT: 'environment'>)
        >>> why_noise(*addresses, ("sum ", "sum "), ("", ""), run) is None
        True
    """
    match local.kind:
        case NoiseKind.TIMER:
            return "what a timer prints", Cause.WALL_TIME
        case NoiseKind.PROGRESS:
            same = recorded.key == local.key
            return ("the state of a progress bar", Cause.WALL_TIME) if same else None
        case NoiseKind.CELL_FILE:
            return "the name of a cell's temporary file", Cause.ENVIRONMENT
        case NoiseKind.ADDRESS:
            inside = all(_OBJECT.search(text) for text in before)
            return ("a memory address", Cause.ENVIRONMENT) if inside else None
        case NoiseKind.UUID:
            drawn = "uuid" in run.source
            return ("a UUID drawn by the run", Cause.RANDOMNESS) if drawn else None
        case NoiseKind.MOMENT:
            if len({text.removesuffix(_MIDNIGHT) for text in (recorded.text, local.text)}) == 1:
                return "midnight, which not all versions write", Cause.LIBRARY_PRINTING
            return _why_moment(local.text, before, after, run)
        case NoiseKind.PATH:
            return _why_path(recorded.text, local.text, run)


def _why_moment(
    local: str, before: tuple[str, str], after: tuple[str, str], run: Surroundings
) -> tuple[str, Cause] | None:
    if within_run(local, run):
        return "the time of the run", Cause.WALL_TIME
    if all(map(_in_log_prefix, before, after)):
        return "the time in the prefix of a log line", Cause.WALL_TIME
    return None


def _in_log_prefix(before: str, after: str) -> bool:
    """Whether a time begins a line, or follows its level, and the level is there."""
    levelled = re.match(rf"[\s\]|,:.\d-]*(?:[\w.]+\s*[:|-]?\s*)?\[?{_LOG_LEVEL}\b", after)
    return bool(
        (re.fullmatch(r"[\s\[(]*", before) and levelled)
        or re.fullmatch(rf"[\s\[(]*{_LOG_LEVEL}[\s:\[\]|-]*", before)
    )


def _why_path(recorded: str, local: str, run: Surroundings) -> tuple[str, Cause] | None:
    a, b = (text.replace("\\\\", "\\").replace("\\", "/").rstrip("/") for text in (recorded, local))
    installed = [_INSTALLED.split(text)[-1] if _INSTALLED.search(text) else None for text in (a, b)]
    if installed[0] is not None and installed[0] == installed[1]:
        return "the folder of an environment", Cause.ENVIRONMENT
    interpreters = all(map(_INTERPRETER.search, (a, b)))
    if interpreters and any(b.startswith(f"{folder.rstrip('/')}/") for folder in run.folders):
        return "the interpreter of an environment", Cause.ENVIRONMENT
    homes = [folder.replace("\\", "/").rstrip("/") for folder in run.folders]
    around = [home for home in homes if b == home or b.startswith(f"{home}/")]
    if not around:
        return None
    home = max(around, key=len)  # what is below the working folder is not any temporary file
    below = PurePosixPath(b[len(home) + 1 :]).parts
    shared = _same_at_end(PurePosixPath(a).parts, PurePosixPath(b).parts)
    # A temporary file is in folders, and has a name, that are drawn for it alone.
    temporary = home == homes[-1] and bool(_TEMPORARY.search(a))
    if not below or shared >= len(below) or (shared and temporary):
        return "the working folder, or one of the environment", Cause.ENVIRONMENT
    return None


def _same_at_end(recorded: tuple[str, ...], local: tuple[str, ...]) -> int:
    same = 0
    for a, b in zip(reversed(recorded), reversed(local), strict=False):
        if a != b:
            break
        same += 1
    return same
