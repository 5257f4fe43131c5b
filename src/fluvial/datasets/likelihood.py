"""Which likelihood suits pixels, and which cannot produce them."""

import numpy as np
from jaxtyping import Shaped

from fluvial.errors import InputError

__all__ = ["LIKELIHOODS", "check_likelihood", "infer_likelihood", "reason"]

LIKELIHOODS = ("bernoulli", "gaussian", "logit-normal")
_IN_UNIT_INTERVAL = {"bernoulli", "logit-normal"}
_COLORS = 3


def infer_likelihood(pixels: Shaped[np.ndarray, "N ..."]) -> str:
    """Choose a likelihood by the type and the range of the pixels.

    - bool, or gray values in [0, 1] or in 255ths: "bernoulli", of pixels that are drawn black or
      white in proportion to their gray (``binarize``), as is the custom for MNIST;
    - colors in [0, 1] or in 255ths: "logit-normal";
    - floats beyond [0, 1]: "gaussian".

    Args:
        pixels: bool, uint8 or float32, of shape (N, ...); four axes with three channels are color.

    Example:
        >>> infer_likelihood(np.zeros((5, 8, 8), np.uint8))
        'bernoulli'
        >>> infer_likelihood(np.zeros((5, 8, 8, 3), np.uint8))
        'logit-normal'
        >>> infer_likelihood(np.array([[-0.7, 1.9]], np.float32))
        'gaussian'
    """
    return _choice(pixels)[0]


def reason(pixels: Shaped[np.ndarray, "N ..."]) -> str:
    """Say what in the pixels decides the choice of ``infer_likelihood``, in a phrase.

    Example:
        >>> reason(np.zeros((5, 8, 8), np.uint8))
        'gray values in 255ths'
    """
    return _choice(pixels)[1]


def _choice(pixels: Shaped[np.ndarray, "N ..."]) -> tuple[str, str]:
    if pixels.dtype == bool:
        return "bernoulli", "values of 0 and 1 alone"
    if pixels.dtype.kind == "f" and (pixels.min() < 0 or pixels.max() > 1):
        return "gaussian", "values outside [0, 1]"
    unit = "in [0, 1]" if pixels.dtype.kind == "f" else "in 255ths"
    if pixels.ndim == 4 and pixels.shape[-1] == _COLORS:
        return "logit-normal", f"colors {unit}"
    return "bernoulli", f"gray values {unit}"


def check_likelihood(pixels: Shaped[np.ndarray, "N ..."], likelihood: str, where: str) -> None:
    """Check that a likelihood can produce the pixels.

    Args:
        pixels: bool, uint8 (in 255ths) or floats.
        likelihood: one of ``LIKELIHOODS``.
        where: what the complaint names.

    Raises:
        InputError: if there is no such likelihood, or it gives some pixel no density.

    Example:
        >>> check_likelihood(np.array([[0.0, 2.5]]), "bernoulli", "x.npy")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: x.npy has pixels from 0 to 2.5, and a bernoulli likelihood ...
    """
    if likelihood not in LIKELIHOODS:
        raise InputError(
            f"there is no likelihood {likelihood!r}: choose one of {', '.join(LIKELIHOODS)}."
        )
    if likelihood not in _IN_UNIT_INTERVAL or pixels.dtype.kind != "f":
        return
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise InputError(
            f"{where} has pixels from {low:.4g} to {high:.4g}, and a {likelihood} likelihood "
            "produces none outside [0, 1]: rescale them, or choose gaussian."
        )
