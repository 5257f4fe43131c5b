"""One sentence where memory runs out, instead of a traceback of whatever asked for more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax

from fluvial.errors import InputError, first_line

__all__ = ["memory_for"]

_EXHAUSTED = "RESOURCE_EXHAUSTED"  # definition: how XLA's own message begins


@contextmanager
def memory_for(dim: int, folder: Path | None) -> Iterator[None]:
    """Say that memory is short, and what is left of the work.

    Args:
        dim: how many coordinates are fitted.
        folder: where expensive results are kept as soon as they are done, or None.

    Raises:
        InputError: in place of NumPy's and XLA's own errors.

    Example:
        >>> with memory_for(10_000, None):
        ...     raise MemoryError("Unable to allocate 728. TiB")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: memory ran out while 10,000 coordinates were fitted (Unable to
        allocate 728. TiB): free some, or fit where there is more; a fit that is given a folder as
        its checkpoint goes on from what it has trained.
    """
    try:
        yield
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        if not isinstance(error, MemoryError) and not str(error).startswith(_EXHAUSTED):
            raise
        kept = (
            "a fit that is given a folder as its checkpoint goes on from what it has trained"
            if folder is None
            else f"the same call goes on from what is kept in {folder}"
        )
        raise InputError(
            f"memory ran out while {dim:,} coordinates were fitted ({first_line(error)}): free "
            f"some, or fit where there is more; {kept}."
        ) from error
