"""A check that the reference has every public name."""

import ast
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

_SOURCE = Path(__file__).parents[2] / "src" / "fluvial"
_PAGES = Path(__file__).parents[1] / "reference"


def on_post_build(config: MkDocsConfig) -> None:
    """Look for the anchor of each name in ``__all__`` of each module that has a page.

    Raises:
        PluginError: naming what is missing.
    """
    missing = [
        f"{page.stem}.{name}"
        for page in sorted(_PAGES.glob("*.md"))
        if page.stem != "index"
        for name in _public(page.stem)
        if not _has(Path(config.site_dir) / "reference" / f"{page.stem}.html", page.stem, name)
    ]
    if missing:
        raise PluginError(f"the reference lacks {', '.join(missing)}.")


def _public(module: str) -> list[str]:
    folder = _SOURCE if module == "fluvial" else _SOURCE / module
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    for statement in ast.parse(path.read_text("utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            names = ast.literal_eval(statement.value)
            # Modules have pages of their own.
            return [n for n in names if not n.startswith("__") and not _is_module(n)]
    return []


def _is_module(name: str) -> bool:
    return (_SOURCE / name).is_dir() or (_SOURCE / f"{name}.py").is_file()


def _has(page: Path, module: str, name: str) -> bool:
    """Whether a page has a name, where it is exported or where it is defined."""
    prefix = "fluvial" if module == "fluvial" else rf"fluvial\.{module}"
    return bool(re.search(rf'id="{prefix}(\.\w+)*\.{name}"', page.read_text("utf-8")))
