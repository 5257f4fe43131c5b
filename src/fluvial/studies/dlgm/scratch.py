"""Where a study keeps the checkpoints of what it is training."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["scratch"]


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Give a folder in the cache that outlives a process that is killed, but not success.

    Args:
        name: unique to the work; whoever comes back with it finds what was left there.
    """
    import pooch

    folder = Path(os.environ.get("FLUVIAL_CACHE") or pooch.os_cache("fluvial"), "training", name)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
