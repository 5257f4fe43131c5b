"""Tables of text that go over several blocks of columns, put side by side again."""

from collections.abc import Sequence

__all__ = ["unwrapped"]

_GOES_ON = "\\"


def unwrapped(lines: Sequence[str]) -> list[str]:
    r"""Return lines with the blocks that pandas wraps a wide table into next to each other.

    How wide a page is depends on where it is printed, and on the version.

    Example:
        >>> unwrapped(["     a  \\", "0  0.1   ", "", "     b  ", "0  0.3  "])
        ['     a    b', '0  0.1  0.3']
    """
    done: list[str] = []
    at = 0
    while at < len(lines):
        if not lines[at].rstrip().endswith(_GOES_ON):
            done.append(lines[at])
            at += 1
            continue
        blocks, at = _blocks(lines, at)
        done += _side_by_side(blocks)
    return done


def _blocks(lines: Sequence[str], at: int) -> tuple[list[list[str]], int]:
    """Return the blocks of a table that begins at a line, and the line behind the last of them."""
    blocks: list[list[str]] = []
    goes_on = True
    while goes_on and at < len(lines):
        stop = next((k for k in range(at, len(lines)) if not lines[k].strip()), len(lines))
        if blocks:  # the last one ends without an empty line
            stop = min(stop, at + len(blocks[0]))
        blocks.append([line.rstrip().removesuffix(_GOES_ON).rstrip() for line in lines[at:stop]])
        goes_on = any(line.rstrip().endswith(_GOES_ON) for line in lines[at:stop])
        at = stop
        if goes_on and at < len(lines) and not lines[at].strip():
            at += 1
    return blocks, at


def _side_by_side(blocks: list[list[str]]) -> list[str]:
    if len({len(block) for block in blocks}) > 1:
        return [line for block in blocks for line in block]
    whole = blocks[0]
    for block in blocks[1:]:
        width = _index_width(blocks[0], block)
        widest = max(map(len, whole))
        whole = [
            f"{left.ljust(widest)}  {right[width:]}".rstrip()
            for left, right in zip(whole, block, strict=True)
        ]
    return whole


def _index_width(first: Sequence[str], block: Sequence[str]) -> int:
    """Return how wide the index is that both blocks begin with: what they share up to a space."""
    width = min(_shared(a, b) for a, b in zip(first, block, strict=True))
    while width and any(line[width - 1 : width].strip() for line in block):
        width -= 1
    return width


def _shared(a: str, b: str) -> int:
    return next(
        (k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
