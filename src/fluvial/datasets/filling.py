"""An array filled from a stream, with no second copy of it on the way."""

from io import BufferedIOBase

import numpy as np

__all__ = ["filled"]

_BLOCK = 2**20


def filled(file: BufferedIOBase, shape: tuple[int, ...], dtype: np.dtype) -> tuple[np.ndarray, int]:
    """Fill an array in C order from a file, however it is compressed.

    Args:
        file: open where the values begin.
        shape: of the array, whose size was checked.
        dtype: of its values as they are stored.

    Returns:
        The array, and how many bytes the file had for it; fewer than it has if the file is short.

    Example:
        >>> import io
        >>> filled(io.BytesIO(bytes([1, 2, 3])), (2,), np.dtype("u1"))
        (array([1, 2], dtype=uint8), 2)
    """
    values = np.empty(shape, dtype)
    view = values.reshape(-1).view(np.uint8)
    held = 0
    while held < view.size:
        block = file.read(min(_BLOCK, view.size - held))
        if not block:
            break
        view[held : held + len(block)] = np.frombuffer(block, np.uint8)
        held += len(block)
    return values, held
