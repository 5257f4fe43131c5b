"""Drawings and formulas as text: what is seen of them, without what their programs say beside."""

import re

__all__ = ["plain_formula", "plain_svg"]

_UNSEEN = re.compile(
    r"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\])?[^>]*>|<metadata\b.*?</metadata>", re.DOTALL
)
_NAMED = re.compile(r"\bid=\"([^\"]+)\"")
_FRAME = re.compile(r"\s*(\$\$?)(?:\s*\\displaystyle\b\s*)?(.*?)\s*\1\s*", re.DOTALL)


def plain_svg(text: str) -> str:
    """Return an SVG without comments and metadata, its parts named in their order.

    Programs write their version and the date, and draw names by chance.

    Example:
        >>> plain_svg('<svg><!-- version 2 --><g id="p3f"/><use href="#p3f"/></svg>')
        '<svg><g id="1"/><use href="#1"/></svg>'
    """
    text = _UNSEEN.sub("", text)
    numbers: dict[str, str] = {}
    for name in _NAMED.findall(text):
        numbers.setdefault(name, str(len(numbers) + 1))
    if not numbers:
        return text
    names = "|".join(map(re.escape, sorted(numbers, key=len, reverse=True)))
    return re.sub(
        rf"(\bid=\"|#)({names})(?=[\")'])", lambda match: match[1] + numbers[match[2]], text
    )


def plain_formula(text: str) -> str:
    r"""Return a formula without what sets it apart from the text.

    Example:
        >>> plain_formula("$$x^2$$"), plain_formula(r"$\displaystyle x^2$"), plain_formula("a $b$")
        ('x^2', 'x^2', 'a $b$')
    """
    match = _FRAME.fullmatch(text)
    return match[2] if match and "$" not in match[2] else text
