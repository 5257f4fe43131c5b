"""Links to files of the repository, ``[text](repo:path)``, wherever the repository is."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

_ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\[([^\]]+)\]\(repo:([^)#]+)\)")


def on_page_markdown(markdown: str, config: MkDocsConfig, **_) -> str:
    """Make links of them, or plain text as long as the repository has no address."""

    def link(found: re.Match[str]) -> str:
        text, path = found.groups()
        if not (_ROOT / path).exists():
            raise PluginError(f"there is no {path} to link to.")
        base = (config.repo_url or "").rstrip("/")
        return f"[{text}]({base}/blob/main/{path})" if base else text

    return _LINK.sub(link, markdown)
