"""Which names the code of a cell makes, and which it uses."""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

__all__ = [
    "Names",
    "changed_by",
    "late_source",
    "left_unchanged",
    "names_in",
    "plain_source",
    "unfinished",
    "without_comments",
]

_MAGIC = re.compile(r"^\s*[%!?].*$|^.*\?\s*$", re.MULTILINE)
_MAGIC_LINE = re.compile(r"^[ \t]*[%!?].*$|^.*\?[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
# What is assigned to an entry or an attribute of an object changes the object.
_ASSIGNED = re.compile(
    r"^\s*(?:def|class)\s+(\w+)|^([A-Za-z_]\w*)(?:\.\w+|\[[^\]\n]*\])*\s*=(?!=)", re.MULTILINE
)
# Methods of pandas, NumPy and estimators that are called to show something, or to save it.
_LEAVES = frozenset(
    (
        *("head", "tail", "info", "describe", "value_counts", "sample", "summary", "corr", "score"),
        *("plot", "hist", "boxplot", "show", "savefig", "print", "predict", "groupby", "isnull"),
        *("to_csv", "to_excel", "to_json", "to_pickle", "to_html", "to_string", "save", "count"),
        *("mean", "sum", "min", "max", "std", "var", "median", "unique", "nunique"),
    )
)
_MAGIC_ASSIGNED = re.compile(r"^(\s*\w+\s*=\s*)[!%].*$", re.MULTILINE)


@dataclass(frozen=True)
class Names:
    """The names that code makes at its top level or inside, and those that it uses.

    Attributes:
        made: all that it makes or changes, imported ones too.
        used: all that it reads.
        imported: those that stand for modules and what is in them.
        foreign: likewise, of modules outside of Python's own library.
        bound: those that it gives a value, whatever they were before.
        parameters: those of its functions.
        needed: those that it reads before it gives them a value itself.
    """

    made: frozenset[str]
    used: frozenset[str]
    imported: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()


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
        used = frozenset(_WORD.findall(plain))
        return Names(frozenset(found), used, needed=used)
    return replace(_names_of(tree), needed=frozenset(_needed(tree)))


def _needed(tree: ast.Module) -> set[str]:
    """Return the names that statements read before one of them has given them a value."""
    needed: set[str] = set()
    bound: set[str] = set()
    for statement in tree.body:
        own = _names_of(statement)
        needed |= own.used - bound
        bound |= own.bound
    return needed


def _names_of(tree: ast.AST, *, changed: bool = True) -> Names:
    """Read the names in parsed code; what a call of a method may change counts if asked for."""
    made: set[str] = set()
    used: set[str] = set()
    imported: set[str] = set()
    foreign: set[str] = set()
    bound: set[str] = set()
    parameters: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()):
                used.add(name)
            case ast.Name(name):
                made.add(name)
                bound.add(name)
            case ast.arg(name):
                parameters.add(name)
            case ast.FunctionDef(name) | ast.ClassDef(name) | ast.AsyncFunctionDef(name):
                made.add(name)
                bound.add(name)
            case ast.Import(aliases):
                imported |= set(map(_bound, aliases))
                foreign |= {_bound(alias) for alias in aliases if _is_foreign(alias.name)}
            case ast.ImportFrom(module, aliases):
                imported |= set(map(_bound, aliases))
                foreign |= set(map(_bound, aliases)) if _is_foreign(module or ".") else set()
            # x[0] = 1, x.a = 1 and x.append(1) change what x is.
            case ast.Subscript(ast.Name(name), _, ast.Store()) | ast.Attribute(
                ast.Name(name), _, ast.Store()
            ):
                made.add(name)
            case ast.Call(
                ast.Attribute(ast.Name(name), "fit" | "append" | "update" | "extend")
            ) if changed:
                made.add(name)
    return Names(*map(frozenset, (made | imported, used, imported, foreign, bound, parameters)))


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def _is_foreign(module: str) -> bool:
    return module.split(".")[0] not in sys.stdlib_module_names


def unfinished(source: str, line: int | None) -> frozenset[str]:
    r"""Return the names that code would have made or changed had it not failed at a line.

    Args:
        source: of a cell.
        line: that raised the error, from 1; None if that is not known.

    Example:
        >>> sorted(unfinished("x = f()\ny.sort()\nz = x", 2))
        ['y', 'z']
    """
    late = _from_line(source, line)
    if late is None:
        return names_in(source).made
    made = (_names_of(node, changed=False).made for node in late)
    return frozenset().union(*made, _changed(late))


def changed_by(source: str, *, but_last: bool = False) -> frozenset[str]:
    r"""Return the names of objects of which code does nothing but call a method.

    Args:
        source: of a cell.
        but_last: whether to leave out its last statement.

    Example:
        >>> sorted(changed_by("x.add(1)\ny.head()", but_last=True))
        ['x']
    """
    try:
        statements = ast.parse(_by_lines(source)).body
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(_changed(statements[:-1] if but_last else statements))


def left_unchanged(source: str, line: int | None) -> frozenset[str]:
    r"""Return the names of objects that code would have changed in place had it not failed.

    Args:
        source: of a cell.
        line: that raised the error, from 1; None if that is not known: then there are none.

    Example:
        >>> sorted(left_unchanged("x = f()\ny.sort()\nz = x", 2))
        ['y']
    """
    return frozenset(_changed(_from_line(source, line) or []))


def late_source(source: str, line: int | None) -> str:
    r"""Return the code of a cell that did not run to its end, from the statement that failed.

    Args:
        source: of a cell.
        line: that raised the error, from 1; None if that is not known: then it is all of it.

    Example:
        >>> late_source("style.use('a')\nf()\nstyle.use('b')", 2)
        "f()\nstyle.use('b')"
    """
    late = _from_line(source, line)
    return "\n".join(source.splitlines()[late[0].lineno - 1 :]) if late else source


def _from_line(source: str, line: int | None) -> list[ast.stmt] | None:
    """Return the statements of code from a line on; None if they cannot be told."""
    if line is None:
        return None
    try:
        tree = ast.parse(_by_lines(source))
    except (SyntaxError, ValueError, RecursionError):
        return None
    return [node for node in tree.body if (node.end_lineno or line) >= line]


def _by_lines(source: str) -> str:
    """Leave out what only IPython understands, so that each line keeps its number."""
    return _MAGIC_ASSIGNED.sub(r"\1None", _MAGIC_LINE.sub("", source))


def _changed(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield the names of objects of which a statement does nothing but call a method."""
    for statement in statements:
        for node in ast.walk(statement):
            match node:
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), method))):
                    if method not in _LEAVES:
                        yield name


def without_comments(source: str) -> str:
    """Return code without its comments, as far as it can be read.

    Example:
        >>> without_comments("x = load()  # see https://example.org")
        'x = load()  '
    """
    lines = source.splitlines(keepends=True)
    with suppress(tokenize.TokenError, SyntaxError, IndexError):  # Python 2, or a magic
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column] + lines[row - 1][token.end[1] :]
    return "".join(lines)
