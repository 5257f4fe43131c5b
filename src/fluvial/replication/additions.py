"""What code adds to objects that were there before, so that running it again does so again."""

import ast
from collections.abc import Iterator

from fluvial.replication.names import names_in, plain_source

__all__ = ["adds_to"]

_ADDS = frozenset(("append", "extend", "insert", "pop", "popleft", "appendleft", "remove"))


def adds_to(source: str) -> frozenset[str]:
    r"""Return the names of what a cell changes by more the more often it is run.

    Example:
        >>> sorted(adds_to("a.append(1)\nb += 1\nc = c + [2]")), adds_to("d = []\nd.append(3)")
        (['a', 'b', 'c'], frozenset())
    """
    try:
        tree = ast.parse(plain_source(source))
    except (SyntaxError, ValueError, RecursionError):  # Python 2, say
        return frozenset()
    return frozenset(_changed(tree)) & names_in(source).needed


def _changed(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.AugAssign(ast.Name(name)):
                yield name
            case ast.Call(ast.Attribute(ast.Name(name), method)) if method in _ADDS:
                yield name
            case ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(left), _, ast.Name(right))):
                if name in (left, right):
                    yield name
            case ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(left))) if name == left:
                yield name
