"""Values read out of what Python writes of them."""

import ast
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fluvial.storage import strict_json

__all__ = ["Made", "parsed"]

_LONGEST = 200_000
_NAMES = {
    "nan": float("nan"),
    "NaN": float("nan"),
    "inf": float("inf"),
    "Infinity": float("inf"),
    "NaT": "NaT",
    "NA": "NA",
    "true": True,
    "false": False,
    "null": None,
}
_DICTS = {"dict", "OrderedDict", "Counter", "defaultdict", "dict_items"}
_INDEXES = {"Int64Index", "Float64Index", "UInt64Index"}  # pandas 1 named them by their type
_SETS = {"set", "frozenset", "dict_keys"}
# SciPy has given its tests' results other names: https://docs.scipy.org/doc/scipy/release.html
# (1.9 to 1.11).
_RESULTS = {
    "Ttest_indResult": "TtestResult",
    "Ttest_relResult": "TtestResult",
    "Ttest_1sampResult": "TtestResult",
    "SpearmanrResult": "SignificanceResult",
    "KendalltauResult": "SignificanceResult",
    "PointbiserialrResult": "SignificanceResult",
    "WeightedTauResult": "SignificanceResult",
}
_FIELDS = {"correlation": "statistic"}
_RESULT = "Result"
# A path is the same path on every system.
_PATHS = {"PosixPath": "Path", "WindowsPath": "Path"}
# NumPy prints the texts of an array next to each other, which Python would join.
_NEXT_TEXT = re.compile(r"(?<=[\w.!?]['\"])\s+(?=u?['\"]\w)")
# So does pandas with dates in the levels of an index, and writes no comma after dots.
_TIMESTAMP = re.compile(
    r"(?<=[\[\s])(\d{4}-\d\d-\d\d(?: (?!00:00:00)[\d:.]+)?)(?: 00:00:00)?(?=[,\]])"
)
# Of an object that says no more, its class is all that two runs have in common.
_OBJECT = re.compile(r"<([\w.]+(?: [\w.]+)?)(?: object| instance)? at 0x[0-9a-fA-F]+>")
_CLASS = re.compile(r"<(?:class|type) '([\w.]+)'>")
_AFTER_DOTS = re.compile(r"\.\.\.\s+(?=[(\['\"])")
# NumPy wrote masked arrays without commas until its version 1.14.
_MASKED = re.compile(
    r"masked_array\(\s*data = (\[.*?\]),\s*mask = .*?,\s*fill_value = [^,)]*\)", re.DOTALL
)
_NEXT = re.compile(r"(?<=[\w.\])}'\"])\s+(?=[\w\[({'\".+-])")
_HIDDEN = re.compile(r"(?<=[\[\s])--(?=[\s,\]])")
_METHOD = re.compile(r"<bound method ([\w.]+) of (.*)>", re.DOTALL)
_SCALARS = ("float", "int", "uint", "complex", "bool", "str", "bytes", "longdouble")


@dataclass(frozen=True)
class Made:
    """An object as its repr makes it: ``Name(arguments, keyword=argument)``."""

    name: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]

    @property
    def is_result(self) -> bool:
        """Whether it is a named tuple of results, as those of SciPy's tests are called."""
        return self.name.endswith(_RESULT) and not self.arguments


def parsed(text: str) -> Any | None:
    """Return the collection or object that a text writes, as JSON or as Python; None if it is none.

    Scalars of NumPy are the numbers that they hold, and dicts of all kinds are dicts. What is
    written within a string, or as a method of an object, is a pair of that and the object.

    Example:
        >>> parsed('{"a": [1, 2.5]}'), parsed("{'b', 'a'}") == {"a", "b"}, parsed("loss: 3")
        ({'a': [1, 2.5]}, True, None)
        >>> parsed("[np.float64(1.5), np.True_]"), parsed("OrderedDict([('a', 1)])")
        ([1.5, True], {'a': 1})
    """
    text = text.strip()
    if len(text) <= _LONGEST and (within := _within(text)) is not None:
        value = parsed(within[1])
        return None if value is None else (within[0], value)
    if not text or len(text) > _LONGEST or text[-1] not in "}])":
        return None
    if text[0] in "{[":
        with suppress(ValueError, RecursionError):
            return strict_json.read(text.encode())  # no deeper than a recursion can follow
    try:
        value = _read(ast.parse(_as_python(text), mode="eval").body)
    except (ValueError, SyntaxError, TypeError, IndexError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict | list | tuple | set | Made) else None


def _as_python(text: str) -> str:
    """Return a text of NumPy or pandas with commas and quotes where Python has them."""
    text = _CLASS.sub(r"'\1'", _OBJECT.sub(r"'<\1>'", text))
    if "masked_array(" in text:
        text = _HIDDEN.sub("None", text)
        text = _MASKED.sub(lambda old: f"masked_array(data={_NEXT.sub(', ', old[1])})", text)
    text = _AFTER_DOTS.sub("..., ", _NEXT_TEXT.sub(", ", text))
    return _TIMESTAMP.sub(r"'\1'", text) if "-" in text else text


def _within(text: str) -> tuple[str, str] | None:
    """Return what an object's text is within, and that text: a string, or the text of a method."""
    if (method := _METHOD.fullmatch(text)) is not None:
        return method[1], method[2]
    if text[:1] in ("'", '"'):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value = ast.literal_eval(text)
            return ("str", value) if isinstance(value, str) else None
    return None


def _read(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.List(items):
            return [_read(item) for item in items]
        case ast.Tuple(items):
            return tuple(_read(item) for item in items)
        case ast.Set(items):
            return {_read(item) for item in items}
        case ast.Dict(keys, values) if all(keys):
            return {
                _read(key): _read(value) for key, value in zip(keys, values, strict=True) if key
            }
        case ast.UnaryOp(ast.USub(), operand):
            return -_read(operand)
        case ast.BinOp(left, ast.Add(), right):
            return _read(left) + _read(right)
        case ast.BinOp(left, ast.Sub(), right):
            return _read(left) - _read(right)
        case ast.Name(name) if name in _NAMES:
            return _NAMES[name]
        case ast.Attribute(_, "True_" | "False_" as name):
            return name == "True_"
        case ast.Attribute(_, name) if name in _NAMES:
            return _NAMES[name]
        case ast.Call(function, arguments, keywords):
            return _made(function, arguments, keywords)
    raise ValueError("not a value")


def _made(function: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Any:
    if not isinstance(function, ast.Name | ast.Attribute):
        raise ValueError("not a value")  # tuples in a row, as NumPy prints records
    name = ast.unparse(function).rsplit(".", 1)[-1]
    name = _PATHS.get(name, name)
    read = tuple(_read(argument) for argument in arguments)
    named = {str(keyword.arg): _word(keyword.value) for keyword in keywords}
    if name.rstrip("_0123456789") in _SCALARS and len(read) == 1 and not named:
        return read[0]
    if name == "array" and len(read) == 1 and isinstance(read[0], int | float) and not named:
        return read[0]  # it has no dimensions
    if name in _DICTS and read and not named:
        return dict(read[-1])
    if name == "masked_array":  # in whose data what is masked is hidden
        named = {key: value for key, value in named.items() if key not in ("mask", "fill_value")}
    if name == "void" and len(read) == 1:
        return read[0]
    if name.endswith("Index") and read:
        named.pop("length", None)  # of one that is too long to print
    if name == "MultiIndex" and "levels" in named:
        return Made(name, (_entries(named),), {"names": named.get("names")})
    if name == "RangeIndex" and not read and {"start", "stop", "step"} <= named.keys():
        return Made("Index", (list(range(named["start"], named["stop"], named["step"])),), {})
    if name in _INDEXES:
        named.pop("dtype", None)
        name = "Index"
    if name == "Timestamp":  # which had a frequency until pandas 2
        named = {key: value for key, value in named.items() if key not in ("freq", "offset")}
    if name == "PeriodIndex":  # whose type names the frequency since pandas 0.19
        named = {"freq": named.get("freq", str(named.get("dtype", ""))[len("period[") : -1])}
    if name.endswith(_RESULT):
        name = _RESULTS.get(name, name)
        named = {_FIELDS.get(field, field): value for field, value in named.items()}
    if name in _SETS and len(read) <= 1 and not named:
        return set(*read)
    return Made(name, read, named)


def _entries(named: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the entries of a MultiIndex, which pandas before 0.25 wrote by its levels."""
    codes = named.get("codes", named.get("labels", []))
    columns = [
        [level[code] if code >= 0 else None for code in own]
        for level, own in zip(named["levels"], codes, strict=True)
    ]
    return list(zip(*columns, strict=True))


def _word(node: ast.expr) -> Any:
    """Read a keyword's argument, which may be a bare word such as a type."""
    if isinstance(node, ast.Name) and node.id not in _NAMES:
        return node.id
    return _read(node)
