"""A notebook from a file or a web page, ready to be run again."""

import json
import urllib.error
import urllib.request
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from fluvial.errors import InputError

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Recorded", "raw_address", "read_notebook"]

_RAW_HOSTS = {"github.com": "https://raw.githubusercontent.com"}
_MOST_BYTES = 200_000_000
_SECONDS = 60.0


@dataclass(frozen=True)
class Recorded:
    """A notebook as its author saved it.

    Attributes:
        name: of the file.
        origin: the path or address that it was read from.
        notebook: of format 4, whatever the file's own was.
        folder: that the file is in; None if it came from the web.
        notes: what was done to read it, a sentence each.
    """

    name: str
    origin: str
    notebook: "NotebookNode"
    folder: Path | None
    notes: tuple[str, ...]

    @property
    def cells(self) -> list["NotebookNode"]:
        """The code cells that hold any code, in order."""
        cells = self.notebook.cells
        return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


def read_notebook(origin: str, raw_hosts: Mapping[str, str] = _RAW_HOSTS) -> Recorded:
    """Read a notebook from a path, or from a URL as copied from GitHub's page.

    Args:
        origin: the path or the URL.
        raw_hosts: host of pages -> where the files themselves are, as ``raw_address`` takes it.

    Raises:
        InputError: if it cannot be found or fetched, is no notebook, or has no recorded outputs.
    """
    if origin.startswith(("http://", "https://")):
        address = raw_address(origin, raw_hosts)
        data, folder = _fetched(address), None
        name = unquote(urlsplit(address).path.rsplit("/", 1)[-1]) or "notebook.ipynb"
    else:
        path = Path(origin)
        data, folder, name = _read(path), path.resolve().parent, path.name
    notebook, notes = _parsed(data, origin)
    recorded = Recorded(name, origin, notebook, folder, notes)
    _check_recorded(recorded)
    return recorded


def raw_address(page: str, raw_hosts: Mapping[str, str] = _RAW_HOSTS) -> str:
    """Return the address of the file itself, given that of the page which shows it.

    Args:
        page: any address; of those that are no page of a known host nothing is changed.
        raw_hosts: host -> scheme and host that serve ``/owner/repository/revision/path``.

    Example:
        >>> raw_address("https://github.com/ann/thesis/blob/main/k%20means.ipynb?plain=1#L3")
        'https://raw.githubusercontent.com/ann/thesis/main/k%20means.ipynb'
    """
    parts = urlsplit(page)
    host = parts.netloc.lower().removeprefix("www.")
    match parts.path.split("/"):
        case ["", owner, repository, "blob" | "raw", *rest] if host in raw_hosts and rest:
            return "/".join([raw_hosts[host], owner, repository, *rest])
    return urlunsplit(parts._replace(fragment=""))


def _fetched(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"User-Agent": "fluvial"})
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            data = response.read(_MOST_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise InputError(
                f"{address} cannot be fetched, the server says {error.code} {error.reason}: "
                "check the address, and that the repository is public."
            ) from error
    except (OSError, ValueError) as error:  # no such host, refused, too slow, cut off
        reason = getattr(error, "reason", error)
        raise InputError(
            f"{address} cannot be fetched ({reason}): check the address and the network, or "
            "download the notebook and give its path."
        ) from error
    if len(data) > _MOST_BYTES:
        raise InputError(f"{address} is larger than 200 MB: download it and give its path.")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"there is no notebook {path}: check the path.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _parsed(data: bytes, origin: str) -> tuple["NotebookNode", tuple[str, ...]]:
    import nbformat

    content = _content(data, origin)
    version = content["nbformat"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cells without an id, and the like, do no harm here
        try:
            notebook = nbformat.reads(json.dumps(content), as_version=4)
            nbformat.validate(notebook)
        except Exception as error:  # a damaged notebook fails wherever nbformat first trips
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"{origin} is not a valid notebook ({reason}): open it in Jupyter and save it "
                "again."
            ) from error
    if version < 4:
        return notebook, (f"The notebook is of format {version}, and was converted to format 4.",)
    return notebook, ()


def _content(data: bytes, origin: str) -> dict:
    try:
        content = json.loads(data)
    except ValueError as error:  # not JSON, or not even UTF-8
        what = "is a web page" if data.lstrip()[:1] == b"<" else "is not valid JSON"
        raise InputError(
            f"{origin} {what}, and so no notebook: give an .ipynb file, or the address of one."
        ) from error
    version = content.get("nbformat") if isinstance(content, dict) else None
    if not isinstance(version, int) or version < 1:
        raise InputError(f"{origin} is JSON but not a notebook: it says no nbformat.")
    if version > 4:
        raise InputError(
            f"{origin} is of notebook format {version}, and formats up to 4 can be read: save it "
            "in format 4."
        )
    return content


def _check_recorded(recorded: Recorded) -> None:
    if not recorded.cells:
        raise InputError(f"{recorded.origin} has no cell of code: there is nothing to run again.")
    if not any(cell.outputs for cell in recorded.cells):
        raise InputError(
            f"{recorded.origin} has no recorded outputs, so there is nothing to compare with: run "
            "it where its results are known, and save it with its outputs."
        )
