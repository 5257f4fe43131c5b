"""Labels of data, as columns next to them."""

import numpy as np
from jaxtyping import Int, Shaped

from fluvial.amortized.dlgm import DLGM
from fluvial.errors import InputError

__all__ = ["checked_labels", "with_labels"]


def with_labels(
    rows: Shaped[np.ndarray, "N D"], labels: np.ndarray | None, dlgm: DLGM
) -> Shaped[np.ndarray, "N row"]:
    """Append to each row zeros and, at the place of its label, a one; white, where rows are bytes.

    Args:
        rows: data.
        labels: whole numbers from 0, one for each row; None for a model without classes.
        dlgm: the model.

    Raises:
        InputError: if the model takes labels and none are given, or the other way round, or they do
            not fit.

    Example:
        >>> dlgm = DLGM(2, latent=1, hidden=2, classes=3)
        >>> with_labels(np.zeros((2, 2), bool), np.array([0, 2]), dlgm).astype(int)
        array([[0, 0, 1, 0, 0],
               [0, 0, 0, 0, 1]])
    """
    if labels is None and not dlgm.classes:
        return rows
    if labels is None or not dlgm.classes:
        gives = "has no classes" if not dlgm.classes else f"has {dlgm.classes} classes"
        given = "no labels" if labels is None else "labels"
        raise InputError(f"the model {gives}, and {given} were given: see DLGM(classes=).")
    chosen = checked_labels(labels, len(rows))
    if chosen.max(initial=0) >= dlgm.classes:
        raise InputError(
            f"there is no class {chosen.max()}: the {dlgm.classes} classes are numbered from 0."
        )
    white = 255 if rows.dtype == np.uint8 else 1
    columns = (chosen[:, None] == np.arange(dlgm.classes)) * np.array(white, rows.dtype)
    return np.concatenate([rows, columns.astype(rows.dtype)], axis=1)


def checked_labels(labels: np.ndarray, count: int) -> Int[np.ndarray, " N"]:
    """Check that labels are whole numbers from 0, as many as there are data.

    Raises:
        InputError: if they are not.
    """
    given = np.asarray(labels)
    whole = given.dtype.kind in "iu" and given.ndim == 1 and given.min(initial=0) >= 0
    if not whole:
        raise InputError(
            f"the labels are {given.dtype} of shape {given.shape}: give whole numbers from 0, one "
            "for each image."
        )
    if len(given) != count:
        raise InputError(f"there are {len(given)} labels for {count} images: give one for each.")
    return given.astype(np.int64)
