"""One command in a process, a folder and a home of its own."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from newcomer.commands import ROOT, Command
from newcomer.environments import FOLDER
from newcomer.rules import Rule

__all__ = ["Outcome", "run", "skeleton"]

_SHOWN = ("examples", "notebooks", "docs")
# Of whoever runs the tests; a stranger has none of them.
_OWN = re.compile(r"(CI|(XLA|JAX|FLUVIAL|XDG|PYTHON|PYTEST|VIRTUAL_ENV|MPL|JUPYTER|UV|MAKE)\w*)")
_NUMBER = re.compile(r"-?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes:
        code: its exit code; None if it was stopped at the time limit.
        stdout: all of it.
        stderr: all of it.
        seconds: how long it took.
        folder: where it ran.
    """

    code: int | None
    stdout: str
    stderr: str
    seconds: float
    folder: Path

    def __str__(self) -> str:
        code = "stopped at the time limit" if self.code is None else f"exit code {self.code}"
        return f"{code} after {self.seconds:.1f} s\n{self.stdout[-3000:]}\n{self.stderr[-3000:]}"


def run(command: Command, rule: Rule, environment: str, directory: Path) -> Outcome:
    """Run a command as someone would who has just unpacked the examples.

    Args:
        command: what to type.
        rule: what to add to it, and how long it may take.
        environment: the name of one that ``newcomer.environments`` made.
        directory: an empty folder.
    """
    folder, home = directory / "folder", directory / "home"
    home.mkdir()
    for name in (*_SHOWN, *rule.beside):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    programs = FOLDER / environment / "bin"
    argv = [*shlex.split(command.text), *rule.add]
    if command.program:
        (folder / "program.py").write_text(command.program, "utf-8")
        argv = ["python", "program.py"]
    variables = {name: value for name, value in os.environ.items() if not _OWN.fullmatch(name)}
    variables |= {"HOME": str(home), "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin"}
    # Where an extra is missing, an earlier command refuses, as this one does.
    for earlier in [*map(shlex.split, rule.before), argv]:
        line = [str(programs / earlier[0]), *earlier[1:]]
        outcome = _finished(line, variables, folder, rule.seconds)
        if outcome.code != 0:
            break
    return outcome


def _finished(argv: list[str], variables: dict[str, str], folder: Path, limit: int) -> Outcome:
    start = time.perf_counter()
    with subprocess.Popen(
        argv,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that whatever it has started can be stopped, too
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            code = None
    return Outcome(code, stdout, stderr, time.perf_counter() - start, folder)


def skeleton(text: str) -> str:
    r"""Return a text without what may change from run to run: its numbers, and where lines break.

    Example:
        >>> skeleton("ELBO   -31.3 nats,\n  1,024 draws")
        'ELBO # nats, # draws'
    """
    return " ".join(_NUMBER.sub("#", text).split())
