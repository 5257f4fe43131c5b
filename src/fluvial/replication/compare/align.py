"""Lines of two texts paired with each other."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

import numpy as np

__all__ = ["aligned"]

Pair = tuple[int | None, int | None]
Block = tuple[range, range]

_NUMBER = re.compile(r"[-+−]?(?:\d[\d.,]*(?:[eE][-+]?\d+)?|\.\d+|\bnan\b|\binf\b)")
_SPACE = re.compile(r"\s+")
# Two lines of other words are paired sooner than taken for one too few and one too many; two that
# differ in all of their numbers are paired sooner than those.
_GAP, _OTHER_WORDS, _OTHER_NUMBERS = 0.6, 1.15, 0.9
_DIAGONAL, _UP, _LEFT = range(3)
# Pairing takes time proportional to the product of the lines: a second at most.
_MOST_PAIRS = 1_000_000


def aligned(recorded: Sequence[str], local: Sequence[str]) -> Iterator[Pair]:
    """Pair the lines of two texts in their order, None standing for a line that the other lacks.

    Lines that are the same, and there once, are paired first (as patience diff does); then those of
    the same words and first number; then those of the same words. What is left between them is
    paired so that as little as possible differs, by dynamic programming.

    Example:
        >>> list(aligned(["a 1", "a 2", "a 3"], ["a 1", "a 3"]))
        [(0, 0), (1, None), (2, 1)]
    """
    blocks: list[Block] = [(range(len(recorded)), range(len(local)))]
    words: dict[str, str] = {}

    def skeleton(line: str) -> str:
        if line not in words:
            words[line] = _SPACE.sub("", _NUMBER.sub("#", line))
        return words[line]

    keys = (_itself, lambda line: _first_number(line, skeleton), skeleton)
    for key in keys:
        blocks = [part for block in blocks for part in _split(recorded, local, block, key)]
    for rows, columns in blocks:
        yield from _paired(recorded, local, rows, columns, skeleton)


def _itself(line: str) -> str:
    return line


def _first_number(line: str, skeleton: Callable[[str], str]) -> str:
    match = _NUMBER.search(line)
    return f"{skeleton(line)} {match.group() if match else ''}"


def _split(
    recorded: Sequence[str], local: Sequence[str], block: Block, key: Callable[[str], str]
) -> Iterator[Block]:
    """Split two stretches of lines where a line is the same in both, and there once."""
    rows, columns = block
    if len(rows) * len(columns) <= 1:
        yield block
        return
    before = [key(recorded[i]) for i in rows]
    after = [key(local[j]) for j in columns]
    # Lines that are alike but for their numbers need not be those of the same place.
    start, end = _same_ends(before, after) if key is _itself else (0, 0)
    pairs = [(k, k) for k in range(start)]
    pairs += _anchors(before, after, start, end)
    pairs += [(len(before) - back, len(after) - back) for back in range(end, 0, -1)]
    i, j = 0, 0
    for a, b in [*pairs, (len(before), len(after))]:
        if a > i or b > j:
            yield rows[i:a], columns[j:b]
        if a < len(before):
            yield rows[a : a + 1], columns[b : b + 1]
        i, j = a + 1, b + 1


def _same_ends(before: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """Count the lines that are the same at the start, and at the end."""
    shortest = min(len(before), len(after))
    start = next((k for k in range(shortest) if before[k] != after[k]), shortest)
    rest = shortest - start
    end = next((k for k in range(rest) if before[-1 - k] != after[-1 - k]), rest)
    return start, end


def _anchors(
    before: Sequence[str], after: Sequence[str], start: int, end: int
) -> list[tuple[int, int]]:
    """Pair what is there once in both: the longest run of pairs in the same order."""
    here, there = before[start : len(before) - end], after[start : len(after) - end]
    counts = Counter(here), Counter(there)
    place = {line: j for j, line in enumerate(there) if counts[1][line] == 1}
    pairs = [
        (i, place[line]) for i, line in enumerate(here) if counts[0][line] == 1 and line in place
    ]
    return [(start + i, start + j) for i, j in _longest_increasing(pairs)]


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    tops: list[int] = []
    top_pairs: list[int] = []
    previous: list[int] = []
    for k, (_, j) in enumerate(pairs):
        at = bisect_left(tops, j)
        previous.append(top_pairs[at - 1] if at else -1)
        if at == len(tops):
            tops.append(j)
            top_pairs.append(k)
        else:
            tops[at], top_pairs[at] = j, k
    chosen: list[tuple[int, int]] = []
    k = top_pairs[-1] if top_pairs else -1
    while k >= 0:
        chosen.append(pairs[k])
        k = previous[k]
    return chosen[::-1]


def _paired(
    recorded: Sequence[str],
    local: Sequence[str],
    rows: range,
    columns: range,
    skeleton: Callable[[str], str],
) -> Iterator[Pair]:
    if len(rows) == len(columns) == 1 or not rows or not columns:
        yield from zip_longest(rows, columns)
        return
    if len(rows) * len(columns) > _MOST_PAIRS:
        yield from zip_longest(rows, columns)
        return
    cost = _costs([recorded[i] for i in rows], [local[j] for j in columns], skeleton)
    for i, j in _cheapest(cost):
        yield (None if i is None else rows[i]), (None if j is None else columns[j])


def _costs(
    recorded: Sequence[str], local: Sequence[str], skeleton: Callable[[str], str]
) -> np.ndarray:
    cost = np.full((len(recorded), len(local)), _OTHER_WORDS)
    words = [skeleton(line) for line in recorded], [skeleton(line) for line in local]
    for common in set(words[0]) & set(words[1]):
        rows = [i for i, line in enumerate(words[0]) if line == common]
        columns = [j for j, line in enumerate(words[1]) if line == common]
        a = np.array([_values(recorded[i]) for i in rows])
        b = np.array([_values(local[j]) for j in columns])
        cost[np.ix_(rows, columns)] = _OTHER_NUMBERS * _distance(a, b)
    return cost


def _values(line: str) -> list[float]:
    return [_value(text) for text in _NUMBER.findall(line)]


def _value(text: str) -> float:
    try:
        return float(text.replace(",", "").replace("−", "-").rstrip("."))
    except ValueError:  # a version, say
        return float(hash(text))


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the mean over the numbers of two lines of how far they are apart, at most 1."""
    apart = np.zeros((len(a), len(b)))
    for x, y in zip(a.T, b.T, strict=True):
        x, y = x[:, None], y[None, :]
        size = np.maximum(np.abs(x), np.abs(y))
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.minimum(1.0, 2.0 * np.abs(x - y) / size)
        same = (x == y) | (np.isnan(x) & np.isnan(y))
        apart += np.where(same, 0.0, np.where(np.isnan(relative), 1.0, 0.1 + 0.9 * relative))
    return apart / max(a.shape[1] if a.ndim > 1 else 0, 1)


def _cheapest(cost: np.ndarray) -> list[Pair]:
    """Return the pairs of rows and columns of the least total cost, in order."""
    n, m = cost.shape
    above = [_GAP * j for j in range(m + 1)]
    moves = [[_LEFT] * (m + 1)]
    for i, row in enumerate(cost.tolist(), 1):
        here, steps = [_GAP * i], [_UP]
        for j, pair in enumerate(row):
            options = (above[j] + pair, above[j + 1] + _GAP, here[j] + _GAP)
            least = min(options)
            here.append(least)
            steps.append(options.index(least))
        above = here
        moves.append(steps)
    pairs: list[Pair] = []
    i, j = n, m
    while i or j:
        move = moves[i][j]
        i, j = i - (move != _LEFT), j - (move != _UP)
        pairs.append((i if move != _LEFT else None, j if move != _UP else None))
    return pairs[::-1]
