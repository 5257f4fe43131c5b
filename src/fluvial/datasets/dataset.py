"""A data set: images to train on, to choose by, and to report."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Shaped

from fluvial.errors import InputError

__all__ = ["Dataset", "split"]

_FEWEST = 10


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images in three parts that share no image.

    The type of the pixels says what they are: ``bool`` is black or white, ``uint8`` an intensity
    in 255ths, ``float32`` a value as it stands. ``to_unit`` makes floats of each.

    Attributes:
        name: what it is called.
        train: (N, *shape), to train on.
        validation: (V, *shape), to choose by.
        test: (T, *shape), to report.
        likelihood: which of ``LIKELIHOODS`` suits its pixels.
        note: a sentence about the data for readers of a result; else empty.
        labels: whole numbers from 0, one for each image of the three parts, if they are known.
        reading: what was guessed, dropped and changed when the files were read, in phrases.

    Example:
        >>> from fluvial.datasets import load_digits
        >>> digits = load_digits()
        >>> digits.shape, digits.dim, digits.train.dtype, digits.likelihood
        ((8, 8), 64, dtype('float32'), 'bernoulli')
    """

    name: str
    train: Shaped[np.ndarray, "N ..."]
    validation: Shaped[np.ndarray, "V ..."]
    test: Shaped[np.ndarray, "T ..."]
    likelihood: str
    note: str = ""
    reading: tuple[str, ...] = ()
    labels: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image: (D,), (height, width) or (height, width, channels)."""
        return self.train.shape[1:]

    @property
    def dim(self) -> int:
        """How many numbers make an image."""
        return math.prod(self.shape)

    def map(self, change: Callable[[np.ndarray, int], np.ndarray]) -> "Dataset":
        """Change each part; ``change`` is given its pixels and 0, 1 or 2 to seed by."""
        return replace(
            self,
            train=change(self.train, 0),
            validation=change(self.validation, 1),
            test=change(self.test, 2),
        )


def split(
    name: str,
    pixels: Shaped[np.ndarray, "N ..."],
    likelihood: str,
    *,
    held_out: float = 0.1,
    seed: int = 0,
    note: str = "",
    reading: tuple[str, ...] = (),
    labels: np.ndarray | None = None,
) -> Dataset:
    """Split images at random into a data set.

    Args:
        name: what to call it.
        pixels: all images.
        likelihood: which suits them.
        held_out: the share that goes to validation, and again to the test.
        seed: decides which.
        note: see ``Dataset``.
        reading: see ``Dataset``.
        labels: of all images, in their order.

    Raises:
        InputError: if there are fewer than 10 images, not as many labels, or ``held_out`` is not in
            (0, 0.5).

    Example:
        >>> parts = split("own", np.zeros((20, 4), bool), "bernoulli")
        >>> len(parts.train), len(parts.validation), len(parts.test)
        (16, 2, 2)
    """
    if not 0.0 < held_out < 0.5:
        raise InputError(f"held_out is {held_out}: give a share between 0 and 0.5.")
    if len(pixels) < _FEWEST:
        raise InputError(
            f"{name} holds {len(pixels)} image{'' if len(pixels) == 1 else 's'}, too few to train "
            f"and to judge by: give at least {_FEWEST}."
        )
    if labels is not None and len(labels) != len(pixels):
        raise InputError(
            f"there are {len(labels)} labels for {len(pixels)} images of {name}: give one for each."
        )
    count = max(1, round(held_out * len(pixels)))
    order = np.random.default_rng(seed).permutation(len(pixels))
    places = test, validation, train = np.split(order, [count, 2 * count])
    known = None
    if labels is not None:
        known = (labels[train], labels[validation], labels[test])
    test, validation, train = (pixels[part] for part in places)
    return Dataset(name, train, validation, test, likelihood, note, reading, known)
