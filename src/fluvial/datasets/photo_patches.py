"""8x8 patches in color of scikit-learn's two sample photographs, embedded in it."""

import numpy as np

from fluvial.datasets.dataset import Dataset
from fluvial.datasets.patches import random_patches
from fluvial.extras import require

__all__ = ["load_photo_patches"]

_COUNTS = (20_000, 2_000, 2_000)  # to train on, to choose by, to report
_SHARES = (0.7, 0.85)  # of a photograph's height: where training ends, and validation


def load_photo_patches(seed: int = 0) -> Dataset:
    """Return random patches of two photographs: uint8 of shape (N, 8, 8, 3); needs no network.

    The top 70 % of each photograph is for training, then 15 % for validation and 15 % for the
    test, so that no two parts share a pixel.

    Args:
        seed: decides the places.

    Example:
        >>> patches = load_photo_patches()
        >>> patches.train.shape, patches.test.shape, patches.likelihood
        ((20000, 8, 8, 3), (2000, 8, 8, 3), 'logit-normal')
    """
    require("train", "the data set photo-patches", "sklearn")
    from sklearn import datasets

    photographs = np.stack(datasets.load_sample_images().images)
    bounds = [round(share * photographs.shape[1]) for share in _SHARES]
    # Spawned, not counted up: the validation of seed 0 is not cut where seed 1 cuts its training.
    seeds = np.random.SeedSequence(seed).spawn(len(_COUNTS))
    train, validation, test = (
        random_patches(strip, count, child)
        for strip, count, child in zip(
            np.split(photographs, bounds, axis=1), _COUNTS, seeds, strict=True
        )
    )
    return Dataset("photo-patches", train, validation, test, "logit-normal")
