"""Two texts, line by line, number by number."""

import ast
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.judging import duration_difference, number_difference
from fluvial.replication.compare.normalize import masked, shown_lines
from fluvial.replication.compare.numbers import Duration, Number, Token, tokens
from fluvial.replication.compare.tolerance import Tolerance
from fluvial.replication.compare.values import compare_values, parsed

__all__ = ["compare_lines", "compare_text"]

# Aligning takes time quadratic in the lines; past this many they are compared in their order.
_MOST_ALIGNED = 1000
_FLAT_BRACES = re.compile(r"\{[^{}:]*\}")


def compare_text(
    recorded: str, local: str, tolerance: Tolerance, place: str
) -> Iterator[Difference]:
    """Compare two texts.

    Lines are aligned by what remains of them without their numbers; numbers are then judged by
    value, durations by ratio, the rest as text once addresses, paths, times and progress bars are
    taken out. Text that writes a dict, list or set, as a whole or in a line, is compared as that.

    Args:
        recorded: the recorded text.
        local: the local one.
        tolerance: how far numbers may lie apart.
        place: of the text in the cell, in words; the line is added.

    Example:
        >>> text = "epoch 1, loss 0.5012 (3.1 s)", "epoch 1, loss 0.5013 (2.2 s)"
        >>> for found in compare_text(*text, Tolerance(rtol=1e-3), "stdout"):
        ...     print(found.place, found.kind, found.recorded, found.local, found.tolerated)
        stdout line 1, number 2 number 0.5012 0.5013 True
        stdout line 1, number 3 duration 3.1 s 2.2 s True
    """
    if recorded == local:
        return
    if (a := parsed(recorded)) is not None and (b := parsed(local)) is not None:
        yield from compare_values(a, b, tolerance, place)
    else:
        yield from compare_lines(shown_lines(recorded), shown_lines(local), tolerance, place)


def compare_lines(
    recorded: Sequence[str], local: Sequence[str], tolerance: Tolerance, place: str
) -> Iterator[Difference]:
    """Compare two texts that are given as lines."""
    if recorded == local:
        return
    for i, j in _aligned(recorded, local):
        if i is None and j is not None:
            yield _one_sided(Kind.EXTRA, f"{place} line {j + 1} (local)", None, local[j])
        elif i is not None and j is None:
            yield _one_sided(Kind.MISSING, f"{place} line {i + 1}", i + 1, recorded[i])
        elif i is not None and j is not None and recorded[i] != local[j]:
            yield from _compare_line(
                recorded[i], local[j], tolerance, f"{place} line {i + 1}", i + 1
            )


def _compare_line(
    recorded: str, local: str, tolerance: Tolerance, place: str, line: int
) -> Iterator[Difference]:
    a, b = tokens(_sorted_sets(masked(recorded))), tokens(_sorted_sets(masked(local)))
    if _skeleton(a) == _skeleton(b):
        yield from _compare_tokens(a, b, tolerance, place, line)
    elif (x := parsed(recorded)) is not None and (y := parsed(local)) is not None:
        yield from compare_values(x, y, tolerance, place, line)
    else:
        texts = shortened(recorded, local), shortened(local, recorded)
        yield Difference(Kind.TEXT, place, line, *texts, None, False, "another text")


def _compare_tokens(
    recorded: list[Token], local: list[Token], tolerance: Tolerance, place: str, line: int
) -> Iterator[Difference]:
    pairs = [(a, b) for a, b in zip(recorded, local, strict=True) if not isinstance(a, str)]
    for count, (a, b) in enumerate(pairs, 1):
        here = place if len(pairs) == 1 else f"{place}, number {count}"
        if isinstance(a, Number) and isinstance(b, Number):
            yield from number_difference(a.value, b.value, a.text, b.text, tolerance, here, line)
        elif isinstance(a, Duration) and isinstance(b, Duration):
            seconds = a.seconds, b.seconds
            yield from duration_difference(*seconds, a.text, b.text, tolerance, here, line)


def _skeleton(line: list[Token]) -> tuple[str, ...]:
    return tuple(token if isinstance(token, str) else f"\0{type(token).__name__}" for token in line)


def _aligned(
    recorded: Sequence[str], local: Sequence[str]
) -> Iterator[tuple[int | None, int | None]]:
    """Pair the lines, None standing for a line that the other text lacks."""
    if len(recorded) == len(local) and max(map(len, (recorded, local))) > _MOST_ALIGNED:
        yield from ((i, i) for i in range(len(recorded)))
        return
    start = _same_at_start(recorded, local)
    end = _same_at_start(recorded[start:][::-1], local[start:][::-1])
    yield from ((i, i) for i in range(start))
    middle = recorded[start : len(recorded) - end], local[start : len(local) - end]
    for i, j in _aligned_middle(*middle):
        yield (None if i is None else start + i), (None if j is None else start + j)
    for back in range(end, 0, -1):
        yield len(recorded) - back, len(local) - back


def _aligned_middle(
    recorded: Sequence[str], local: Sequence[str]
) -> Iterator[tuple[int | None, int | None]]:
    if max(len(recorded), len(local)) > _MOST_ALIGNED:
        yield from zip_longest(range(len(recorded)), range(len(local)))
        return
    skeletons = [[_skeleton(tokens(masked(line))) for line in text] for text in (recorded, local)]
    matcher = SequenceMatcher(None, *skeletons, autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        yield from zip_longest(range(i, i_end), range(j, j_end))


def _same_at_start(recorded: Sequence[str], local: Sequence[str]) -> int:
    """Count the lines at the start that agree but for their numbers."""
    same = 0
    for a, b in zip(recorded, local, strict=False):
        if a != b and _skeleton(tokens(masked(a))) != _skeleton(tokens(masked(b))):
            break
        same += 1
    return same


def _sorted_sets(line: str) -> str:
    """Write the sets in a line in one order, as Python does not."""
    return _FLAT_BRACES.sub(_sorted_set, line) if "{" in line else line


def _sorted_set(match: re.Match) -> str:
    try:
        value = ast.literal_eval(match.group())
    except (ValueError, SyntaxError):
        return match.group()
    return "{" + ", ".join(sorted(map(repr, value))) + "}"


def _one_sided(kind: Kind, place: str, line: int | None, text: str) -> Difference:
    recorded, local = ("", shortened(text)) if kind is Kind.EXTRA else (shortened(text), "")
    reason = "not recorded" if kind is Kind.EXTRA else "not made locally"
    return Difference(kind, place, line, recorded, local, None, False, reason)
