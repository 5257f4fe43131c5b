"""One sentence where memory runs out, instead of a traceback of whatever asked for more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import numpy as np

from fluvial.errors import InputError, first_line

__all__ = ["memory_for"]

try:
    import resource
except ImportError:  # of Windows, which has no such limit
    resource = None

_IDLE = 1.4  # memory: GB of addresses that JAX reserves before it computes anything
_COPIES = 5  # memory: of all draws, at once, as measured with 10,000 coordinates
_EXHAUSTED = "RESOURCE_EXHAUSTED"  # definition: how XLA's own message begins


@contextmanager
def memory_for(dim: int, folder: Path | None, draws: int = 0) -> Iterator[None]:
    """Say that memory is short, and what is left of the work.

    Where a thread of XLA or LLVM gets none, the process ends without a word, so that a limit on
    addresses that is surely too low is told before.

    Args:
        dim: how many coordinates are fitted.
        folder: where expensive results are kept as soon as they are done, or None.
        draws: of so many coordinates, that will be weighed.

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
    _check_limit(dim, draws)
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


def _check_limit(dim: int, draws: int) -> None:
    limit = np.inf if resource is None else resource.getrlimit(resource.RLIMIT_AS)[0]
    if resource is not None and limit == resource.RLIM_INFINITY:
        return
    needed = _IDLE + _COPIES * 8e-9 * dim * draws
    if 1e-9 * limit < needed:
        raise InputError(
            f"this process may have {1e-9 * limit:.1f} GB of addresses (ulimit -v), and to fit "
            f"{dim:,} coordinates takes {needed:.1f} GB at least: raise the limit."
        )
