"""What code reads and what it makes, in the order in which it does so."""

import ast
import sys
from collections.abc import Iterable

__all__ = ["Reader"]

# Methods that change the object that they are called of, whatever it is.
_CHANGES = frozenset(
    ("fit", "fit_transform", "partial_fit", "append", "extend", "insert", "update", "setdefault")
)


class Reader:
    """Collects names while it goes through code as Python would run it.

    Names of a function or a comprehension stay inside it.

    Attributes:
        used: all that is read.
        needed: what is read before this code has given it a value.
        deferred: what functions read that are defined here, and not called by that.
        bound: what is given a value, whatever it was before.
        stored: what is given a value, or changed in an entry or an attribute or in place.
        made: likewise, and what methods such as ``append`` may change.
        imported: names of modules and of what is in them.
        foreign: likewise, of modules outside of Python's own library.
    """

    def __init__(self, bound: Iterable[str] = ()):
        self.bound = set(bound)
        self.used: set[str] = set()
        self.needed: set[str] = set()
        self.deferred: set[str] = set()
        self.stored: set[str] = set()
        self.made: set[str] = set()
        self.imported: set[str] = set()
        self.foreign: set[str] = set()

    def read(self, node: ast.AST) -> None:
        """Go through a statement or an expression, and all that is in it."""
        match node:
            case ast.Name(name, ast.Load()):
                self._use({name})
            case ast.Name(name):
                self._bind(name)
            case ast.AugAssign(ast.Name(name)):
                self._use({name})
                self._read_all([node.value, node.target])
            case ast.Assign():
                self._read_all([node.value, *node.targets])
            case ast.AnnAssign(value=None):
                return  # it says a type, and binds nothing
            case ast.AnnAssign() | ast.NamedExpr():
                self._read_all([node.value, node.target])
            case ast.For() | ast.AsyncFor():
                self._read_all([node.iter, node.target, *node.body, *node.orelse])
            case ast.Import(names):
                for alias in names:
                    self._import(alias.asname or alias.name.split(".")[0], alias.name)
            case ast.ImportFrom(module, names):
                for alias in names:
                    self._import(alias.asname or alias.name, module or ".")
            case ast.Attribute() | ast.Subscript():
                self._read_part(node)
            case ast.Call():
                self._read_call(node)
            case _:
                self._read_scope(node)

    def _read_scope(self, node: ast.AST) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                arguments = node.args
                self._read_all([*node.decorator_list, *arguments.defaults, *arguments.kw_defaults])
                inner = self._inside(node.body, _arguments(arguments))
                self.deferred |= (inner.needed | inner.deferred) - {node.name}
                self._bind(node.name)
            case ast.Lambda(arguments, body):
                self._read_all([*arguments.defaults, *arguments.kw_defaults])
                inner = self._inside([body], _arguments(arguments))
                self._use(inner.needed | inner.deferred)
            case ast.ClassDef():
                self._read_all([*node.decorator_list, *node.bases, *node.keywords])
                inner = self._inside(node.body, ())
                self._use(inner.needed)
                self.deferred |= inner.deferred - inner.bound - {node.name}
                self._bind(node.name)
            case ast.ListComp(result, parts) | ast.SetComp(result, parts):
                self._comprehend(parts, [result])
            case ast.GeneratorExp(result, parts):
                self._comprehend(parts, [result])
            case ast.DictComp(key, value, parts):
                self._comprehend(parts, [key, value])
            case ast.ExceptHandler(name=str(name)):
                self._bind(name)
                self._read_all(ast.iter_child_nodes(node))
            case _:
                self._read_all(ast.iter_child_nodes(node))

    def _read_call(self, node: ast.Call) -> None:
        self._read_all(ast.iter_child_nodes(node))
        if isinstance(node.func, ast.Attribute) and (name := _root(node.func)):
            in_place = any(k.arg == "inplace" and _is_true(k.value) for k in node.keywords)
            if in_place:
                self.stored.add(name)
            if in_place or node.func.attr in _CHANGES:
                self.made.add(name)

    def _import(self, name: str, module: str) -> None:
        self.imported.add(name)
        if module.split(".")[0] not in sys.stdlib_module_names:
            self.foreign.add(name)
        self._bind(name)

    def _read_part(self, node: ast.Attribute | ast.Subscript) -> None:
        """Read an entry or an attribute: storing one changes the object that holds it."""
        self._read_all(ast.iter_child_nodes(node))
        if not isinstance(node.ctx, ast.Load) and (name := _root(node)):
            self.stored.add(name)
            self.made.add(name)

    def _comprehend(self, generators: list[ast.comprehension], results: list[ast.expr]) -> None:
        parts: list[ast.expr] = []
        for generator in generators:
            parts += [generator.iter, generator.target, *generator.ifs]
        inner = self._inside([*parts, *results], ())
        self._use(inner.needed | inner.deferred)

    def _inside(self, nodes: Iterable[ast.AST], bound: Iterable[str]) -> "Reader":
        """Read what is inside of a scope of its own."""
        inner = Reader(bound)
        for node in nodes:
            inner.read(node)
        self.used |= inner.used - inner.bound
        self.foreign |= inner.foreign
        return inner

    def _use(self, names: set[str]) -> None:
        self.used |= names
        self.needed |= names - self.bound

    def _bind(self, name: str) -> None:
        self.bound.add(name)
        self.stored.add(name)
        self.made.add(name)

    def _read_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.read(node)


def _arguments(arguments: ast.arguments) -> list[str]:
    several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    rest = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [argument.arg for argument in [*several, *rest]]


def _root(node: ast.expr) -> str | None:
    """Return the name of the object that an entry or an attribute is a part of, if it has one."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
