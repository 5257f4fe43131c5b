"""JSON that any reader takes: numbers that are not finite are written as words."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["dump", "parse"]

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def dump(content: Any) -> bytes:
    r"""Write dictionaries, lists, strings, numbers and NumPy's arrays and numbers as JSON.

    Example:
        >>> dump({"loss": math.nan, "steps": [1, 2]})
        b'{"loss": "NaN", "steps": [1, 2]}\n'
    """
    return (json.dumps(_plain(content), ensure_ascii=False, allow_nan=False) + "\n").encode()


def parse(data: bytes) -> Any:
    """Read what `dump` wrote; the words "NaN", "Infinity" and "-Infinity" become numbers.

    Raises:
        ValueError: if it is not JSON, or not UTF-8.
    """
    return _numbers(json.loads(data))


def _plain(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, np.ndarray | np.generic) or hasattr(content, "__array__"):
        return _plain(np.asarray(content).tolist())
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return "NaN" if math.isnan(content) else "Infinity" if content > 0 else "-Infinity"
    return content


def _numbers(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _numbers(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_numbers(value) for value in content]
    return _WORDS.get(content, content) if isinstance(content, str) else content
