"""Which names the code of a cell makes, and which it uses."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from fluvial.replication.reads import Reader

__all__ = ["Names", "Step", "names_in", "plain_source", "steps", "without_comments"]

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
    """The names that code makes and those that it uses; those inside of functions do not count.

    Attributes:
        made: all that it makes or changes, imported ones too.
        used: all that it reads, or that functions read which it defines.
        imported: those that stand for modules and what is in them.
        foreign: likewise, of modules outside of Python's own library.
        bound: those that it gives a value, whatever they were before.
        needed: those that it reads before it gives them a value itself.
        stored: those that it gives a value, or of which it sets a part.
        touched: those of which a statement does nothing but call a method, which may change them.
    """

    made: frozenset[str]
    used: frozenset[str]
    imported: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """A statement of a cell, or all of a cell that cannot be read.

    Attributes:
        source: its code.
        last: the number of its last line in the cell, from 1.
        names: in it.
    """

    source: str
    last: int
    names: Names


def plain_source(source: str) -> str:
    """Return a cell's code without the lines that only IPython understands."""
    return _MAGIC.sub("", _MAGIC_ASSIGNED.sub(r"\1None", source))


def names_in(source: str) -> Names:
    r"""Read the names in a cell's code; lines for IPython are passed over.

    Example:
        >>> names = names_in("%matplotlib inline\nimport numpy as np\ny = np.exp(x)")
        >>> sorted(names.made), sorted(names.used), sorted(names.needed)
        (['np', 'y'], ['np', 'x'], ['x'])
    """
    plain = plain_source(source)
    try:
        return _names_of(ast.parse(plain).body)
    except (SyntaxError, ValueError, RecursionError):  # Python 2, say
        found = frozenset(name for pair in _ASSIGNED.findall(plain) for name in pair if name)
        used = frozenset(_WORD.findall(plain))
        return Names(found, used, needed=used, stored=found)


def steps(source: str) -> tuple[Step, ...]:
    r"""Read the statements of a cell one by one.

    Example:
        >>> [(step.last, sorted(step.names.stored)) for step in steps("x = f()\nx[0] = y = 1")]
        [(1, ['x']), (2, ['x', 'y'])]
    """
    # Left out as lines, so that each line keeps its number.
    plain = _MAGIC_ASSIGNED.sub(r"\1None", _MAGIC_LINE.sub("", source))
    lines = source.splitlines()
    try:
        return tuple(
            Step("\n".join(lines[node.lineno - 1 : last]), last, _names_of([node]))
            for node in ast.parse(plain).body
            if (last := node.end_lineno) is not None
        )
    except (SyntaxError, ValueError, RecursionError):
        return (Step(source, len(lines), names_in(source)),)


def _names_of(statements: list[ast.stmt]) -> Names:
    reader = Reader()
    for statement in statements:
        reader.read(statement)
    return Names(
        made=frozenset(reader.made),
        used=frozenset(reader.used),
        imported=frozenset(reader.imported),
        foreign=frozenset(reader.foreign),
        bound=frozenset(reader.bound),
        needed=frozenset(reader.needed),
        stored=frozenset(reader.stored),
        touched=frozenset(_touched(statements)),
    )


def _touched(statements: list[ast.stmt]) -> Iterator[str]:
    """Yield the names of objects of which a statement does nothing but call a method."""
    for statement in statements:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), method))):
                if method not in _LEAVES:
                    yield name
        inner = (node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt))
        yield from _touched(list(inner))


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
