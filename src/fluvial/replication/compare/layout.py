"""Two texts as sequences of what they say, however lines, spaces and quotes set it apart."""

import re
from collections.abc import Sequence

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind, shortened
from fluvial.replication.compare.judging import Where, number_difference
from fluvial.replication.compare.noise import Noise, NoiseKind
from fluvial.replication.compare.numbers import Number, Token, located_tokens
from fluvial.replication.compare.style import plain_style
from fluvial.replication.compare.tolerance import Tolerance

__all__ = ["in_another_order", "laid_out_otherwise", "same_cells"]

# Words, and all other marks one by one; quotes, commas, colons and the backslash that pandas
# continues a wide table with are passed over.
_ATOM = re.compile(r"\w+|[^\w\s'\",:\\]")
_LONGEST = 100_000
_PRINTED_TUPLE = re.compile(r"^\(u?['\"]", re.MULTILINE)
_BRACKETS = ("(", ")")
_ORDER = "the same lines in another order, as dicts had none when it was recorded"
_REASON = "the same words and numbers in another layout"


def laid_out_otherwise(
    recorded: str, local: str, tolerance: Tolerance, place: str
) -> list[Difference] | None:
    r"""Compare two texts that say the same words in the same order; None if they do not.

    Where lines are broken, what is quoted, and how columns are set apart is a matter of the version
    of the library that prints, and of how wide it takes the page to be.

    Args:
        recorded: the recorded text.
        local: the local one.
        tolerance: how far numbers may lie apart.
        place: of the text in the cell, in words.

    Example:
        >>> found = laid_out_otherwise("a  b\n1  2", "a\n1\nb\n2", Tolerance(), "stdout")
        >>> found is None
        True
        >>> [d.reason for d in laid_out_otherwise("['a' 1]", "[a,\n 1]", Tolerance(), "stdout")]
        ['the same words and numbers in another layout']
    """
    if max(len(recorded), len(local)) > _LONGEST:
        return None
    before, after = _said(recorded), _said(local)
    if _PRINTED_TUPLE.search(recorded):  # of Python 2, which put brackets around what it printed
        before, after = (
            [token for token in said if token not in _BRACKETS] for said in (before, after)
        )
    if not before or list(map(_kind, before)) != list(map(_kind, after)):
        return None
    numbers = [
        (a, b)
        for a, b in zip(before, after, strict=True)
        if isinstance(a, Number) and isinstance(b, Number)
    ]
    found = [
        difference
        for count, (a, b) in enumerate(numbers, 1)
        for difference in number_difference(
            a, b, tolerance, Where(f"{place}, number {count}", None)
        )
    ]
    return [*found, _otherwise(recorded, local, place)]


def in_another_order(
    recorded: Sequence[str], local: Sequence[str], place: str
) -> Difference | None:
    """Return the tolerated difference between the same lines in another order; None if they differ.

    Example:
        >>> in_another_order(["a 1", "b 2"], ["b  2", "a 1"], "stdout").reason
        'the same lines in another order, as dicts had none when it was recorded'
    """
    if sorted(map(_plain_line, recorded)) != sorted(map(_plain_line, local)):
        return None
    texts = shortened("\n".join(recorded)), shortened("\n".join(local))
    return Difference(Kind.TEXT, place, None, *texts, None, True, _ORDER, Cause.LIBRARY_PRINTING)


def same_cells(recorded: Sequence[Sequence[str]], local: Sequence[Sequence[str]]) -> bool:
    """Whether two tables of other shapes hold the same texts in the same order, and empty cells.

    Example:
        >>> same_cells([["", "a"], ["i", ""], ["0", "5"]], [["i", "a"], ["0", "5"]])
        False
        >>> same_cells([["", "a"], ["0", "5"]], [["a"], ["0", "5"]])
        True
    """
    return _texts_of(recorded) == _texts_of(local)


def _texts_of(table: Sequence[Sequence[str]]) -> list[str]:
    return [plain_style(cell) for row in table for cell in row if cell]


def _plain_line(line: str) -> str:
    return " ".join(plain_style(line).split())


def _said(text: str) -> list[Token]:
    """Return the words, marks and numbers of a text."""
    said: list[Token] = []
    plain = plain_style(text)
    for token, start in located_tokens(plain):
        if isinstance(token, str):
            said += _ATOM.findall(token)
        else:  # a number within quotes is text
            said += ["'", token] if plain[max(0, start - 1)] in "'\"" else [token]
    return said


def _kind(token: Token) -> Token | type | NoiseKind:
    if isinstance(token, Noise) and token.kind is NoiseKind.ADDRESS:
        return token.kind
    return Number if isinstance(token, Number) else token


def _otherwise(recorded: str, local: str, place: str) -> Difference:
    texts = shortened(recorded, local), shortened(local, recorded)
    return Difference(Kind.TEXT, place, None, *texts, None, True, _REASON, Cause.LIBRARY_PRINTING)
