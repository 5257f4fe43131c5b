"""The least time that a machine could need for a gradient step of a flow."""

from typing import Any

import numpy as np

__all__ = ["floor_seconds"]

_BYTES = 4  # of a float32


def floor_seconds(values: dict[str, Any], rates: dict[str, float]) -> np.ndarray:
    """Return seconds for each size of a sweep over K or D, shape (sizes,).

    A gradient needs what each layer was given: D numbers a point, written once and read once. A
    planar layer takes one tanh a point, forward; its derivative needs none. All other arithmetic
    is taken to be free.

    Args:
        values: a record of planar or radial flows, without checkpoints: with them a block stays
            in the cache, and arithmetic is what remains.
        rates: the machine's record.
    """
    sizes = np.asarray(values["sizes"], np.float64)
    lengths = sizes if values["axis"] == "K" else float(values["layers"])
    dims = sizes if values["axis"] == "D" else float(values["dim"])
    traffic = 2 * _BYTES * values["batch"] * dims * lengths / rates["bytes_per_second"]
    if values["what"] == "radial":
        return traffic
    return traffic + values["batch"] * lengths / rates["tanh_per_second"]
