"""Formulas in docstrings, which are written as Sphinx reads them, as Markdown has them."""

import re
import textwrap

import griffe

_BLOCK = re.compile(r"^( *)\.\. math::(.*(?:\n(?:\1 +\S.*| *(?=\n\1 +\S)))*)", re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]+)`")


class DocstringMath(griffe.Extension):
    """Rewrites ``.. math::`` and ``:math:`` in every docstring."""

    def on_object(self, *, obj: griffe.Object, **_) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring:
            text = _BLOCK.sub(_dollars, obj.docstring.value)
            obj.docstring.value = _INLINE.sub(r"$\1$", text)


def _dollars(found: re.Match[str]) -> str:
    first, _, rest = found[2].partition("\n")
    formula = "\n".join(line for line in (first.strip(), textwrap.dedent(rest)) if line.strip())
    return textwrap.indent(f"$$\n{formula}\n$$", found[1])
