"""``fluvial show``: what ``fluvial fit --out`` or ``fluvial train`` has saved, shown again."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.options import AllRows, Draws, DrawsFile, Format, Names, OutputFormat, Showing

__all__ = ["show"]


def show(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder that fluvial fit --out or fluvial train wrote."),
    ],
    *,
    every: AllRows = False,
    names: Names = None,
    form: OutputFormat = Format.table,
    draws_csv: DrawsFile = None,
    draws: Draws = 4000,
) -> None:
    """Show a saved posterior, or a trained model, again."""
    from fluvial.cli.backend import prepare

    prepare("fluvial.inference")
    from fluvial.cli.show_trained import show_model
    from fluvial.inference import Posterior
    from fluvial.loading import load

    loaded = load(directory)
    showing = Showing(every, names, form, draws_csv, draws)
    if not isinstance(loaded, Posterior):
        show_model(loaded, showing)
        return
    showing.show(loaded)
    showing.write_draws(loaded)
    if loaded.verdict.value == "FAILED":
        raise typer.Exit(ExitCode.NEGATIVE)
