"""What environment a notebook was made in, as far as its files tell."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fluvial.replication.names import plain_source
from fluvial.replication.read import RecordedNotebook
from fluvial.replication.scratch import repository_root

__all__ = ["Requirements", "requirements_of"]

_FILES = ("requirements.txt", "requirements-dev.txt", "environment.yml", "environment.yaml")
# Modules whose distributions go by other names; https://pypi.org has each.
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "mpl_toolkits": "matplotlib",
    "pylab": "matplotlib",
    "dateutil": "python-dateutil",
    "Bio": "biopython",
    "umap": "umap-learn",
    "dotenv": "python-dotenv",
}
_REQUIREMENT = re.compile(
    r"^[A-Za-z0-9][\w.-]*(?:\[[\w,.-]+\])?\s*(?:[=<>!~]=?=?\s*[\w.*,<>=!~ ]+)?$"
)
_CONDA_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*=\s*([\d][\w.]*)(?:=\S+)?$")


@dataclass(frozen=True)
class Requirements:
    """An environment to build.

    Attributes:
        python: its version, such as "3.8"; "" if nothing says it.
        packages: what to install, as pip takes it.
        date: the last day, ISO 8601, of which versions may be; "" if nothing says it.
        sources: what these were read from.
    """

    python: str
    packages: tuple[str, ...]
    date: str
    sources: tuple[str, ...]


def requirements_of(recorded: RecordedNotebook, root: Path | None = None) -> Requirements:
    """Read what a notebook needs from its metadata, files beside it, its imports, and its date.

    Args:
        recorded: the notebook.
        root: of its repository; by default where ``.git`` is.
    """
    version = str(recorded.notebook.metadata.get("language_info", {}).get("version", ""))
    python = ".".join(version.split(".")[:2])
    sources = ["its metadata"] if python else []
    declared: dict[str, str] = {}
    for path in _declaring_files(recorded, root):
        found = list(_declared(path))
        declared |= {_name(requirement): requirement for requirement in found}
        sources += [path.name] if found else []
    imported = [name for name in _imported(recorded) if _name(name) not in declared]
    sources += ["its imports"] if imported else []
    date = _date(recorded)
    sources += ["its last commit"] if date else []
    packages = (*declared.values(), *imported)
    return Requirements(python, packages, date, tuple(dict.fromkeys(sources)))


def _declaring_files(recorded: RecordedNotebook, root: Path | None) -> Iterator[Path]:
    if recorded.folder is None:
        return
    top = root or repository_root(recorded.folder)
    for folder in dict.fromkeys((recorded.folder, top)):
        for name in _FILES:
            if (folder / name).is_file():
                yield folder / name


def _declared(path: Path) -> Iterator[str]:
    """Yield the requirements in a file that pip understands; paths, URLs and options are none."""
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines() if path.suffix == ".txt" else _conda_lines(text)
    for line in lines:
        requirement = line.split("#")[0].split(";")[0].strip()
        if conda := _CONDA_PIN.match(requirement):
            requirement = f"{conda[1]}=={conda[2]}"
        if _REQUIREMENT.match(requirement) and _name(requirement) not in ("python", "pip"):
            yield requirement


def _conda_lines(text: str) -> Iterator[str]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return  # one that conda could not read either says nothing
    entries = content.get("dependencies") if isinstance(content, dict) else None
    for entry in entries or []:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            yield from (str(line) for line in entry.get("pip") or [])


def _imported(recorded: RecordedNotebook) -> list[str]:
    """Return the distributions of the packages that the cells import, each once."""
    found: dict[str, None] = {}
    beside = {path.stem for path in recorded.folder.iterdir()} if recorded.folder else set()
    for cell in recorded.cells:
        try:
            tree = ast.parse(plain_source(cell.source))
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for module in modules:
                top = module.split(".")[0]
                if top not in sys.stdlib_module_names and top not in beside and top != "IPython":
                    found[_DISTRIBUTIONS.get(top, top)] = None
    return list(found)


def _date(recorded: RecordedNotebook) -> str:
    """Return the day of the last commit of a notebook; "" if git does not know it."""
    if recorded.folder is None:
        return ""
    command = ["git", "log", "-1", "--format=%cs", "--", recorded.name]
    try:
        done = subprocess.run(
            command, cwd=recorded.folder, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _name(requirement: str) -> str:
    return re.split(r"[\[=<>!~ ]", requirement)[0].lower().replace("_", "-")
