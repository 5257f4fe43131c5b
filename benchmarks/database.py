"""Reading a clone of stan-dev/posteriordb: programs, data, reference draws."""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

__all__ = ["Entry", "columns", "data_of", "entries", "program_of", "reference_draws"]


class Entry(NamedTuple):
    """One posterior that names reference draws."""

    name: str
    program: Path
    data: dict[str, Any]
    draws: Path


def entries(clone: Path, only: Sequence[str] = ()) -> tuple[list[Entry], list[str]]:
    """Posteriors whose reference draws are there, and the names of those whose file is absent.

    A posterior may borrow another's draws (the centered eight schools do), so the file is found
    through ``reference_posterior_name``, never through the posterior's own name.

    Args:
        clone: the folder of the clone, the one that holds ``posterior_database``.
        only: names to keep, ``*`` standing for any letters; all when empty.

    Raises:
        SystemExit: if the folder is no clone of posteriordb, or nothing is left to run.
    """
    root = clone / "posterior_database"
    if not (root / "posteriors").is_dir():
        raise SystemExit(f"{clone} is not a clone of stan-dev/posteriordb: no {root}/posteriors.")
    found, missing = [], []
    for path in sorted((root / "posteriors").glob("*.json")):
        about = json.loads(path.read_text())
        reference, name = about.get("reference_posterior_name"), about["name"]
        if reference is None or (only and not any(fnmatch(name, pattern) for pattern in only)):
            continue
        draws = root / "reference_posteriors/draws/draws" / f"{reference}.json.zip"
        if draws.is_file():
            found.append(Entry(name, program_of(root, about), data_of(root, about), draws))
        else:
            missing.append(name)
    if not found:
        raise SystemExit(f"no posterior with reference draws is named like {', '.join(only)}.")
    return found, missing


def reference_draws(entry: Entry) -> dict[str, Float[np.ndarray, "C N"]]:
    """Reference draws by scalar parameter (``theta[1]``), one row a chain, constrained."""
    chains = _read_json(entry.draws)
    return {name: np.array([chain[name] for chain in chains]) for name in chains[0]}


def columns(draws: Mapping[str, np.ndarray], names: Sequence[str]) -> Float[np.ndarray, "N P"]:
    """Pick scalar parameters, named as Stan does, from draws of whole parameters.

    Args:
        draws: parameter to array (N, *shape).
        names: ``"sigma"``, ``"theta[3]"`` or ``"Omega[1,2]"``, counted from one.

    Raises:
        KeyError: if there are no draws of a parameter.
    """
    return np.stack([_column(draws, name) for name in names], axis=1)


def _column(draws: Mapping[str, np.ndarray], name: str) -> Float[np.ndarray, " N"]:
    base, *index = re.findall(r"[^\[\],]+", name)
    position = tuple(int(i) - 1 for i in index)
    return np.asarray(draws[base], dtype=np.float64)[(slice(None), *position)]


def program_of(root: Path, about: dict) -> Path:
    """Where a posterior's Stan program is, by what posteriordb says about it."""
    info = json.loads((root / "models/info" / f"{about['model_name']}.info.json").read_text())
    return root / info["model_implementations"]["stan"]["model_code"]


def data_of(root: Path, about: dict) -> dict[str, Any]:
    """A posterior's data, likewise."""
    info = json.loads((root / "data/info" / f"{about['data_name']}.info.json").read_text())
    return _read_json(root / f"{info['data_file']}.zip")


def _read_json(path: Path) -> Any:
    """Content of a zip that holds one JSON file."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(archive.namelist()[0]))
