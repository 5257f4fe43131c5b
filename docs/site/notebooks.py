"""Pages of the site from the notebooks, with the outputs that are recorded in them."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_ROOT = Path(__file__).parents[2]
_FOLDER = "tutorials"
_BACK = "repo:notebooks/"
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_LINK = re.compile(r"\]\((?!https?:|#)([^)]+)\)")
_MOST_LINES = 40  # of one output


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook, one that lists them, and their pictures."""
    for path in sorted((_ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        head = f"[This page is a notebook]({_BACK}{path.name}), with the outputs recorded in it."
        parts = [
            _block(part) for cell in notebook.cells for part in _parts(cell, path, files, config)
        ]
        title, _, rest = "\n\n".join(parts).partition("\n")
        _add(files, config, f"{path.stem}.md", f"{title}\n\n*{head}*\n{rest}")
    listed = (_ROOT / "notebooks" / "README.md").read_text("utf-8").replace(".ipynb)", ".md)")
    _add(files, config, "index.md", listed.replace("# Notebooks", "# Tutorials"))
    return files


def _block(text: str) -> str:
    return text.strip("\n")


def _parts(cell, path: Path, files: Files, config: MkDocsConfig) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield _LINK.sub(lambda link: f"]({_BACK}{link[1]})", cell.source)
        return
    if cell.source.strip():
        yield f"```python\n{cell.source}\n```"
    for number, output in enumerate(cell.get("outputs", ())):
        yield from _output(output, f"{path.stem}_{cell.id}_{number}", files, config)


def _output(output, name: str, files: Files, config: MkDocsConfig) -> Iterator[str]:
    data = output.get("data", {})
    if "image/png" in data:
        _add(files, config, f"{name}.png", base64.b64decode(data["image/png"]))
        yield f"![What the cell above has drawn]({name}.png)"
    elif text := output.get("text") or data.get("text/plain"):
        lines = _ESCAPE.sub("", text).rstrip("\n").split("\n")
        more = ["…"] if len(lines) > _MOST_LINES else []
        yield "\n".join(["```text", *lines[:_MOST_LINES], *more, "```"])


def _add(files: Files, config: MkDocsConfig, name: str, content: str | bytes) -> None:
    files.append(File.generated(config, f"{_FOLDER}/{name}", content=content))
