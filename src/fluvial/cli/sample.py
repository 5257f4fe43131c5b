"""``fluvial sample``: new images from a trained model."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli.common_options import Seed
from fluvial.cli.output import say

__all__ = ["sample"]


def sample(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that fluvial train wrote.")
    ],
    *,
    count: Annotated[
        int, typer.Option("--count", "-n", metavar="N", min=1, help="Number of images.")
    ] = 64,
    seed: Seed = 0,
    label: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Label of all images, if the model is conditional; by default each label in turn.",
        ),
    ] = None,
    pixels: Annotated[
        bool,
        typer.Option(
            "--pixels", help="Draw pixels from the likelihood instead of showing its mean."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The .npz file to write; by default DIR/sampled.npz."),
    ] = None,
) -> None:
    """Draw new images from a trained model: an array, and a picture beside it."""
    from fluvial.cli.backend import prepare
    from fluvial.cli.show_trained import check_arrays_file, load_model, write_arrays
    from fluvial.extras import require

    require("train", "fluvial sample", "matplotlib", "PIL")
    prepare("fluvial.amortized")
    import numpy as np

    from fluvial.report.training_pictures import draw_images, is_picture

    trained = load_model(directory)
    path = check_arrays_file(out or directory / "sampled.npz")
    labels = None if label is None else np.full(count, label)
    images = trained.sample(count, seed, mean=not pixels, labels=labels)
    write_arrays({"images": images}, path)
    say(f"saved {path}: images of shape {images.shape}")
    if is_picture(trained.shape):
        picture = path.with_suffix(".png")
        draw_images(images, picture)
        say(f"saved {picture}")
