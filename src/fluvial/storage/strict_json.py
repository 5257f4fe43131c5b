"""JSON that any reader takes: numbers that are not finite are written as words."""

import json
import math
from collections.abc import Mapping
from typing import Any

__all__ = ["dump", "numbers", "parse", "plain", "read"]

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
# Nothing that fluvial writes nests deeper than a dozen levels, and whatever walks over it recurses.
_DEEPEST = 64


def dump(content: Any) -> bytes:
    r"""Write dictionaries, lists, strings, numbers and NumPy's arrays and numbers as JSON.

    Example:
        >>> dump({"loss": math.nan, "steps": [1, 2]})
        b'{"loss": "NaN", "steps": [1, 2]}\n'
    """
    return (json.dumps(plain(content), ensure_ascii=False, allow_nan=False) + "\n").encode()


def plain(content: Any) -> Any:
    """Return what JSON can hold: lists for arrays, words for numbers that are not finite.

    Example:
        >>> plain({1: (math.inf, "a")})
        {'1': ['Infinity', 'a']}
    """
    if isinstance(content, Mapping):
        return {str(name): plain(value) for name, value in content.items()}
    if not isinstance(content, list | tuple | str) and hasattr(content, "__array__"):
        return plain(content.tolist())
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return "NaN" if math.isnan(content) else "Infinity" if content > 0 else "-Infinity"
    return content


def parse(data: bytes) -> Any:
    """Read what `dump` wrote; the words "NaN", "Infinity" and "-Infinity" become numbers.

    Raises:
        ValueError: as `read` does.
    """
    return numbers(read(data))


def read(data: bytes) -> Any:
    """Read JSON as it stands, with or without a byte order mark.

    Raises:
        ValueError: if it is not UTF-8 or not JSON, has a name twice in an object, is nested more
            than 64 levels deep, or has a character that no text can hold.

    Example:
        >>> read(b'{"N": 2, "N": 3}')
        Traceback (most recent call last):
        ...
        ValueError: the name "N" is there twice
    """
    try:
        content = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    _check(content)
    return content


def numbers(content: Any) -> Any:
    """Return the content with the words for numbers that are not finite as these numbers."""
    if isinstance(content, dict):
        return {name: numbers(value) for name, value in content.items()}
    if isinstance(content, list):
        return [numbers(value) for value in content]
    return _WORDS.get(content, content) if isinstance(content, str) else content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the name "{twice[:40]}" is there twice')
    return found


def _check(content: Any) -> None:
    """Refuse what would break code that walks over it or writes it as text."""
    level = [content]
    for _ in range(_DEEPEST):
        below = []
        for value in level:
            if isinstance(value, dict):
                below.extend(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str) and not value.isascii():
                value.encode()  # half of a surrogate pair raises a ValueError
        if not below:
            return
        level = below
    raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
