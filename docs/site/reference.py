"""A check that the reference has every public name."""

import ast
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError

_SOURCE = Path(__file__).parents[2] / "src" / "fluvial"
_PAGES = Path(__file__).parents[1] / "reference"
_TOP = "fluvial"
_COMMAND_LINE = "cli"


def on_post_build(config: MkDocsConfig) -> None:
    """Look for the anchor of each name in ``__all__`` of each package, and module with a page.

    Raises:
        PluginError: naming what is missing.
    """
    pages = {page.stem for page in _PAGES.glob("*.md")} - {"index"}
    packages = {path.parent.name for path in _SOURCE.glob("*/__init__.py")} - {_COMMAND_LINE}
    missing = [
        f"{module}.{name}"
        for module in sorted(pages | packages)
        for name in _public(module)
        if not _has(Path(config.site_dir), module if module in pages else _TOP, name)
    ]
    if missing:
        raise PluginError(f"the reference lacks {', '.join(missing)}.")


def _public(module: str) -> list[str]:
    folder = _SOURCE if module == _TOP else _SOURCE / module
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    for statement in ast.parse(path.read_text("utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            names = ast.literal_eval(statement.value)
            # Modules have pages of their own.
            return [n for n in names if not n.startswith("__") and not _is_module(n)]
    return []


def _is_module(name: str) -> bool:
    return (_SOURCE / name).is_dir() or (_SOURCE / f"{name}.py").is_file()


def _has(site: Path, module: str, name: str) -> bool:
    """Whether a module's page has a name, where it is exported or where it is defined.

    What a package without a page exports is to be used from the top, and is shown there.
    """
    prefix = _TOP if module == _TOP else rf"{_TOP}\.{module}"
    page = (site / "reference" / f"{module}.html").read_text("utf-8")
    return bool(re.search(rf'id="{prefix}(\.\w+)*\.{name}"', page))
