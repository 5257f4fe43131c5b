"""Where a data set's files come from: a folder of the user's, or a mirror by way of the cache."""

import os
from collections.abc import Sequence
from pathlib import Path

from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.storage.cache import cache_folder

__all__ = ["data_folder", "download"]

_VARIABLE = "FLUVIAL_DATA"


def data_folder(directory: str | Path | None) -> Path | None:
    """Return the folder that the user named, directly or as ``FLUVIAL_DATA``, or None.

    Raises:
        InputError: if it is not a folder.

    Example:
        >>> data_folder("no/such/folder")
        Traceback (most recent call last):
        ...
        fluvial.errors.InputError: no/such/folder is not a folder: name one that holds the data.
    """
    named = directory or os.environ.get(_VARIABLE)
    if not named:
        return None
    if not Path(named).is_dir():
        origin = "" if directory else f" ({_VARIABLE})"
        raise InputError(f"{named}{origin} is not a folder: name one that holds the data.")
    return Path(named)


def download(name: str, file: str, mirrors: Sequence[str], sha256: str) -> Path:
    """Return a file from the cache, after fetching it from a mirror if necessary.

    The cache is ``FLUVIAL_CACHE``, or the platform's own folder for such.

    Args:
        name: of the data set, for complaints.
        file: its name on the mirrors and in the cache.
        mirrors: their addresses, tried in turn, each with a slash at its end.
        sha256: of the file; whatever has another never reaches the cache.

    Raises:
        InputError: if no mirror can be reached, what they sent is not the file, or pooch, which
            fetches it, is not installed.
    """
    require("train", f"fetching {name}", "pooch")
    import pooch

    folder = cache_folder() / "datasets"
    corrupt, failure = "", ""
    for mirror in mirrors:
        try:
            return Path(pooch.retrieve(mirror + file, f"sha256:{sha256}", file, folder))
        except ValueError:  # as pooch says that the checksum differs
            corrupt = mirror
        except OSError as error:  # requests' exceptions among them
            failure = str(error.strerror or type(error).__name__)
    if corrupt:
        raise InputError(
            f"{file} came from {corrupt} corrupt (its checksum is not the published one): try "
            f"again later, or get it elsewhere and name its folder as --data or {_VARIABLE}."
        )
    raise InputError(
        f"{name} is not on this machine, and could not be downloaded ({failure}): get "
        f"{file} from {mirrors[0]} and name its folder as --data or {_VARIABLE}."
    )
