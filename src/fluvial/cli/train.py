"""``fluvial train``: from images to a trained model, and a folder of checkpoints."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli.common_options import DataFolder, Quiet, Seed
from fluvial.cli.exit_codes import ExitCode
from fluvial.cli.known_names import FLOW_NAMES
from fluvial.cli.output import say
from fluvial.cli.train_folder import facts, leave_beside

__all__ = ["train"]

_BATCH = 100


class _LikelihoodChoice(StrEnum):
    """A copy of ``fluvial.datasets.LIKELIHOODS``, whose import would load NumPy."""

    bernoulli = "bernoulli"
    gaussian = "gaussian"
    logit_normal = "logit-normal"


class _BinarizationChoice(StrEnum):
    """A copy of ``fluvial.amortized.recipe.BINARIZATION``."""

    fresh = "fresh"
    fixed = "fixed"


class _AnnealingChoice(StrEnum):
    """A copy of ``fluvial.amortized.recipe.ANNEALING``."""

    kl = "kl"
    joint = "joint"
    none = "none"


def train(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A .npy, .npz or IDX file, a folder, zip or tar of pictures; or mnist, cifar10, "
            "digits, photo-patches.",
        ),
    ],
    *,
    flow: Annotated[
        str,
        typer.Option(
            metavar="FLOW",
            help=f'Such as planar:20; "none" for a Gaussian. There are {FLOW_NAMES}.',
        ),
    ] = "planar:10",
    prior: Annotated[
        str,
        typer.Option(
            metavar="FLOW", help='A learned prior, such as realnvp:8; "none" for N(0, I).'
        ),
    ] = "none",
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder for checkpoints, metrics, pictures and the model."
        ),
    ] = Path("run"),
    resume: Annotated[bool, typer.Option("--resume", help="Continue the training in DIR.")] = False,
    data_dir: DataFolder = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="For a conditional model: a .npy or IDX file of whole numbers, one for each "
            'image; "own" for those that digits come with.',
        ),
    ] = None,
    likelihood: Annotated[
        _LikelihoodChoice | None, typer.Option(help="By default, chosen to suit the pixels.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Resize pictures, such as 32x32.")
    ] = None,
    color: Annotated[
        bool | None,
        typer.Option("--color/--gray", help="By default, whichever most of the images are."),
    ] = None,
    latent: Annotated[
        list[int] | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Number of latent coordinates; repeat it for further stochastic layers.",
        ),
    ] = None,
    hidden: Annotated[
        int, typer.Option(metavar="N", min=1, help="Units in each hidden layer.")
    ] = 400,
    depth: Annotated[
        int, typer.Option(metavar="N", min=1, help="Hidden layers of each network.")
    ] = 2,
    activation: Annotated[str, typer.Option(help="Activation of the hidden layers.")] = "maxout",
    epochs: Annotated[
        float, typer.Option(metavar="N", help="Passes over the training images.")
    ] = 100.0,
    early_stopping: Annotated[
        float,
        typer.Option(
            metavar="EPOCHS",
            min=0.0,
            help="Stop after this many epochs without a better validation bound; 0 turns it off.",
        ),
    ] = 0.0,
    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Images per step; by default 100, or all if there are fewer."
        ),
    ] = None,
    rate: Annotated[float, typer.Option(metavar="X", help="Largest step size of Adam.")] = 3e-3,
    annealing: Annotated[
        _AnnealingChoice,
        typer.Option(help="kl: warm-up of the KL term; joint: that of the paper; or none."),
    ] = _AnnealingChoice.kl,
    draws: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Draws of z per image; above 1, the importance-weighted bound."
        ),
    ] = 1,
    binarization: Annotated[
        _BinarizationChoice,
        typer.Option(
            help="Whether gray training images are binarized afresh at each step, or once."
        ),
    ] = _BinarizationChoice.fresh,
    seed: Seed = 0,
    coordinator: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Address of process 0, to train in several processes; not needed under SLURM.",
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of processes.")
    ] = None,
    process: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Number of this process, from 0.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Train a deep latent Gaussian model with an amortized flow posterior on images."""
    from fluvial.cli.backend import check_backend
    from fluvial.cli.importing import importing
    from fluvial.storage.cache import keep_compiled

    with importing():
        keep_compiled()
        import jax

        from fluvial import amortized, datasets, distributed, flows
    from fluvial.extras import require

    require("train", "fluvial train", "matplotlib", "PIL")
    for spec in (flow, prior):
        if spec != "none":
            flows.check_flow(spec)
    recipe = amortized.Recipe(
        epochs=epochs,
        batch=batch or _BATCH,
        rate=rate,
        annealing=annealing.value,
        draws=draws,
        binarization=binarization.value,
        patience=early_stopping,
    )
    distributed.join(coordinator, processes, process)
    check_backend()
    own = labels in (None, "own")
    images = datasets.load_dataset(
        data,
        likelihood and likelihood.value,
        data_dir,
        size=size,
        color=color,
        labels=None if own else datasets.read_labels(str(labels)),
    )
    classes = 0 if labels is None else datasets.class_count(images)
    if batch is None:
        recipe = replace(recipe, batch=min(_BATCH, len(images.train)))
    dlgm = amortized.DLGM(
        images.dim,
        latent or 40,
        hidden,
        depth=depth,
        activation=activation,
        likelihood=images.likelihood,
        prior=None if prior == "none" else prior,
        classes=classes,
        key=jax.random.key(seed),
    )
    if not quiet and jax.process_index() == 0:
        say(f"data: {datasets.describe(images)}", err=True)
    try:
        trained = amortized.train(
            dlgm,
            images,
            None if flow == "none" else flow,
            seed,
            recipe=recipe,
            checkpoint=out,
            resume=resume,
            progress=not quiet,
        )
    except KeyboardInterrupt:
        say(f"fluvial: interrupted; --resume goes on with {out}.", err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if jax.process_index() > 0:  # the first one says it
        return
    for line in facts(trained, images, recipe):
        say(line)
    say(f"saved in {out}: {', '.join(leave_beside(trained, images, out))}")
