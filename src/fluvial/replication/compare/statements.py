"""What code is made of: blocks of statements, names, and functions that are known by theirs."""

import ast
from collections.abc import Iterator

__all__ = ["KEPT", "WRITES", "blocks_in", "names_given"]

KEPT = frozenset(
    (
        *("round", "float", "int", "abs", "min", "max", "sum", "sorted", "list", "array", "mean"),
        *("median", "average", "std", "var", "asarray", "log", "log2", "log10", "sqrt", "fmean"),
        *("timedelta", "tuple", "reversed", "total_seconds", "Series"),
    )
)
"""Functions that make a reading of readings: a part, a sum, a mean, another unit."""

WRITES = frozenset(("strftime", "isoformat", "date", "ctime"))
"""Methods that write a moment, which is judged as one."""


def names_given(code: ast.AST) -> frozenset[str]:
    """Return the names that code gives a value, arguments of functions too."""
    return frozenset(
        node.arg if isinstance(node, ast.arg) else node.id
        for node in ast.walk(code)
        if isinstance(node, ast.arg)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    )


def blocks_in(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements that a statement holds."""
    for _, inner in ast.iter_fields(statement):
        if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
            yield inner
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
