"""Which names the code of a cell makes, and which it uses."""

import ast
import re
from dataclasses import dataclass

__all__ = ["Names", "names_in", "plain_source"]

_MAGIC = re.compile(r"^\s*[%!?].*$|^.*\?\s*$", re.MULTILINE)
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_ASSIGNED = re.compile(r"^\s*(?:def|class)\s+(\w+)|^([A-Za-z_]\w*)\s*=(?!=)", re.MULTILINE)
_MAGIC_ASSIGNED = re.compile(r"^(\s*\w+\s*=\s*)[!%].*$", re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """The names that code makes at its top level or inside, and those that it uses."""

    made: frozenset[str]
    used: frozenset[str]


def plain_source(source: str) -> str:
    """Return a cell's code without the lines that only IPython understands."""
    return _MAGIC.sub("", _MAGIC_ASSIGNED.sub(r"\1None", source))


def names_in(source: str) -> Names:
    r"""Read the names in a cell's code; lines for IPython are passed over.

    Example:
        >>> names = names_in("%matplotlib inline\nimport numpy as np\ny = np.exp(x)")
        >>> sorted(names.made), sorted(names.used)
        (['np', 'y'], ['np', 'x'])
    """
    plain = plain_source(source)
    try:
        tree = ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError):  # Python 2, say
        found = {name for pair in _ASSIGNED.findall(plain) for name in pair if name}
        return Names(frozenset(found), frozenset(_WORD.findall(plain)))
    made: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()):
                used.add(name)
            case ast.Name(name):
                made.add(name)
            case ast.FunctionDef(name) | ast.ClassDef(name) | ast.AsyncFunctionDef(name):
                made.add(name)
            case ast.Import(aliases) | ast.ImportFrom(_, aliases):
                made |= {alias.asname or alias.name.split(".")[0] for alias in aliases}
            # x[0] = 1, x.a = 1 and x.append(1) change what x is.
            case ast.Subscript(ast.Name(name), _, ast.Store()) | ast.Attribute(
                ast.Name(name), _, ast.Store()
            ):
                made.add(name)
            case ast.Call(ast.Attribute(ast.Name(name), "fit" | "append" | "update" | "extend")):
                made.add(name)
    return Names(frozenset(made), frozenset(used))
