"""Scikit-learn's 1,797 handwritten digits of 8x8 gray pixels, embedded in it."""

import numpy as np

from fluvial.datasets.dataset import Dataset, split
from fluvial.extras import require

__all__ = ["load_digits"]

_GRAYS = 16.0


def load_digits() -> Dataset:
    """Return the digits: float32 intensities in [0, 1] of shape (N, 8, 8); needs no network.

    From E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
    Repository; 1,437 to train on, 180 to choose by and 180 to report, split at random.

    Example:
        >>> digits = load_digits()
        >>> digits.train.shape, digits.test.shape, float(digits.train.max())
        ((1437, 8, 8), (180, 8, 8), 1.0)
    """
    require("train", "the data set digits", "sklearn")
    from sklearn import datasets

    counts, shown = datasets.load_digits(return_X_y=True)  # of dark pixels, 0..16; 0..9
    images = np.asarray(counts, np.float32).reshape(-1, 8, 8) / np.float32(_GRAYS)
    return split("digits", images, "bernoulli", labels=np.asarray(shown, np.int64))
