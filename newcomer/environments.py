"""Environments as a stranger has them: the wheel, some extras, and the newest of all else.

    python -m newcomer.environments bare all        # in .newcomer/bare and .newcomer/all

makes each from scratch. ``newest``, ``lowest`` and ``pinned`` hold every extra and what the tests
need. uv keeps what it has downloaded, and links it: the tenth environment is cheap.
"""

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

from newcomer.commands import ROOT

__all__ = ["ALL", "EXTRAS", "FOLDER", "extras_of"]

FOLDER = ROOT / ".newcomer"
ALL = "all"
_DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
_ALIASES = {"all", "notebooks", "plots"}
EXTRAS = tuple(e for e in _DECLARED["optional-dependencies"] if e not in _ALIASES)
_FOR_TESTS = {
    "newest": (),
    "lowest": ("--resolution", "lowest-direct"),
    "pinned": ("--constraints", "constraints.txt"),
}


def extras_of(environment: str) -> set[str]:
    """Return the extras that an environment has."""
    return set(EXTRAS) if environment == ALL else {environment} & set(EXTRAS)


def main() -> None:
    """Make the environments that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m newcomer.environments")
    parser.add_argument("names", nargs="+", choices=["bare", *EXTRAS, ALL, *_FOR_TESTS])
    parser.add_argument("--python", default=sys.executable, help="by default the one that runs")
    options = parser.parse_args()
    for name in options.names:
        _make(name, options.python)


def _make(name: str, python: str) -> None:
    folder = FOLDER / name
    _uv("venv", "--clear", "--python", python, str(folder))
    extra = ALL if name in _FOR_TESTS else name
    wheel = str(_wheel()) + ("" if extra == "bare" else f"[{extra}]")
    tests = _tests(name) if name in _FOR_TESTS else []
    # Compiled as pip does it; otherwise the first command would have to. And the oldest release is
    # the oldest that the Python has a wheel of.
    how = ["--compile-bytecode", "--only-binary", ":all:"]
    _uv("pip", "install", "--python", str(folder), *how, *tests, wheel)


def _tests(name: str) -> list[str]:
    """What the tests need, in which versions.

    Dependencies are listed from the file, too: those of the wheel alone are none of uv's direct
    ones, of which it takes the oldest.
    """
    project = str(ROOT / "pyproject.toml")
    return [*_FOR_TESTS[name], "-r", project, "--extra", ALL, "--group", f"{project}:dev"]


def _wheel() -> Path:
    wheels = sorted((ROOT / "dist").glob("*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        sys.exit("there is no wheel in dist/: run `make wheel`.")
    return wheels[-1]


def _uv(*arguments: str) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *arguments]
    subprocess.run(command, check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
