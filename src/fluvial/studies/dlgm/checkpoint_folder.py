"""Where a study keeps the checkpoints of what it is training."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluvial.storage.cache import cache_folder

__all__ = ["checkpoint_folder"]


@contextmanager
def checkpoint_folder(name: str) -> Iterator[Path]:
    """Give a folder in the cache that outlives a process that is killed, but not success.

    Args:
        name: unique to the work; whoever comes back with it finds what was left there.
    """
    folder = cache_folder() / "training" / name
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
