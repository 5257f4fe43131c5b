"""What a Stan program declares, read from its source.

stanli reports neither the declared data nor their sizes, so the declarations are read here. The
source has passed Stan's compiler by then: what is parsed is known to be well formed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Declaration", "blocks", "declarations", "split", "with_includes"]

_INCLUDE = re.compile(r'^[ \t]*#include[ \t]+(?:"([^"\n]+)"|<([^>\n]+)>|(\S+)).*$', re.MULTILINE)
_QUIET = re.compile(r'"[^"\n]*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_BLOCK = re.compile(
    r"\b(functions|(?:transformed\s+)?data|(?:transformed\s+)?parameters|model"
    r"|generated\s+quantities)\s*\{"
)
# What may stand before the brace of a compound statement, but not before that of an array.
_COMPOUND = re.compile(r"(?:^|\)|\belse)\s*$")
_OPENING, _CLOSING = "([{", ")]}"
# Name -> which of the sizes in its brackets are its dimensions (Stan Reference Manual, "Data Types
# and Declarations"). Complex numbers and tuples are absent: stanli has neither.
_TYPES: dict[str, tuple[int, ...]] = {
    "int": (),
    "real": (),
    "vector": (0,),
    "row_vector": (0,),
    "ordered": (0,),
    "positive_ordered": (0,),
    "simplex": (0,),
    "unit_vector": (0,),
    "sum_to_zero_vector": (0,),
    "matrix": (0, 1),
    "sum_to_zero_matrix": (0, 1),
    "row_stochastic_matrix": (0, 1),
    "column_stochastic_matrix": (0, 1),
    "cholesky_factor_cov": (0, -1),  # with one size it is square
    "cholesky_factor_corr": (0, 0),
    "corr_matrix": (0, 0),
    "cov_matrix": (0, 0),
}
_DECLARED = re.compile(rf"\s*(?:array\s*\[|(?:{'|'.join(_TYPES)}|complex\w*|tuple)\b)", re.DOTALL)


@dataclass(frozen=True)
class Declaration:
    """One declared variable.

    Attributes:
        name: its name.
        type: its type as it is written, without constraints, such as "array[N] vector[K]".
        integer: whether its elements are integers.
        sizes: the expressions of its dimensions, outermost first; None for complex numbers and
            tuples.
        statement: the whole statement, which may declare other variables, too.
        constraint: what stands between "<" and ">", such as "lower=0".
    """

    name: str
    type: str
    integer: bool
    sizes: tuple[str, ...] | None
    statement: str
    constraint: str = ""


def with_includes(code: str, folders: Sequence[Path] | None) -> str:
    """Return a program with the text of each included file in place, as Stan's compiler sees it.

    Args:
        code: a program that compiles.
        folders: where included files are looked for, before the working directory.
    """
    search = [*(folders or ()), Path.cwd()]

    def included(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        path = next((f / name for f in search if (f / name).is_file()), None)
        return "" if path is None else with_includes(path.read_text("utf-8-sig"), folders)

    return _INCLUDE.sub(included, code)


def blocks(source: str) -> dict[str, str]:
    """Map the name of each block, such as "transformed data", to the text between its braces.

    Comments, and what stands in strings, are left out.

    Args:
        source: from `with_includes`.
    """
    source = _QUIET.sub(_blank, source)
    found, place = {}, 0
    while match := _BLOCK.search(source, place):
        place = _end(source, match.end() - 1)
        found[" ".join(match[1].split())] = source[match.end() : place]
    return found


def _blank(match: re.Match[str]) -> str:
    return '""' if match[0].startswith('"') else " "


def declarations(block: str) -> list[Declaration]:
    """Return the variables that a block declares at its top level, in order.

    Example:
        >>> [found] = declarations("array[N] vector<lower=0>[2 * K] x;")
        >>> found.name, found.type, found.sizes
        ('x', 'array[N] vector[2 * K]', ('N', '2 * K'))
    """
    return [
        found
        for statement in _statements(block)
        if _DECLARED.match(statement)
        for found in _declared(statement.strip())
    ]


def _statements(block: str) -> Iterator[str]:
    """Yield the statements at a block's top level; compound ones end with their brace."""
    start = place = 0
    while place < len(block):
        if block[place] == ";":
            yield block[start:place]
            start = place + 1
        elif block[place] in _OPENING:
            compound = block[place] == "{" and _COMPOUND.search(block[start:place])
            place = _end(block, place)
            start = place + 1 if compound else start
        place += 1


def _declared(statement: str) -> Iterator[Declaration]:
    outer, rest = (), statement
    if re.match(r"array\s*\[", rest):
        outer, rest = _bracketed(rest, rest.index("["))
    match = re.match(r"\s*(\w+)\s*", rest)
    assert match is not None
    word, rest, constraint = match[1], rest[match.end() :], ""
    if rest.startswith("<"):
        end = _constraint_end(rest)
        constraint, rest = rest[1 : end - 1].strip(), rest[end:].lstrip()
    inner = ()
    if word == "tuple":
        rest = rest[_end(rest, 0) + 1 :]
    elif rest.startswith("["):
        inner, rest = _bracketed(rest, 0)
    places = _TYPES.get(word)
    sizes = None if places is None else (*outer, *(inner[place] for place in places))
    text = (f"array[{', '.join(outer)}] " if outer else "") + word
    text += f"[{', '.join(inner)}]" if inner else ""
    for part in split(rest):
        name = part.partition("=")[0].strip()
        yield Declaration(name, text, word == "int", sizes, statement, constraint)


def _bracketed(text: str, place: int) -> tuple[tuple[str, ...], str]:
    """Return what stands between commas in the brackets that open there, and the text beyond."""
    end = _end(text, place)
    return tuple(part.strip() for part in split(text[place + 1 : end])), text[end + 1 :]


def split(text: str) -> Iterator[str]:
    """Split a text at the commas that are in no brackets.

    Example:
        >>> list(split("a[1, 2], b"))
        ['a[1, 2]', ' b']
    """
    start = place = 0
    while place < len(text):
        if text[place] == ",":
            yield text[start:place]
            start = place + 1
        elif text[place] in _OPENING:
            place = _end(text, place)
        place += 1
    yield text[start:]


def _end(text: str, place: int) -> int:
    """Return where the bracket that opens at a place is closed."""
    depth = 0
    for i in range(place, len(text)):
        depth += (text[i] in _OPENING) - (text[i] in _CLOSING)
        if depth == 0:
            return i
    return len(text)


def _constraint_end(text: str) -> int:
    """Return the place beyond a constraint; a comparison within it must be in parentheses."""
    place = 1
    while text[place] != ">":
        place = (_end(text, place) if text[place] in _OPENING else place) + 1
    return place + 1
