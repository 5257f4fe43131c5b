"""How libraries write the same values: NumPy, pandas, Python and Matplotlib, old and new."""

import ast
import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

__all__ = [
    "joined_lines",
    "only_classes",
    "plain_style",
    "without_details",
    "without_footers",
    "without_quotes",
]

_TEXT_TYPES = r"(?:object|string|str)"
_FREQUENCIES = [
    *(("ME", "M"), ("QE", "Q"), ("YE", "A"), ("Y", "A"), ("BME", "BM"), ("BQE", "BQ")),
    *(("h", "H"), ("min", "T"), ("s", "S"), ("ms", "L"), ("us", "U"), ("ns", "N")),
]


def _count_texts(match: re.Match[str]) -> str:
    """Write a list of Matplotlib's texts as its older versions did, by their number."""
    return f"<{match.group().count('Text(')} texts>"


_STYLES = [
    (re.compile(pattern), replacement)
    for pattern, replacement in [
        # NumPy 2 says of what type a scalar is.
        (r"\b(?:np|numpy)\.(?:float|int|uint|longdouble|bool|str|bytes)\d*_?\(([^()]*)\)", r"\1"),
        (r"\b(?:np|numpy)\.complex\d*\(([^()]*)\)", r"(\1)"),
        (r"\b(?:np|numpy)\.(True|False)_\b", r"\1"),
        # An array without dimensions is a number.
        (r"\barray\((-?[\d.]+(?:e[-+]?\d+)?)\)", r"\1"),
        # NumPy put commas around the dots of an array that is too long to print until 1.14.
        (r"(?<=\d|\.)\s\.\.\.,(?=\s)", " ..."),
        (r"(?m)^\s*\.\.\.,$", " ..."),
        # pandas 3 has a type for text, and arrays of it.
        (
            r"<\w*StringArray\w*>\s*(\[[^\[\]]*\])\s*Length: \d+, dtype: \w+",
            r"array(\1, dtype=object)",
        ),
        (rf"\bdtype: {_TEXT_TYPES}\b", "dtype: object"),
        (rf"dtype=(?:'{_TEXT_TYPES}'|{_TEXT_TYPES}\b)", "dtype='object'"),
        (rf"(?<=\s){_TEXT_TYPES}$", "object"),
        (rf"\b{_TEXT_TYPES}(?=\(\d+\))", "object"),
        (rf"\b(Categories \(\d+, ){_TEXT_TYPES}\b", r"\1object"),
        # pandas kept the rows' numbers as an index of integers, and does as a range.
        (r"\b(?:Int64Index|RangeIndex|Index)(?=: \d+ entries)", "Index"),
        (r"<Timestamp: ([^<>]*)>", r"Timestamp('\1')"),
        # pandas 1 named an index by its type.
        (r"\b(?:Int|UInt|Float)64Index\b(?=: )", "Index"),
        # pandas 2.2 renamed the frequencies.
        *((rf"(\b[Ff]req(?:: |='))(<?){new}\b", rf"\1\2{old}") for new, old in _FREQUENCIES),
        # Python 2 marks text and long integers.
        (r"(?<![\w'\"])u(?=['\"])", ""),
        (r"(?<=\d)L\b", ""),
        (r"\bfor long\(\) with base\b", "for int() with base"),
        (r"<type '", "<class '"),
        (r"<class '(?:__builtin__|builtins)\.", "<class '"),
        (r"<(?:_sre\.SRE_|re\.)(Match|Pattern)\b", r"<re.\1"),
        (r"<unbound method ", "<function "),
        (r"<class '(numpy|pandas|scipy|sklearn)(?:\.\w+)*\.(\w+)'>", r"<class '\1.\2'>"),
        # IPython has come to show a class by its name alone.
        (r"^<class '([\w.]+)'>$", r"\1"),
        # SciPy 1.14 words its matrices otherwise.
        (
            r"<(\d+x\d+) sparse matrix of type '<class '(?:np\.|numpy\.)?(\w+)'>'\s+"
            r"with (\d+) stored elements in [\w ]+ format>",
            r"<sparse \2 with \3 stored elements and shape \1>",
        ),
        (
            r"<[\w ]+ sparse (?:matrix|array) of dtype '(\w+)'\s+"
            r"with (\d+) stored elements and shape \((\d+), (\d+)\)>",
            r"<sparse \1 with \2 stored elements and shape \3x\4>",
        ),
        # xarray says since 2024.3 how large everything is.
        (r"(<xarray\.\w+[^<>]*>) Size: [\d.]+ ?\w?B\b", r"\1"),
        (r"(\([\w, ]*\) (?:[<>|]?\w+)) [\d.]+[kMGT]?B(?= |$)", r"\1"),
        # statsmodels 0.12 renamed what is below a summary, and PyTorch 1.9 counts its gradients.
        (r"^Warnings:$", "Notes:"),
        (r"(\bgrad_fn=<\w*Backward)\d+>", r"\1>"),
        # Matplotlib renamed its axes and its containers.
        (r"<(?:matplotlib\.axes\.(?:_subplots\.|_axes\.)?)?AxesSubplot\b", "<Axes"),
        (r"<matplotlib\.axes\._axes\.Axes\b", "<Axes"),
        (r"<Axes:\s*", "<Axes: "),
        (
            r"<(?:a list of (\d+) Patch|\w*Container object of (\d+) artist)(?: object)?s?>",
            r"<\1\2 artists>",
        ),
        (r"\[Text\((?:[^()]|\([^()]*\))*\)(?:,\s*Text\((?:[^()]|\([^()]*\))*\))*\]", _count_texts),
        (r"<a list of (\d+) Text \w+ objects>", r"<\1 texts>"),
        (r"<a list of (\d+) Lists of Patches objects>", r"<\1 lists of artists>"),
        # A method is named by the class that it is called of, or by the one that has it.
        (r"<bound method (?:\w+\.)*(\w+) of", r"<bound method \1 of"),
        # Where in a package a class is defined has changed more often than its name.
        (r"\b(pandas|numpy|scipy|sklearn|matplotlib)(?:\.[a-z_]\w*)+\.([A-Z]\w*)\b", r"\1.\2"),
        # What IPython's %whos says of a module depends on how it asks.
        (r"^(\w+) {2,}module {2,}\S.*$", r"\1 module"),
        (r"\bnumpy\.(?=\w)", "np."),
    ]
]
# A line without any of these has no style; most have none.
_STYLED = re.compile(
    r"[<'(\[{]|^Warnings:|dtype|object|str|Index: |64Index|numpy|np\.|\dL\b|\.\.\.,|req: "
    r"|  module  |(?:pandas|scipy|sklearn|matplotlib)\.\w"
)
_ESCAPED = re.compile(r"'(?:[^'\\\n]|\\.)*\\[xuU](?:[^'\\\n]|\\.)*'")
_BRACES = re.compile(r"\{[^{}]*\}")
_BARE = re.compile(r"<(?:[\w]+\.)*(\w+)(?: object)? at 0x[0-9a-fA-F]+>|<(Axes): ?>")
_FOOTERS = (
    re.compile(r"(?:^|(?<=, ))Length: \d+, (?=dtype: )"),
    re.compile(r", dtype: \w+$"),
)
_MISSING = re.compile(r"(?<=\s\s)(?:None|NaN|NaT|nan|<NA>)(?=\s|$)")
_ANGLED = re.compile(r"<(?:function|module|bound|generator|built-in|unbound|[\w.]+)\b[^\n]*>")
_OF_OBJECT = re.compile(
    r" (?:object|instance)(?= at)| at 0x[0-9a-fA-F]+| from '[^']*'| encoding='[^']*'"
    r"| \(built-in\)|(?<=<)built-in "
)
_SIGNATURE = re.compile(r"\([^()]*\)")
_CALLED = ("<function", "<bound", "<unbound", "<built-in")
_MODULES = re.compile(r"\b(?:\w+\.)+(?=[A-Za-z_<])")
_OPENS = re.compile(r"[\[({]|^<")
_ARRAY_OF_PANDAS = re.compile(r"<\w+Array\w*>$")
_END_OF_ARRAY = re.compile(r"Length: \d+")
_MOST_JOINED = 5000
_MOST_IN_OBJECT = 4
_MOST_IN_BRACES = 100_000


@lru_cache(maxsize=8)  # a line is asked for several times in a row
def plain_style(line: str) -> str:
    """Write values as all versions of the libraries could have.

    Example:
        >>> plain_style("[np.float64(1.5), np.True_] {'b': 1, 'a': 2}")
        "[1.5, True] {'a': 2, 'b': 1}"
    """
    if not _STYLED.search(line):
        return line
    for pattern, replacement in _STYLES:
        line = pattern.sub(replacement, line)
    if "\\" in line:
        line = _ESCAPED.sub(_unescaped, line)
    if "{" in line and len(line) <= _MOST_IN_BRACES:
        line = _BRACES.sub(_in_order, line)
    return line


def without_details(recorded: str, local: str) -> tuple[str, str]:
    """Reduce to their classes the objects of which one text tells no more than the class.

    Example:
        >>> without_details("<matplotlib.text.Text at 0x7f3ab2c4d190>", "Text(0.5, 1.0, 'Loss')")
        ('<Text>', '<Text>')
    """
    if "<" not in recorded and "<" not in local:
        return recorded, local
    names = {name for text in (recorded, local) for pair in _BARE.findall(text) for name in pair}
    for name in filter(None, names):
        details = re.compile(rf"<(?:\w+\.)*{name}\b[^<>]*>|\b{name}\((?:[^()]|\([^()]*\))*\)")
        recorded, local = (details.sub(f"<{name}>", text) for text in (recorded, local))
    return recorded, local


def without_footers(recorded: str, local: str) -> tuple[str, str]:
    """Leave out of two texts what only one of them says below a column, and what is missing in it.

    Example:
        >>> without_footers("Name: x, Length: 9, dtype: int64", "Name: x, dtype: int64")
        ('Name: x, dtype: int64', 'Name: x, dtype: int64')
    """
    for footer in _FOOTERS:
        if bool(footer.search(recorded)) != bool(footer.search(local)):
            recorded, local = footer.sub("", recorded), footer.sub("", local)
    return _MISSING.sub("NaN", recorded), _MISSING.sub("NaN", local)


def only_classes(recorded: str, local: str) -> tuple[str, str]:
    """Reduce objects in angle brackets to what they are, without where they are and come from.

    Example:
        >>> only_classes("<function __main__.f>", "<function __main__.f(x, y=1)>")
        ('<function f>', '<function f>')
        >>> only_classes("<__main__.A instance at 0x7f3ab2c4d190>", "<__main__.A at 0x7f3>")
        ('<A>', '<A>')
    """
    return _only_classes(recorded), _only_classes(local)


def _only_classes(text: str) -> str:
    return _ANGLED.sub(_class_of, text)


def _class_of(match: re.Match[str]) -> str:
    what = match.group()
    what = _OF_OBJECT.sub("", what)
    if what.startswith(_CALLED):
        what = _SIGNATURE.sub("", what)
    return _MODULES.sub("", what)


def without_quotes(recorded: str, local: str) -> tuple[str, str]:
    """Leave the quotes out of two texts if only one of them has any, as pandas changed to have.

    Example:
        >>> without_quotes("Categories (2): [a < b]", "Categories (2): ['a' < 'b']")
        ('Categories (2): [a < b]', 'Categories (2): [a < b]')
    """
    if ("'" in recorded) == ("'" in local):
        return recorded, local
    return recorded.replace("'", ""), local.replace("'", "")


def joined_lines(lines: Sequence[str]) -> list[tuple[int, str]]:
    r"""Put the lines of an array, a list or a dict together; say at which line each begins.

    Where lines are broken depends on the version of the library that prints. What goes on is
    indented, as all that print so have it.

    Example:
        >>> joined_lines(["x", "[[1 2]", " [3 4]]", "end"])
        [(0, 'x'), (1, '[[1 2]\n [3 4]]'), (3, 'end')]
    """
    done: list[tuple[int, str]] = []
    at = 0
    while at < len(lines):
        stop = _end_of_block(lines, at) if _OPENS.search(lines[at]) else at + 1
        done.append((at, "\n".join(lines[at:stop])))
        at = stop
    return done


def _end_of_block(lines: Sequence[str], start: int) -> int:
    if _ARRAY_OF_PANDAS.match(lines[start]):
        for at in range(start + 1, min(len(lines), start + _MOST_JOINED)):
            if _END_OF_ARRAY.match(lines[at]):
                return at + 1
        return start + 1
    if lines[start].startswith("<"):
        text = lines[start]
        if text.count("<") == text.count(">"):
            return start + 1
        for at in range(start + 1, min(len(lines), start + _MOST_IN_OBJECT)):
            text += lines[at]
            if lines[at][:1] in " \t" and text.count("<") == text.count(">"):
                return at + 1
        return start + 1
    depth = 0
    for at in range(start, min(len(lines), start + _MOST_JOINED)):
        line = lines[at]
        if at > start and line and line[0] not in " [](){}\t":
            break
        depth += sum(map(line.count, "[({")) - sum(map(line.count, "])}"))
        if depth <= 0:
            return at + 1 if depth == 0 else start + 1
    return start + 1


def _unescaped(match: re.Match[str]) -> str:
    """Write a text with its letters, where Python 2 wrote the numbers of letters or of bytes."""
    try:
        text = ast.literal_eval(match.group())
    except (ValueError, SyntaxError):
        return match.group()
    with suppress(UnicodeError):  # where the numbers were of letters, it is right as it is
        text = text.encode("latin-1").decode()
    return repr(text)


def _in_order(match: re.Match[str]) -> str:
    """Write a dict or a set in one order, as Python does not."""
    try:
        value = ast.literal_eval(match.group())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return match.group()
    if isinstance(value, dict):
        items = sorted(f"{key!r}: {entry!r}" for key, entry in value.items())
    else:
        items = sorted(map(repr, value))
    return "{" + ", ".join(items) + "}"
