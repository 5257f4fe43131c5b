"""Whether a cell's code was changed after the cell was run: its record says what it cannot say."""

import ast
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from fluvial.replication.compare.outputs import Outputs, stdout
from fluvial.replication.names import plain_source

__all__ = ["is_edited"]

_FEWEST_LETTERS = 4
_ALIKE = 0.6
_MOST_LINES = 200
_LETTERS = re.compile(r"[^\W\d_]")
_OF_IPYTHON = re.compile(r"^\s*[%!?]|\?\s*$|ast_node_interactivity|displayhook", re.MULTILINE)


def is_edited(source: str, recorded: Outputs, local: Outputs) -> bool:
    """Whether the recorded outputs of a cell are not of its code.

    What a cell prints word for word does not depend on the version of anything: if a line that is
    otherwise alike was recorded with other words, the code had those. Neither has a cell a result
    whose code has no expression.

    Args:
        source: the code.
        recorded: its recorded outputs.
        local: its local ones.

    Example:
        >>> def said(text):
        ...     return [{"output_type": "stream", "name": "stdout", "text": text}]
        >>> is_edited("print('Score:', x)", said("Scores are 3"), said("Score: 3"))
        True
        >>> is_edited("print('Score:', x)", said("Score: 2"), said("Score: 3"))
        False
    """
    try:
        tree = ast.parse(plain_source(source))
    except (SyntaxError, ValueError, RecursionError):
        return False
    gives = any(isinstance(node, ast.Expr) for node in tree.body)
    if not gives and not _OF_IPYTHON.search(source) and _has_result(recorded):
        return True
    words = set(filter(_is_wordy, _printed_words(tree)))
    lines = set(filter(_is_wordy, _printed_lines(tree)))
    return bool(words) and _other_words(words, lines, stdout(recorded), stdout(local))


def _has_result(outputs: Outputs) -> bool:
    return any(output["output_type"] == "execute_result" for output in outputs)


def _is_wordy(text: str) -> bool:
    return len(_LETTERS.findall(text)) >= _FEWEST_LETTERS


def _other_words(words: set[str], whole: set[str], recorded: str, local: str) -> bool:
    """Whether lines that are alike differ in words that are printed whatever the values are."""
    before, after = (text.splitlines()[:_MOST_LINES] for text in (recorded, local))
    if any(word in recorded and word not in local for word in words):
        return False  # another branch of the code was run
    lost = [line for line in before if line not in after]
    for line in after:
        said = any(word in line and word not in recorded for word in words)
        said = said or (line.strip() in whole and line not in before)
        if said and any(_are_alike(line, other) for other in lost):
            return True
    return False


def _are_alike(line: str, other: str) -> bool:
    return SequenceMatcher(None, line, other, autojunk=False).ratio() >= _ALIKE


def _printed_lines(tree: ast.Module) -> Iterator[str]:
    """Yield the lines that calls of print write of nothing but constants."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("print"), [ast.Constant(str()) as only]):
                yield from _constant_words(only)


def _printed_words(tree: ast.Module) -> Iterator[str]:
    """Yield what calls of print write whatever the values are, line by line."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("print"), arguments):
                for argument in arguments:
                    yield from _constant_words(argument)


def _constant_words(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(str(text)):
            yield from filter(None, map(str.strip, text.splitlines()))
        case ast.JoinedStr(parts):
            for part in parts:
                yield from _constant_words(part)
        case ast.BinOp(ast.Constant(str(text)), ast.Mod()):
            yield from _around(text, r"%[-+ #0]*[\d.*]*[a-zA-Z%]")
        case ast.Call(ast.Attribute(ast.Constant(str(text)), "format")):
            yield from _around(text, r"\{[^{}]*\}")


def _around(text: str, fields: str) -> Iterator[str]:
    """Yield what a template has around its fields."""
    for part in re.split(fields, text):
        yield from filter(None, map(str.strip, part.splitlines()))
