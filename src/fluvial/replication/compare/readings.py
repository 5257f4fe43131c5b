"""What code makes of the readings of a clock, followed from name to name."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from fluvial.replication.compare.clocked import (
    FIELD,
    PERCENT,
    Known,
    Listed,
    Several,
    Text,
    Value,
    entry_of,
    formatted,
    joined,
    parts_of,
)
from fluvial.replication.compare.clocks import MEASURED, Clocks

__all__ = ["Readings"]

_MOST_PASSES = 20  # as many as names that hand a reading on, one to the next
# What is made of one value alone is as much of a reading as that.
_KEPT = frozenset(
    (
        *("round", "float", "int", "abs", "min", "max", "sum", "sorted", "list", "array", "mean"),
        *("median", "average", "std", "var", "asarray", "log", "log2", "log10", "sqrt", "fmean"),
        *("timedelta", "tuple", "reversed", "total_seconds", "Series"),
    )
)
_WRITES = frozenset(("strftime", "isoformat", "date", "ctime"))


class Readings:
    """Follows the readings of clocks through code, whatever the order in which it runs.

    A name is a reading if all that is ever assigned to it is: what was read, or numbers made of
    it. Names of a function are its own, and attributes those of all objects.

    Args:
        code: of a cell and of those before it that it needs.
    """

    def __init__(self, code: ast.Module):
        self._clocks = Clocks(code)
        nodes = list(ast.walk(code))
        self._functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
        self._stored = _stored(code)
        self._own = {name: _stored(node) for name, node in self._functions.items()}
        self.resolution = 0.0
        self.prints: list[tuple[ast.Call, str, bool]] = []
        self._known: dict[tuple[str, str], Known] = {}
        for _ in range(_MOST_PASSES):
            self._found: dict[tuple[str, str], Known] = {}
            self.prints.clear()
            self._run(code.body, "", ends=False)
            if self._found == self._known:
                return
            self._known = self._found
        self.prints.clear()  # what does not settle is not known

    def value(self, node: ast.expr, scope: str = "") -> Known:
        """Return what an expression is."""
        match node:
            case ast.Constant(str(text)):
                return Text((text,))
            case ast.Constant() | ast.List(elts=[]):
                return Value.PLAIN
            case ast.Name(name):
                return self._named(name, scope)
            case ast.Tuple(entries):
                return Several(tuple(self.value(entry, scope) for entry in entries))
            case ast.List(entries):
                return self._list_of(self.value(entry, scope) for entry in entries)
            case ast.JoinedStr(parts):
                return Text(tuple(self._part(part, scope) for part in parts))
            case ast.NamedExpr(ast.Name(name), value):
                return self._bind(scope, name, self.value(value, scope))
            case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
                return self.value(operand, scope)
            case ast.IfExp(_, body, orelse):
                return joined(self.value(body, scope), self.value(orelse, scope))
            case ast.BinOp(left, operator, right):
                return self._combined(left, operator, right, scope)
            case ast.ListComp(entry, parts) | ast.GeneratorExp(entry, parts):
                for part in parts:
                    self._assign(part.target, entry_of(self.value(part.iter, scope)), scope)
                return self._list_of([self.value(entry, scope)])
            case ast.Attribute(value, name):
                return self._attribute(self.value(value, scope), name)
            case ast.Subscript(value, index):
                return self._entry(self.value(value, scope), index)
            case ast.Call():
                return self._call(node, scope)
        return Value.OTHER

    def mentions(self, node: ast.AST, scope: str) -> bool:
        """Whether any part of an expression is a reading."""
        return any(
            self.value(part, scope) is Value.READING
            for part in ast.walk(node)
            if isinstance(part, ast.Name | ast.Call | ast.Attribute)
        )

    def _run(self, body: Iterable[ast.stmt], scope: str, *, ends: bool) -> None:
        """Go through statements; ``ends``: whether a clock says when to stop repeating them."""
        for statement in body:
            match statement:
                case ast.Assign(targets, value):
                    for target in targets:
                        self._assign(target, self.value(value, scope), scope)
                case ast.AugAssign(target, _, value) | ast.AnnAssign(
                    target, _, ast.expr() as value
                ):
                    self._assign(target, self.value(value, scope), scope)
                case ast.Return(ast.expr() as value):
                    self._bind("return", scope, self.value(value, scope))
                case ast.Expr(ast.Call() as call):
                    self._do(call, scope, ends=ends)
                case ast.FunctionDef(name, arguments):
                    for argument, default in zip(
                        reversed(arguments.args), reversed(arguments.defaults), strict=False
                    ):
                        self._bind(name, argument.arg, self.value(default, scope))
                    self._run(statement.body, name, ends=False)
                case ast.ClassDef():
                    self._run(statement.body, scope, ends=False)
                case ast.For(target, over):
                    self._assign(target, entry_of(self.value(over, scope)), scope)
                    stops = ends or self._stops(statement.body, scope)
                    self._run([*statement.body, *statement.orelse], scope, ends=stops)
                case ast.While(test):
                    stops = self.mentions(test, scope) or self._stops(statement.body, scope)
                    self._run([*statement.body, *statement.orelse], scope, ends=ends or stops)
                case _:
                    for inner in _inner(statement):
                        self._run(inner, scope, ends=ends)

    def _stops(self, body: Iterable[ast.stmt], scope: str) -> bool:
        """Whether a loop is left as soon as a reading asks for it."""
        return any(
            isinstance(leaves, ast.Break | ast.Return) and self.mentions(node.test, scope)
            for statement in body
            for node in ast.walk(statement)
            if isinstance(node, ast.If)
            for leaves in ast.walk(node)
        )

    def _do(self, call: ast.Call, scope: str, *, ends: bool) -> None:
        match call.func:
            case ast.Name("print"):
                self.prints.append((call, scope, ends))
            case ast.Attribute(ast.Name(name), "append") if call.args:
                self._bind(scope, name, self._list_of([self.value(call.args[0], scope)]))
            case _:
                self.value(call, scope)

    def _assign(self, target: ast.expr, value: Known, scope: str) -> None:
        match target:
            case ast.Name(name):
                self._bind(scope, name, value)
            case ast.Attribute(_, name):
                self._bind("attribute", name, value)
            case ast.Subscript(ast.Name(name)):
                self._bind(scope, name, Listed(value))
            case ast.Tuple(targets) | ast.List(targets):
                for at, own in enumerate(targets):
                    self._assign(own, entry_of(value, at), scope)

    def _bind(self, scope: str, name: str, value: Known) -> Known:
        key = scope, name
        self._found[key] = joined(self._found.get(key, Value.NOTHING), value)
        return value

    def _named(self, name: str, scope: str) -> Known:
        if name in self._own.get(scope, ()):
            return self._known.get((scope, name), Value.NOTHING)
        unknown = Value.NOTHING if name in self._stored else Value.OTHER
        return self._known.get(("", name), unknown)

    def _list_of(self, entries: Iterable[Known]) -> Known:
        entry: Known = Value.NOTHING
        for own in entries:
            entry = joined(entry, own)
        return entry if entry in (Value.READING, Value.PLAIN) else Listed(entry)

    def _attribute(self, value: Known, name: str) -> Known:
        if value is Value.READING or name in MEASURED:
            return Value.READING
        return self._known.get(("attribute", name), Value.OTHER)

    def _entry(self, value: Known, index: ast.expr) -> Known:
        match index:
            case ast.Constant(str(name)) if name in MEASURED:
                return Value.READING
            case ast.Slice():
                return value
            case ast.Constant(int(at)):
                return entry_of(value, at)
        return entry_of(value)

    def _combined(
        self, left: ast.expr, operator: ast.operator, right: ast.expr, scope: str
    ) -> Known:
        a, b = self.value(left, scope), self.value(right, scope)
        if isinstance(a, Text):
            if isinstance(operator, ast.Mod):
                return formatted(a, b.entries if isinstance(b, Several) else (b,), PERCENT)
            return Text((*a.parts, *parts_of(b))) if isinstance(operator, ast.Add) else Value.OTHER
        if isinstance(b, Text):
            return Text((*parts_of(a), *b.parts)) if isinstance(operator, ast.Add) else Value.OTHER
        for both in (Value.READING, Value.NOTHING):
            if both in (a, b):
                return both
        return Value.PLAIN if a is b is Value.PLAIN else Value.OTHER

    def _call(self, call: ast.Call, scope: str) -> Known:
        if (resolution := self._clocks.resolution(call)) is not None:
            self.resolution = max(self.resolution, resolution)
            return Value.READING
        values = [self.value(argument, scope) for argument in call.args]
        match call.func:
            case ast.Name(name) | ast.Attribute(_, name) if name in self._functions:
                self._give(self._functions[name], values, call, scope)
                return self._known.get(("return", name), Value.NOTHING)
            case ast.Name("str" | "repr") if len(values) == 1:
                return Text(parts_of(values[0]))
            case ast.Name("format") if values:
                return Text((values[0],))
            case ast.Name("zip"):
                return Listed(Several(tuple(entry_of(value) for value in values)))
            case ast.Name("enumerate") if values:
                return Listed(Several((Value.OTHER, entry_of(values[0]))))
            case ast.Attribute(of, "format"):
                text = self.value(of, scope)
                if isinstance(text, Text):
                    named = {key.arg: self.value(key.value, scope) for key in call.keywords}
                    return formatted(text, values, FIELD, named)
            case ast.Attribute(of, name) if name not in _WRITES:
                if (whose := self.value(of, scope)) in (Value.READING, Value.NOTHING):
                    return whose
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        kept = name in _KEPT and values and values[0] in (Value.READING, Value.NOTHING)
        return values[0] if kept else Value.OTHER

    def _give(
        self, function: ast.FunctionDef, values: Sequence[Known], call: ast.Call, scope: str
    ) -> None:
        """Bind the arguments of a call to the names that a function has for them."""
        names = [argument.arg for argument in function.args.args]
        if names[:1] in (["self"], ["cls"]):
            del names[0]
        given = dict(zip(names, values, strict=False))
        given |= {key.arg: self.value(key.value, scope) for key in call.keywords if key.arg}
        for name, value in given.items():
            self._bind(function.name, name, value)

    def _part(self, part: ast.expr, scope: str) -> "str | Known":
        match part:
            case ast.FormattedValue(value, format_spec=ast.JoinedStr()) | ast.FormattedValue(value):
                known = self.value(value, scope)
                return Value.OTHER if isinstance(known, Text | Several | Listed) else known
            case ast.Constant(str(text)):
                return text
        return Value.OTHER


def _stored(code: ast.AST) -> frozenset[str]:
    """Return the names that code gives a value, arguments of functions too."""
    return frozenset(
        node.arg if isinstance(node, ast.arg) else node.id
        for node in ast.walk(code)
        if isinstance(node, ast.arg)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    )


def _inner(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of statements that a statement holds."""
    for _, inner in ast.iter_fields(statement):
        if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
            yield inner
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
