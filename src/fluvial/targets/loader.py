"""A target from an argument of the command line."""

from pathlib import Path
from typing import TypeVar

from fluvial.errors import InputError
from fluvial.targets.examples.registry import EXAMPLES, example
from fluvial.targets.python_file import object_in_file, target_in_file
from fluvial.targets.stan.inputs import given_data
from fluvial.targets.stan.program import from_stan
from fluvial.targets.target import Target

__all__ = ["load_object", "load_target"]

_T = TypeVar("_T")


def load_target(spec: str, data: str | Path | None = None) -> Target:
    """Return the target that an argument such as "model.stan" or "model.py:target" stands for.

    Args:
        spec: a path that ends in .stan; or "file.py:name", where the Python file defines under
            that name a `Target`, a NumPyro or PyMC model, or a function of no arguments that
            returns a target or a PyMC model; or "file.py", if there is one of these in it; or the
            name of an example.
        data: a path to the data of a Stan program, or to what a NumPyro model takes: JSON, R's dump
            format, or a table of comma- or tab-separated values.

    Raises:
        InputError: if there is no such file, name or example, or what is there leads to no target.

    Example:
        >>> load_target("funnel").dim
        10
    """
    if spec.endswith(".stan"):
        return from_stan(Path(spec), None if data is None else Path(data))
    path, colon, name = spec.rpartition(":")
    if spec.endswith(".py"):
        return target_in_file(Path(spec), None, given_data(data))
    if colon and path.endswith(".py"):
        return target_in_file(Path(path), name, given_data(data))
    if spec not in EXAMPLES and Path(spec).is_dir():
        raise InputError(f"{spec} is a folder: {_model_in(Path(spec))}.")
    if data is not None:
        raise InputError(f"{spec} takes no data: only a Stan program or a NumPyro model does.")
    if spec in EXAMPLES or not Path(spec).suffix:
        return example(spec).target
    raise InputError(
        f"{spec} is not a model: give a file.stan, a file.py:name, or one of the examples "
        f"{', '.join(EXAMPLES)}."
    )


def _model_in(folder: Path) -> str:
    models = sorted(path for path in folder.iterdir() if path.suffix in {".stan", ".py"})
    if models:
        return f"give a model that is in it, such as {models[0]}"
    return "give a file.stan or a file.py:name"


def load_object(spec: str, kind: type[_T], called: str) -> _T:
    """Return the object that an argument such as "model.py:name" stands for.

    Args:
        spec: "file.py:name", where the Python file defines under that name an object of the kind,
            or a function of no arguments that returns one.
        kind: its class.
        called: what the class is called in sentences.

    Raises:
        InputError: if there is no such file or name, or what is there is of another kind.
    """
    path, colon, name = spec.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise InputError(f"{spec} names no {called}: give file.py:name.")
    return object_in_file(Path(path), name, kind, called)
