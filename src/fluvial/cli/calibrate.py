"""``fluvial calibrate``: whether fits to simulated data recover the parameters behind them."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli.common_options import Quiet, Seed
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.output import say, write

__all__ = ["calibrate"]


def calibrate(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="file.py:name, a fluvial.Simulation or a function that makes one.",
        ),
    ],
    *,
    fits: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of data sets to simulate.")
    ] = 100,
    seed: Seed = 0,
    processes: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of fits to run at once.")
    ] = 1,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Save the ranks of every fit in DIR, and resume from them."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Fit data simulated from a model's prior, and say whether its posteriors are calibrated."""
    from fluvial.cli.backend import prepare

    prepare("fluvial.inference")
    from fluvial import inference
    from fluvial.targets import load_object

    simulation = load_object(model, inference.Simulation, "fluvial.Simulation")
    try:
        with _executor(processes) as executor:
            found = inference.calibrate(
                simulation,
                fits,
                seed,
                executor=executor,
                checkpoint=checkpoint,
                progress=not quiet,
            )
    except KeyboardInterrupt:
        say("fluvial: interrupted before there was a fit to show.", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    write(str(found))
    if found.interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if not found.calibrated:
        raise typer.Exit(ExitCode.NEGATIVE)


def _executor(processes: int):
    import contextlib
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    if processes == 1:
        return contextlib.nullcontext()
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
