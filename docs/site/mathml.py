"""Formulas as MathML, which browsers show without any script: nothing is loaded, nothing jumps."""

import html
import re

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def on_page_content(content: str, **_) -> str:
    """Replace what ``pymdownx.arithmatex`` has found in a page."""
    content = _BLOCK.sub(lambda found: _mathml(found[1], "block"), content)
    return _INLINE.sub(lambda found: _mathml(found[1], "inline"), content)


def _mathml(latex: str, display: str) -> str:
    tag = "div" if display == "block" else "span"
    mathml = convert(html.unescape(latex).strip(), display=display)
    return f'<{tag} class="arithmatex">{mathml}</{tag}>'
