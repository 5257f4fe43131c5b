"""The environment that a notebook was made in, built again."""

import hashlib
import json
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fluvial.errors import InputError
from fluvial.replication.compare.cause import Cause
from fluvial.replication.requirements import Requirements
from fluvial.replication.result import CellOutcome, CellVerdict, Replication, Restored
from fluvial.storage.cache import cache_folder

__all__ = [
    "available_python",
    "built_environment",
    "environment_folder",
    "restored_python",
    "with_restored",
]

_SECONDS = 1800
_OLDEST = (3, 8)  # that uv can install: https://docs.astral.sh/uv/concepts/python-versions
_KERNEL = "ipykernel"
# What a restored environment has no say in.
_NOT_OF_LIBRARIES = {Cause.RANDOMNESS, Cause.WALL_TIME, Cause.LIBRARY_PRINTING}


def environment_folder(requirements: Requirements) -> Path:
    """Return where the environment is, or will be, kept."""
    key = json.dumps([requirements.python, requirements.packages, requirements.date])
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return cache_folder() / "environments" / digest


def restored_python(requirements: Requirements) -> Path | None:
    """Return the interpreter of an environment that has been built before; None if none has."""
    folder = environment_folder(requirements)
    python = _python(folder)
    return python if python.exists() and (folder / "complete").exists() else None


def built_environment(requirements: Requirements) -> Path:
    """Build an environment with uv, and return its interpreter.

    Versions are the newest of the requirements' date. It is kept in the cache.

    Args:
        requirements: from ``requirements_of``.

    Raises:
        InputError: if there is no uv, or it cannot build the environment.
    """
    if (python := restored_python(requirements)) is not None:
        return python
    # What pip has installed is beside the interpreter, which need not be on the path.
    uv = shutil.which("uv") or shutil.which("uv", path=sysconfig.get_path("scripts"))
    if uv is None:
        raise InputError(
            "restoring an environment takes uv, which is not installed: install it (pip install "
            "uv), or leave --restore out."
        )
    folder = environment_folder(requirements)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        _build(uv, folder, requirements)
    except BaseException:  # half an environment, interrupted or not, would be in the way
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _python(folder)


def _build(uv: str, folder: Path, requirements: Requirements) -> None:
    cutoff = ["--exclude-newer", requirements.date] if requirements.date else []
    version = available_python(requirements.python)
    _run([uv, "venv", "--quiet", "--python", version, str(folder)], "Python " + version)
    install = [uv, "pip", "install", "--quiet", "--python", str(_python(folder)), *cutoff]
    _run([*install, *requirements.packages, _KERNEL], "the packages of its time")
    (folder / "complete").touch()


def with_restored(
    replication: Replication, there: Replication, requirements: Requirements
) -> Replication:
    """Tell by a run in the restored environment what was the library's doing.

    A difference that is not there is the library's; what is there as well is not.

    Args:
        replication: of this machine's environment.
        there: of the restored one.
        requirements: that the latter was built from.
    """
    restored = Restored(
        available_python(requirements.python),
        requirements.packages,
        requirements.date,
        tuple(cell.verdict for cell in there.cells),
    )
    cells = tuple(map(_settled, replication.cells, there.cells))
    return replace(replication, cells=cells, restored=restored)


def _settled(here: CellOutcome, there: CellOutcome) -> CellOutcome:
    still = {found.place for found in there.differences if not found.tolerated}
    found = tuple(
        difference
        if difference.tolerated or difference.cause in _NOT_OF_LIBRARIES
        else replace(difference, cause=_cause(difference.cause, stays=difference.place in still))
        for difference in here.differences
    )
    if here.verdict not in (CellVerdict.DIFFERS, CellVerdict.ERROR) or here.after is not None:
        return replace(here, differences=found)
    stays = there.verdict in (CellVerdict.DIFFERS, CellVerdict.ERROR)
    if here.cause in _NOT_OF_LIBRARIES:
        return replace(here, differences=found)
    return replace(here, differences=found, cause=_cause(here.cause, stays=stays))


def _cause(cause: Cause | None, *, stays: bool) -> Cause | None:
    if not stays:
        return Cause.LIBRARY_VERSION
    return Cause.DATA if cause is Cause.LIBRARY_VERSION else cause


def available_python(python: str) -> str:
    """Return the version of Python that comes closest to one, of those that uv can install."""
    match = re.fullmatch(r"(\d+)\.(\d+)", python)
    if match is None:
        return "3.11"
    return python if (int(match[1]), int(match[2])) >= _OLDEST else ".".join(map(str, _OLDEST))


def _run(command: Sequence[str], what: str) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except subprocess.CalledProcessError as error:
        said = [line.strip(" ×╰─▶│") for line in error.stderr.splitlines() if line.strip()]
        raise InputError(
            f"uv cannot install {what} ({' '.join(said[:2])[:200]}): leave --restore out, or put a "
            "requirements.txt with versions that fit beside the notebook."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"uv cannot install {what} ({error}): try again, or leave --restore out."
        ) from error


def _python(folder: Path) -> Path:
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.exists() else folder / "bin" / "python"
