"""A check that no markup is shown as it was written: formulas, and examples that are quotations."""

import re

from mkdocs.exceptions import PluginError
from mkdocs.structure.pages import Page

_CODE = re.compile(r"<(code|pre|annotation)\b.*?</\1>", re.DOTALL)
_FORMULA = re.compile(r"\$\$|\\\(|\\\[|:math:|\.\. math::")
_EXAMPLE = re.compile(r"<blockquote>\s*<blockquote>\s*<blockquote>")  # what >>> becomes


def on_page_content(content: str, page: Page, **_) -> str:
    """Look for what other hooks and extensions should have found in a page.

    Raises:
        PluginError: naming the page.
    """
    text = _CODE.sub("", content)
    if left := _FORMULA.search(text):
        around = " ".join(text[left.start() : left.end() + 40].split())
        raise PluginError(f"{page.file.src_path} shows a formula as it was written: {around}")
    if _EXAMPLE.search(content):
        raise PluginError(f"{page.file.src_path} has an example that is not shown as code.")
    return content
