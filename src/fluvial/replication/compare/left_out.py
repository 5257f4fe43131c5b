"""Lines that one of two texts writes out, and the other leaves out with dots."""

import re
from collections.abc import Sequence

__all__ = ["LEFT_OUT", "is_dots", "left_out_pairs"]

LEFT_OUT = "left out where the other text has dots"
"""What is said of such lines."""
_DOTS = re.compile(r"\s*(?:\.{2,3}|…)(?:\s+(?:\.{2,3}|…))*\s*")


def is_dots(line: str) -> bool:
    """Whether a line stands for lines that are left out."""
    return bool(_DOTS.fullmatch(line))


def left_out_pairs(
    pairs: Sequence[tuple[int | None, int | None]], recorded: Sequence[str], local: Sequence[str]
) -> set[int]:
    """Return the pairs that only one text has because the other writes dots in their place.

    How many rows of a table are shown depends on the version of pandas. Where both leave rows out,
    one has more of them before the dots and after them.
    """
    found: set[int] = set()
    block: list[int] = []
    for at, (i, j) in enumerate([*pairs, (0, 0)]):
        if at < len(pairs) and (
            i is None or j is None or _DOTS.fullmatch(recorded[i]) or _DOTS.fullmatch(local[j])
        ):
            block.append(at)
            continue
        own = [pairs[k] for k in block]
        lines = [(recorded[row], 0) for row, _ in own if row is not None]
        lines += [(local[row], 1) for _, row in own if row is not None]
        sides = {side for line, side in lines if _DOTS.fullmatch(line)}
        others = {side for line, side in lines if not _DOTS.fullmatch(line)}
        if len(others) == 1 and sides - others and _around_dots(own, recorded, local):
            found.update(block)
        block = []
    return found


def _around_dots(
    pairs: Sequence[tuple[int | None, int | None]], recorded: Sequence[str], local: Sequence[str]
) -> bool:
    """Whether lines stand before and after the dots that both texts have, if both have any."""
    shared = [
        at
        for at, (i, j) in enumerate(pairs)
        if i is not None
        and j is not None
        and _DOTS.fullmatch(recorded[i])
        and _DOTS.fullmatch(local[j])
    ]
    return not shared or 0 < shared[0] < len(pairs) - 1
