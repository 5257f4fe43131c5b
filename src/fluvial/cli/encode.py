"""``fluvial encode``: the latent vectors of images under a trained model."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fluvial.cli.common_options import DataFolder, Seed
from fluvial.cli.output import say
from fluvial.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from fluvial.amortized import Trained

__all__ = ["encode"]


def encode(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that fluvial train wrote.")
    ],
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="Images, as fluvial train takes them.")
    ],
    *,
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Labels of the images, if the model is conditional."),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Draws from each image's posterior; by default, the image of its center.",
        ),
    ] = None,
    seed: Seed = 0,
    data_dir: DataFolder = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Resize pictures, as in training.")
    ] = None,
    color: Annotated[
        bool | None, typer.Option("--color/--gray", help="Color or gray, as in training.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The .npz file to write; by default DIR/latents.npz."),
    ] = None,
) -> None:
    """Write the latent vectors of images: one array, or one for each part of a data set."""
    from fluvial.cli.backend import prepare
    from fluvial.cli.show_trained import check_arrays_file, load_model, write_arrays

    prepare("fluvial.amortized")
    trained = load_model(directory)
    path = check_arrays_file(out or directory / "latents.npz")
    parts = _parts(data, labels, data_dir, size, color)
    _check(trained, data, parts)
    latents = {
        name: trained.encode(images, draws, seed, labels=given if trained.dlgm.classes else None)
        for name, (images, given) in parts.items()
    }
    write_arrays(latents, path)
    shapes = ", ".join(f"{name} of shape {array.shape}" for name, array in latents.items())
    say(f"saved {path}: {shapes}")


def _check(
    trained: "Trained", data: str, parts: "dict[str, tuple[np.ndarray, np.ndarray | None]]"
) -> None:
    """Refuse images that the model was not made for, in words of the command line."""
    for images, given in parts.values():
        if math.prod(images.shape[1:]) != math.prod(trained.shape):
            raise InputError(
                f"the images of {data} are of shape {images.shape[1:]}, and the model was trained "
                f"on images of shape {trained.shape}: give such images."
            )
        if trained.dlgm.classes and given is None:
            raise InputError(
                f"the model was trained with labels of {trained.dlgm.classes} classes: give those "
                "of the images, as --labels FILE."
            )


def _parts(
    data: str, labels: str | None, folder: Path | None, size: str | None, color: bool | None
) -> "dict[str, tuple[np.ndarray, np.ndarray | None]]":
    """The images, in the order of the files, or the three parts of a data set, with labels."""
    from fluvial import datasets

    if data in datasets.NAMES:
        found = datasets.load_dataset(data, None, folder, size=size, color=color)
        known = found.labels or (None, None, None)
        parts = (found.train, found.validation, found.test)
        names = ("train", "validation", "test")
        return dict(zip(names, zip(parts, known, strict=True), strict=True))
    given = None if labels is None else datasets.read_labels(labels)
    return {"latents": (datasets.read_images(data, size=size, color=color), given)}
