"""What two errors of one type say, in the words of this version of Python and of that."""

import re
from difflib import SequenceMatcher

__all__ = ["plain_messages", "reworded"]

_ADVICE = re.compile(
    r"\. (?:Did you mean|Perhaps you|Maybe you meant|Did you forget).*$", re.DOTALL
)
_CELL_FILE = re.compile(r"\((?:<ipython-input-[^>]*>|<tokenize>|\d+\.py)(?=, line)")
_FACT = re.compile(r"'[^']*'|\"[^\"]*\"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_SHARED_WORDS = 0.6
_DENIALS = {"not", "no", "never", "cannot", "can't", "without", "non", "neither", "nor", "isn't"}
_CLASS = re.compile(r"'?<class '(?:\w+\.)*(\w+)'>'?")
_TYPED_INDEX = re.compile(r"\b(?:Int|UInt|Float)64Index\b")  # of pandas 1
_QUALIFIED = re.compile(r"\b(?:\w+\.)+(?=\w+\(\) )")
_TO_TEXT = r'can only concatenate str (not "\1") to str'
# What Python said, and what it says now: https://docs.python.org/3/whatsnew (3.0 to 3.13).
_FORMER = [
    (re.compile(before), now)
    for before, now in [
        (
            r"integer argument expected, got (\w+)",
            r"'\1' object cannot be interpreted as an integer",
        ),
        (
            r"unorderable types: (\w+)\(\) ([<>]=?) (\w+)\(\)",
            r"'\2' not supported between instances of '\1' and '\3'",
        ),
        (r"^must be str, not (\w+)", _TO_TEXT),
        (r"cannot concatenate 'str' and '(\w+)' objects", _TO_TEXT),
        (r"Can't convert '(\w+)' object to str implicitly", _TO_TEXT),
        (
            r"(?:integer )?division or modulo by zero|float division(?: by zero)?",
            "division by zero",
        ),
        (r"\bglobal name (?=')", "name "),
        (r"No module named ([A-Za-z_][\w.]*)$", r"No module named '\1'"),
    ]
]


def plain_messages(recorded: str, local: str) -> tuple[str, str]:
    """Return two messages in present words, without advice, with classes written in one way.

    Example:
        >>> plain_messages("division by zero", "integer division or modulo by zero")
        ('division by zero', 'division by zero')
    """
    plain = _plain_message(recorded), _plain_message(local)
    # Python 3.10 has come to name the class of a method.
    if bool(_QUALIFIED.search(plain[0])) != bool(_QUALIFIED.search(plain[1])):
        return _QUALIFIED.sub("", plain[0]), _QUALIFIED.sub("", plain[1])
    return plain


def _plain_message(message: str) -> str:
    message = _CLASS.sub(r"\1", _CELL_FILE.sub("(<cell>", _ADVICE.sub("", message)))
    for before, now in _FORMER:
        message = before.sub(now, message)
    return _TYPED_INDEX.sub("Index", message).rstrip(" .")


def reworded(recorded: str, local: str) -> bool:
    """Whether one message says what the other does, and some words more, none of which denies it.

    A word in place of another may be its opposite, and a number another one.
    """
    few, many = sorted((_FACT.findall(text) for text in (recorded, local)), key=len)
    rest = iter(many)
    if not all(fact in rest for fact in few):  # in their order
        return False
    words = [_FACT.sub("", text).split() for text in (recorded, local)]
    matcher = SequenceMatcher(None, *words, autojunk=False)
    for operation, a, b, c, d in matcher.get_opcodes():
        changed = {word.lower() for word in (*words[0][a:b], *words[1][c:d])}
        if operation == "replace" or (operation != "equal" and changed & _DENIALS):
            return False
    return matcher.ratio() >= _SHARED_WORDS
