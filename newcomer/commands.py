"""What people are told to type, read from where they are told; nothing is copied by hand."""

import ast
import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["ROOT", "Command", "all_commands"]

ROOT = Path(__file__).parent.parent
_SHELLS = ("bash", "console", "sh")
_TOOLS = ("fluvial", "make", "pip", "python")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_HEADER = re.compile(rf"(?:^\$ |: )((?:{'|'.join(_TOOLS)}) .+?)(?:\s{{2,}}#.*)?$")
_SUCH_AS = re.compile(r"^ +(--[\w-]+|\[?[A-Z]+\]?\S*) .*?[Ss]uch as (\S+?)(?: or (\S+?))?[;,.]")


@dataclass(frozen=True)
class Command:
    """Something to run.

    Attributes:
        text: the line to type; of a program, its name here.
        origin: the file that shows it, or the help page.
        program: Python to put in a file and run, if it is one.
        promised: what it prints, as the page shows it; "" if it shows nothing.
    """

    text: str
    origin: str
    program: str = ""
    promised: str = ""


@functools.cache
def all_commands() -> tuple[Command, ...]:
    """Collect all commands, each once."""
    found: dict[str, Command] = {}
    for command in (*_from_pages(), *_from_notebooks(), *_from_headers(), *_from_help()):
        known = found.get(command.text)
        if known is None or (command.promised and not known.promised):
            found[command.text] = command
    return tuple(found.values())


def _from_pages() -> Iterator[Command]:
    pages = ("README.md", "docs/**/*.md", "examples/**/*.md", "notebooks/**/*.md")
    for path in (path for pattern in pages for path in sorted(ROOT.glob(pattern))):
        yield from _in_markdown(path.read_text("utf-8"), path.relative_to(ROOT).as_posix())


def _from_notebooks() -> Iterator[Command]:
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        yield from _in_markdown(text, path.relative_to(ROOT).as_posix())


def _in_markdown(text: str, origin: str) -> list[Command]:
    """Go through a page; a block of output belongs to the command last shown before it."""
    shown: list[Command] = []
    position = 0
    for fence in _FENCE.finditer(text):
        shown += _inline(text[position : fence.start()], origin)
        position = fence.end()
        language, block = fence.groups()
        if language == "python":
            number = sum(bool(command.program) for command in shown) + 1
            shown.append(Command(f"{origin}: program {number}", origin, program=block))
        elif language in _SHELLS:
            lines = block.replace("\\\n", " ").splitlines()
            shown += [c for line in lines if (c := _command(line.removeprefix("$ "), origin))]
        elif language == "text" and shown:
            shown[-1] = replace(shown[-1], promised=block)
    return shown + _inline(text[position:], origin)


def _inline(text: str, origin: str) -> list[Command]:
    return [c for span in _INLINE.findall(text) if (c := _command(span, origin))]


def _command(span: str, origin: str) -> Command | None:
    text = " ".join(span.split("  #")[0].split())
    is_command = text.split(" ")[0] in _TOOLS and " " in text
    return Command(text, origin) if is_command else None


def _from_headers() -> Iterator[Command]:
    """Find the commands in the docstrings of programs, and in the first comment of Stan's."""
    for path in sorted([*ROOT.glob("examples/*"), *ROOT.glob("docs/*.py")]):
        if path.suffix == ".py":
            header = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        elif path.suffix == ".stan":
            header = path.read_text("utf-8").splitlines()[0]
        else:
            continue
        for line in header.splitlines():
            if found := _HEADER.search(line):
                yield Command(found[1], path.relative_to(ROOT).as_posix())


def _from_help() -> Iterator[Command]:
    """List every help page, and each value that one suggests."""
    yield Command("fluvial --help", "--help")
    verbs = re.findall(r"^  (\w+)  ", _help().split("Commands:")[1], re.MULTILINE)
    for verb in verbs:
        yield Command(f"fluvial {verb} --help", "--help")
        for line in re.sub(r"\n {20,}", " ", _help(verb)).splitlines():
            if found := _SUCH_AS.match(line):
                option, *values = found.groups()
                start = f"fluvial {verb} {option}" if option[0] == "-" else f"fluvial {verb}"
                yield from (Command(f"{start} {v}", f"{verb} --help") for v in values if v)


def _help(*verb: str) -> str:
    program = "from fluvial.cli import main; main()"
    arguments = [sys.executable, "-c", program, *verb, "--help"]
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
