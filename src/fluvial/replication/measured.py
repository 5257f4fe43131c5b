"""Whether what a cell shows was made of the readings of a clock, of whatever unit it is."""

import ast
from collections.abc import Iterable, Iterator

from fluvial.replication.compare.clocks import parsed_code, reads_clock
from fluvial.replication.compare.statements import blocks_in
from fluvial.replication.names import names_in

__all__ = ["measured_after", "shows_measured"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def measured_after(source: str, measured: frozenset[str]) -> frozenset[str]:
    r"""Return the names that hold what was made of a clock behind a cell.

    A function is one of them if it returns such a thing, not if it reads a clock for itself.

    Args:
        source: the code of the cell.
        measured: those before it.

    Example:
        >>> code = "def cost():\n    t = time.time()\n    work()\n    return time.time() - t"
        >>> sorted(measured_after(f"{code}\nfast = cost() < 2; x = work()", frozenset()))
        ['cost', 'fast']
    """
    code = parsed_code(source)
    return measured if code is None else _behind(code.body, measured)


def shows_measured(source: str, measured: frozenset[str]) -> bool:
    """Whether all that a cell shows is made of a clock.

    Args:
        source: the code of the cell.
        measured: the names that hold such things before it.

    Example:
        >>> shows_measured("print('fast' if seconds < 1 else 'slow')", frozenset({"seconds"}))
        True
    """
    code = parsed_code(source)
    if code is None:
        return False
    last = code.body[-1] if code.body else None
    shown = [
        _is_made_of(node, known)
        for node, known in _one_by_one(code.body, measured)
        if isinstance(node, ast.Expr) and (node is last or _prints(node))
    ]
    return bool(shown) and all(shown)


def _behind(body: Iterable[ast.stmt], measured: frozenset[str]) -> frozenset[str]:
    for node, known in _one_by_one(body, measured):
        measured = _past(node, known)
    return measured


def _one_by_one(
    body: Iterable[ast.stmt], measured: frozenset[str]
) -> Iterator[tuple[ast.stmt, frozenset[str]]]:
    """Yield the statements, those within others too, with the names that are known before each."""
    for node in body:
        inner = [] if isinstance(node, _Function | ast.ClassDef) else list(blocks_in(node))
        for block in inner:
            for step in _one_by_one(block, measured):
                yield step
                measured = _past(*step)
        if not inner:
            yield node, measured
            measured = _past(node, measured)


def _past(node: ast.stmt, measured: frozenset[str]) -> frozenset[str]:
    if isinstance(node, _Function):
        returned = (
            _is_made_of(step.value, known)
            for step, known in _one_by_one(node.body, measured)
            if isinstance(step, ast.Return) and step.value is not None
        )
        return measured | {node.name} if any(returned) else measured - {node.name}
    names = names_in(ast.unparse(node))
    if _is_made_of(node, measured):
        return measured | (names.made - names.imported)
    return measured - names.bound


def _is_made_of(node: ast.AST, measured: frozenset[str]) -> bool:
    text = ast.unparse(node)
    return reads_clock(text) or bool(names_in(text).used & measured)


def _prints(node: ast.AST) -> bool:
    return any(
        isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
        for call in ast.walk(node)
    )
