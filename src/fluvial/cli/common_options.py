"""Options that several commands have, alike in all of them."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.seeds import LARGEST_SEED

__all__ = ["DataFolder", "Quiet", "Seed"]

DataFolder = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder that holds mnist or cifar10.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Hide the progress bar.")]
Seed = Annotated[
    int, typer.Option(metavar="N", min=0, max=LARGEST_SEED, help="Seed of all random numbers.")
]
