"""Code of a few words, such as an option, which stays on one line."""

import re

_MOST = 32  # letters: what fits a phone
_SHORT = re.compile(rf"<code>(?=[^<\n]{{1,{_MOST}}}</code>)")


def on_page_content(html: str, **_) -> str:
    """Mark it, so that no line ends after one of its hyphens."""
    return _SHORT.sub('<code class="short">', html)
