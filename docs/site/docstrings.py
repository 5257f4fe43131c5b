"""Docstrings as the site's tools read them: formulas as Markdown has them, examples as code."""

import re
import textwrap

import griffe

_BLOCK = re.compile(r"^( *)\.\. math::(.*(?:\n(?:\1 +\S.*| *(?=\n\1 +\S)))*)", re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]+)`")
# Under a heading in the singular, which is none to them, each `>>>` would be a quotation.
_EXAMPLE = re.compile(r"^Example:$", re.MULTILINE)


class ReadableDocstrings(griffe.Extension):
    """Rewrites ``.. math::``, ``:math:`` and ``Example:`` in every docstring."""

    def on_object(self, *, obj: griffe.Object, **_) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring:
            text = _BLOCK.sub(_dollars, obj.docstring.value)
            obj.docstring.value = _EXAMPLE.sub("Examples:", _INLINE.sub(r"$\1$", text))


def _dollars(found: re.Match[str]) -> str:
    """Put each formula of a block, which empty lines separate, in a paragraph of its own."""
    first, _, rest = found[2].partition("\n")
    text = f"{first.strip()}\n{textwrap.dedent(rest)}".strip()
    formulas = (f"$$\n{formula}\n$$" for formula in re.split(r"\n\s*\n", text))
    return textwrap.indent("\n\n".join(formulas), found[1])
