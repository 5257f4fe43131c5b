"""``fluvial compare``: models that ``fluvial fit`` has saved, side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.output import say, write

if TYPE_CHECKING:
    import xarray

    from fluvial.posterior.posterior import Posterior

__all__ = ["compare"]

_TREE = "posterior.nc"
_JSON = "comparison.json"


def compare(
    directories: Annotated[
        list[Path],
        typer.Argument(metavar="DIR", help="Folders in which fluvial fit has saved posteriors."),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Save comparison.json and comparison.png in DIR."),
    ] = None,
) -> None:
    """Compare models of the same data by evidence and by prediction."""
    if len(directories) < 2:
        raise typer.BadParameter("give at least two folders", param_hint="DIR")
    from fluvial.comparison import compare as compared
    from fluvial.storage.writing import check_file

    if out is not None:
        check_file(out / _JSON)
    posteriors = _posteriors(directories)
    trees = {
        name: tree
        for name, (directory, posterior) in posteriors.items()
        if (tree := _tree(directory, posterior)) is not None
    }
    found = compared({name: posterior for name, (_, posterior) in posteriors.items()}, trees=trees)
    saved = ""
    try:
        if out is not None:
            saved = _written(found, out)
    finally:  # even if it could not be saved
        write(str(found))
    if saved:
        say(saved)
    if found.refusals:
        raise typer.Exit(ExitCode.NEGATIVE)


def _posteriors(directories: list[Path]) -> "dict[str, tuple[Path, Posterior]]":
    """Load each, named by the last part of its path, or by all of it where two end alike."""
    from fluvial.errors import InputError
    from fluvial.loading import load
    from fluvial.posterior.posterior import Posterior

    paths = [directory.resolve() for directory in directories]
    short = [path.name for path in paths]
    names = short if len(set(short)) == len(short) else [str(d) for d in directories]
    if len(set(paths)) < len(paths):
        raise InputError("the same folder was given twice: give each model once.")
    found = {}
    for name, directory in zip(names, directories, strict=True):
        loaded = load(directory)
        if not isinstance(loaded, Posterior):
            raise InputError(f"{directory} holds a trained model: give the folder of a posterior.")
        found[name] = (directory, loaded)
    return found


def _tree(directory: Path, posterior: "Posterior") -> "xarray.DataTree | None":
    """The tree that was saved, where the posterior's target cannot be rebuilt."""
    path = directory / _TREE
    if posterior.target is not None or not path.is_file():
        return None
    from fluvial.extras import lacking

    if lacking("arviz", "reading it", "h5netcdf", "xarray"):  # which the comparison says
        return None
    import xarray

    with xarray.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def _written(found, out: Path) -> str:
    from fluvial.errors import InputError
    from fluvial.storage import strict_json
    from fluvial.storage.writing import replaced

    with replaced(out / _JSON) as fresh:
        fresh.write_bytes(strict_json.dump(found.mapping()))
    try:
        found.plot(out / "comparison.png")
    except InputError as complaint:  # what was computed is saved in any case
        return f"saved in {out}: {_JSON}; no picture: {complaint}"
    return f"saved in {out}: {_JSON}, comparison.png"
