"""Images on their way into a model."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, Shaped, UInt8

from fluvial.amortized.dlgm import DLGM
from fluvial.amortized.label_columns import checked_labels, with_labels
from fluvial.datasets import LIKELIHOODS, Dataset, binarize, check_likelihood, to_unit
from fluvial.datasets.pixels import checked_pixels
from fluvial.errors import InputError

__all__ = ["Data", "as_rows", "order", "prepare", "seen"]

_HELD_OUT = 0.1
_MOST_HELD_OUT = 5_000
_VALIDATION_SEED = 1

Rows = Bool[np.ndarray, "N D"] | UInt8[np.ndarray, "N D"] | Float32[np.ndarray, "N D"]


@dataclass(frozen=True, eq=False)
class Data:
    """What a training sees.

    Attributes:
        train: rows to train on: bool, uint8 in 255ths, or float32.
        validation: rows to choose by, as the model sees them.
        shape: of one image.
        fresh: binarize ``train`` afresh at each step.
    """

    train: Rows
    validation: Float32[np.ndarray, "V D"]
    shape: tuple[int, ...]
    fresh: bool


def prepare(
    images: Dataset | Shaped[np.ndarray, "N ..."],
    dlgm: DLGM,
    binarization: str,
    seed: int,
    labels: np.ndarray | None = None,
) -> Data:
    """Check images against the model, split off what to validate with, and binarize that.

    Args:
        images: a data set, of which the test part is not looked at; or an array, of which a
            tenth, at most 5,000, is held out at random.
        dlgm: the model that learns them.
        binarization: "fresh" or "fixed", where a Bernoulli likelihood meets gray images.
        seed: decides the split, and a fixed binarization.
        labels: of an array of images, if the model is conditional; a data set has its own.

    Raises:
        InputError: if they are not images, do not fit the model, or its likelihood cannot produce
            them.
    """
    (train, train_labels), (validation, validation_labels) = _parts(images, seed, dlgm, labels)
    shape = train.shape[1:]
    train, validation = (as_rows(part, dlgm) for part in (train, validation))
    gray = dlgm.likelihood.name == "bernoulli" and train.dtype != bool
    if gray and binarization == "fixed":
        train = binarize(train, seed)
    fresh = gray and binarization == "fresh"
    validation = with_labels(seen(validation, dlgm, _VALIDATION_SEED), validation_labels, dlgm)
    return Data(with_labels(train, train_labels, dlgm), validation, shape, fresh)


def as_rows(images: Shaped[np.ndarray, "N ..."], dlgm: DLGM) -> Rows:
    """Check that a model can take images, and give each as one row.

    Raises:
        InputError: if it cannot.
    """
    pixels = checked_pixels(np.asarray(images), "the array of images")
    rows = pixels.reshape(len(pixels), -1)
    if rows.shape[1] != dlgm.data_dim:
        raise InputError(
            f"the images have {rows.shape[1]} pixels each, and the model takes {dlgm.data_dim}: "
            f"give DLGM(data_dim={rows.shape[1]})."
        )
    if dlgm.likelihood.name in LIKELIHOODS:
        check_likelihood(pixels, dlgm.likelihood.name, "the array of images")
    return rows


def seen(rows: Rows, dlgm: DLGM, seed: int) -> Float32[np.ndarray, "N D"]:
    """Rows as the model sees them when it is judged: gray ones binarized once, by the seed."""
    if dlgm.likelihood.name == "bernoulli":
        rows = binarize(rows, seed)
    return to_unit(rows)


def order(seed: int, count: int, start: int, length: int) -> Int[np.ndarray, " length"]:
    """A piece of the endless sequence in which images are seen, each once an epoch.

    Args:
        seed: decides the order, with the number of the epoch.
        count: images.
        start: where the piece starts.
        length: of the piece.

    Example:
        >>> whole = order(0, count=5, start=0, length=10)
        >>> sorted(whole[:5].tolist()), (order(0, 5, 3, 4) == whole[3:7]).all()
        ([0, 1, 2, 3, 4], np.True_)
    """
    first, last = start // count, (start + length - 1) // count
    epochs = [
        np.random.default_rng((seed, epoch)).permutation(count) for epoch in range(first, last + 1)
    ]
    begin = start - first * count
    return np.concatenate(epochs)[begin : begin + length].astype(np.int32)


_Part = tuple[np.ndarray, np.ndarray | None]


def _parts(
    images: Dataset | Shaped[np.ndarray, "N ..."], seed: int, dlgm: DLGM, labels: np.ndarray | None
) -> tuple[_Part, _Part]:
    """Images to train on and to validate with, each with its labels."""
    if isinstance(images, Dataset):
        if labels is not None:
            raise InputError("a data set has labels of its own: leave them out.")
        known = images.labels if dlgm.classes and images.labels is not None else (None,) * 3
        return (images.train, known[0]), (images.validation, known[1])
    pixels = checked_pixels(np.asarray(images), "the array of images")
    if len(pixels) < 2:
        raise InputError("1 image is too few to train on and to validate with: give at least 2.")
    held = min(max(1, round(_HELD_OUT * len(pixels))), _MOST_HELD_OUT)
    order = np.random.default_rng(seed).permutation(len(pixels))
    first, rest = order[:held], order[held:]
    if labels is None:
        return (pixels[rest], None), (pixels[first], None)
    chosen = checked_labels(labels, len(pixels))
    return (pixels[rest], chosen[rest]), (pixels[first], chosen[first])
