"""What the commands that use a trained model have in common."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.cli.options import Format, Showing
from fluvial.cli.output import say, write
from fluvial.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from fluvial.amortized import Trained

__all__ = ["check_arrays_file", "load_model", "show_model", "write_arrays"]


def load_model(directory: Path) -> "Trained":
    """Read a trained model.

    Raises:
        InputError: if there is none.
    """
    from fluvial.amortized import Trained
    from fluvial.loading import load

    loaded = load(directory)
    if not isinstance(loaded, Trained):
        raise InputError(f"{directory} holds a posterior: give a folder that fluvial train left.")
    return loaded


def show_model(trained: "Trained", showing: Showing) -> None:
    """Print what a trained model is of, and how well it was trained.

    Raises:
        InputError: if something is asked for that only a posterior has.
    """
    for option, given in (("--vars", showing.names), ("--draws-csv", showing.draws_csv)):
        if given is not None:
            raise InputError(
                f"a trained model has no parameters to show: leave out {option}; fluvial sample "
                "and fluvial encode ask the model."
            )
    last = trained.history[-1]
    facts = {
        "likelihood": trained.dlgm.likelihood.name,
        "shape": list(trained.shape),
        "validation_bound": trained.validation_bound,
        "best_step": trained.best_step,
        "epochs": last["epoch"],
        "steps": last["step"],
    }
    if showing.form is Format.json:
        from fluvial.storage import strict_json

        write(strict_json.dump(facts).decode().rstrip("\n"))
    elif showing.form is Format.csv:
        facts["shape"] = "x".join(map(str, trained.shape))
        write(f"{','.join(facts)}\n{','.join(map(str, facts.values()))}")
    else:
        say(f"model             {facts['likelihood']}, images of shape {trained.shape}")
        say(f"validation bound  {trained.validation_bound:.2f} nats, at step {trained.best_step}")
        say(f"trained           {last['epoch']:g} epochs, {last['step']} steps")


def check_arrays_file(path: Path) -> Path:
    """Return the path of a .npz file that can be written, before anything is computed for it.

    Raises:
        InputError: if the path has another suffix, or cannot be written.
    """
    from fluvial.storage.writing import check_file

    if path.suffix != ".npz":
        raise InputError(f"{path} is to be an array file: call it {path.with_suffix('.npz').name}.")
    check_file(path)
    return path


def write_arrays(arrays: "Mapping[str, np.ndarray]", path: Path) -> None:
    """Write arrays to a .npz file.

    Raises:
        InputError: if it cannot be written.
    """
    from fluvial.storage.array_files import to_npz
    from fluvial.storage.writing import replaced

    with replaced(path) as fresh:
        fresh.write_bytes(to_npz(dict(arrays), compressed=True))
