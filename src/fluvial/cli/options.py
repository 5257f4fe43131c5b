"""What ``fluvial fit`` and ``fluvial show`` have in common: how a posterior is shown."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli.output import say, write

if TYPE_CHECKING:
    import numpy as np

    from fluvial.inference import Posterior
    from fluvial.targets import Target

__all__ = ["AllRows", "Draws", "DrawsFile", "Format", "Names", "OutputFormat", "Showing"]


class Format(StrEnum):
    """How a summary is written."""

    table = "table"
    json = "json"
    csv = "csv"


AllRows = Annotated[
    bool, typer.Option("--all", help="Show every row, including derived quantities.")
]
Names = Annotated[
    str | None,
    typer.Option(
        "--vars", metavar="REGEX", help="Show and draw only names in which REGEX is found."
    ),
]
OutputFormat = Annotated[
    Format,
    typer.Option("--format", help="Format of the summary; json and csv have full precision."),
]
DrawsFile = Annotated[
    Path | None,
    typer.Option(
        "--draws-csv", metavar="FILE", help="Write the draws to FILE, one column per scalar."
    ),
]
Draws = Annotated[
    int,
    typer.Option(metavar="N", min=4, help="Number of draws in posterior.nc, pictures and FILE."),
]


@dataclass(frozen=True)
class Showing:
    """What to show; a pattern, or a file, that cannot be used is refused at once.

    Attributes:
        every: all rows, those of derived quantities included.
        names: a regular expression that their names match; None for all.
        form: of the summary.
        draws_csv: where the draws go; None for nowhere.
        draws: how many of them.
    """

    every: bool = False
    names: str | None = None
    form: Format = Format.table
    draws_csv: Path | None = None
    draws: int = 4000

    def __post_init__(self) -> None:
        if self.names is not None:
            from fluvial.posterior.summary import check_names

            check_names(self.names)
        if self.draws_csv is not None:
            from fluvial.storage.writing import check_file

            check_file(self.draws_csv)

    def check(self, target: "Target") -> None:
        """Refuse names that are found in none of a target's, before it is fitted.

        Raises:
            InputError: naming some that there are.
        """
        import numpy as np

        from fluvial.posterior.labels import index_origin, scalars
        from fluvial.posterior.summary import matching

        if self.names is not None:
            blank = {name: np.zeros((1, *shape)) for name, shape in target.variables.items()}
            matching(scalars(blank, index_origin(target), target.annotations), self.names)

    def show(self, posterior: "Posterior") -> None:
        """Print the summary."""
        from fluvial.cli.machine_formats import as_csv, as_json
        from fluvial.cli.terminal import show_summary

        summary = posterior.summary(self.names, derived=True if self.every else None)
        if self.form is Format.table:
            show_summary(summary, every=self.every)
        else:
            write(as_csv(summary) if self.form is Format.csv else as_json(posterior, summary))

    def say(self, text: str) -> None:
        """Print a line beside the summary, which a program may be reading."""
        say(text, err=self.form is not Format.table)

    def columns(self, posterior: "Posterior") -> "dict[str, np.ndarray]":
        """Draws of the parameters, or of the quantities asked for: label -> (n,)."""
        from fluvial.posterior.summary import matching

        if self.names is not None:
            return matching(posterior.scalars(self.draws), self.names)
        return posterior.scalars(self.draws, derived=self.every)

    def write_draws(self, posterior: "Posterior") -> None:
        """Write the draws, if asked for, and say so."""
        from fluvial.cli.machine_formats import write_columns

        if self.draws_csv is not None:
            columns = self.columns(posterior)
            write_columns({n: draws.tolist() for n, draws in columns.items()}, self.draws_csv)
            self.say(f"saved {self.draws_csv}")
