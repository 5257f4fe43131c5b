"""``fluvial fit``: from a model's file to a verdict on the terminal, and a folder of results."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fluvial.cli.common_options import Quiet, Seed
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.fit_folder import save_results
from fluvial.cli.known_names import EXAMPLE_NAMES, FLOW_NAMES
from fluvial.cli.options import AllRows, Draws, DrawsFile, Format, Names, OutputFormat, Showing
from fluvial.cli.output import say

if TYPE_CHECKING:
    from fluvial.inference import Posterior
    from fluvial.targets import Target

__all__ = ["fit"]


def fit(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="file.stan; file.py or file.py:name, where that is a fluvial.Target, a NumPyro "
            "or PyMC model, or a function that makes one; or the name of an example.",
        ),
    ] = None,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Data of a Stan program, or arguments of a NumPyro model: JSON, R's dump "
            "format, or CSV with one column per vector.",
        ),
    ] = None,
    example: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Fit an example: {EXAMPLE_NAMES}.")
    ] = None,
    flow: Annotated[
        str,
        typer.Option(
            metavar="FLOW",
            help='Such as realnvp:8 or planar:32; "auto" trains one only where a Gaussian is '
            f"not right already. There are {FLOW_NAMES}.",
        ),
    ] = "auto",
    seed: Seed = 0,
    max_steps: Annotated[
        int, typer.Option(metavar="N", min=1, help="Maximum number of training steps per mode.")
    ] = 3000,
    max_seconds: Annotated[
        float | None,
        typer.Option(metavar="S", help="Stop after S seconds, and return the best result so far."),
    ] = None,
    max_evaluations: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The same after N evaluations of the density."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Save expensive intermediate results in DIR, and resume from them."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Save the posterior and its table in DIR; with the extra arviz, also posterior.nc "
            "and pictures.",
        ),
    ] = None,
    every: AllRows = False,
    names: Names = None,
    form: OutputFormat = Format.table,
    draws_csv: DrawsFile = None,
    draws: Draws = 4000,
    pictures: Annotated[
        bool, typer.Option(help="Save forest.png, pair.png and other pictures in DIR.")
    ] = True,
    log_likelihood: Annotated[
        bool,
        typer.Option(
            help="Save the log likelihood of every observation at every draw in posterior.nc."
        ),
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Fit the posterior of a model, and say whether to trust it."""
    _check_usage(model, data, example)
    _check_out(out)
    limits = {
        "max_steps": max_steps,
        "max_seconds": max_seconds,
        "max_evaluations": max_evaluations,
        "checkpoint": checkpoint,
    }
    showing = Showing(every, names, form, draws_csv, draws)
    posterior = _posterior(model, data, example, flow, seed, limits, showing, not quiet)
    saved: list[str] = []
    try:
        if out is not None:
            saved = save_results(posterior, out, showing, log_likelihood, pictures)
    finally:  # even if the results could not be saved
        showing.show(posterior)
    for line in saved:
        showing.say(line)
    showing.write_draws(posterior)
    if posterior.verdict.value == "FAILED":
        raise typer.Exit(ExitCode.NEGATIVE)


def _check_usage(model: str | None, data: Path | None, example: str | None) -> None:
    if (model is None) == (example is None):
        raise typer.BadParameter("give either MODEL or --example NAME", param_hint="MODEL")
    if example is not None and data is not None:
        raise typer.BadParameter("an example has its own data", param_hint="--data")


def _check_out(out: Path | None) -> None:
    """Refuse a folder that cannot be written before the fit, not after it."""
    if out is not None:
        from fluvial.storage.folder import check_folder

        check_folder(out, "posterior")


def _posterior(
    model: str | None,
    data: Path | None,
    example: str | None,
    flow: str,
    seed: int,
    limits: dict[str, Any],
    showing: Showing,
    progress: bool,
) -> "Posterior":
    from fluvial.cli.backend import prepare

    prepare("fluvial.inference")
    from fluvial import inference

    try:
        target = _target(model, data, example)
        showing.check(target)
        return inference.fit(target, flow, seed, progress=progress, **limits)
    except KeyboardInterrupt:
        say("fluvial: interrupted before there was a posterior to show.", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def _target(model: str | None, data: Path | None, name: str | None) -> "Target":
    from fluvial import targets

    if name is not None:
        return targets.example(name).target
    return targets.load_target(str(model), data)
