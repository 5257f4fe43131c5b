"""What was understood of a data set, in one line."""

import numpy as np

from fluvial.datasets.dataset import Dataset

__all__ = ["describe"]


def describe(data: Dataset) -> str:
    """Say in one line what a data set was read as, and what was guessed, dropped and changed.

    Example:
        >>> from fluvial.datasets import load_digits
        >>> describe(load_digits())
        'digits: 1,797 images of 8x8, gray, float32 0 to 1 -> bernoulli likelihood; 1,437 to train
        on, 180 to choose by, 180 to test'
    """
    parts = (data.train, data.validation, data.test)
    train, validation, test = (f"{len(part):,}" for part in parts)
    what = f"{sum(map(len, parts)):,} {_kind(data)}, {_values(data.train)}"
    guess, *notes = data.reading or ("",)
    if not guess.startswith("guessed"):
        guess, notes = "", [note for note in (guess, *notes) if note]
    head = f"{data.name}: {what} -> {data.likelihood} likelihood{f' ({guess})' if guess else ''}"
    counts = f"{train} to train on, {validation} to choose by, {test} to test"
    return "; ".join([head, *notes, counts])


def _kind(data: Dataset) -> str:
    shape = data.shape
    if len(shape) == 1:
        return f"vectors of {shape[0]:,}"
    size = f"{shape[1]}x{shape[0]}"
    unequal = "" if shape[0] == shape[1] else " (width x height)"
    channels = {2: "gray", 3: "color" if shape[-1] == 3 else f"{shape[-1]:,} channels"}
    return f"images of {size}{unequal}, {channels[len(shape)]}"


def _values(pixels: np.ndarray) -> str:
    if pixels.dtype == bool:
        return "0 or 1"
    return f"{pixels.dtype} {pixels.min():.4g} to {pixels.max():.4g}"
