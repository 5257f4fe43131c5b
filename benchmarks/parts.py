"""A benchmark of many fits, split over processes: each does its part, writes as it goes, and stops.

    python -m benchmarks.calibration --out part3.jsonl --part 3/13 --seconds 380
    python -m benchmarks.calibration --merge part*.jsonl --table calibration.md

A file has one line of JSON a fit, added when it is done; what it has is not run again.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["add_options", "append", "merged", "read", "within"]

Record = dict[str, Any]
T = TypeVar("T")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark do a part of itself, and put parts together."""
    parser.add_argument("--part", type=_part, default=(0, 1), metavar="K/N", help="0/N to N-1/N")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of wall time, at most")
    parser.add_argument("--merge", type=Path, nargs="+", metavar="JSONL", help="run nothing")


def within(items: Iterable[T], options: argparse.Namespace) -> Iterator[T]:
    """Yield every N-th item, and stop when one that takes as long as the longest would end late."""
    part, parts = options.part
    began, longest = time.monotonic(), 0.0
    for item in list(items)[part::parts]:
        start = time.monotonic()
        if start - began + longest > options.seconds:
            return
        yield item
        longest = max(longest, time.monotonic() - start)


def append(path: Path | None, record: Record) -> None:
    """Add a line; without a file, none."""
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps(record) + "\n")


def read(path: Path | None) -> list[Record]:
    """Records so far; a last line that was cut short is dropped, and done again."""
    if path is None or not path.exists():
        return []
    text = path.read_text()
    if text and not text.endswith("\n"):
        path.write_text(text := text[: text.rfind("\n") + 1])
    return [json.loads(line) for line in text.splitlines()]


def merged(paths: Iterable[Path], key: Callable[[Record], Any]) -> list[Record]:
    """Records of all files; of those with the same key the last."""
    return list({key(record): record for path in paths for record in read(path)}.values())


def _part(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and int(part) < int(parts)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part: write 0/4, 1/4, 2/4, or 3/4.")
    return int(part), int(parts)
