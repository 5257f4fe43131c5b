"""A notebook from a file or a web page, ready to be run again."""

import http.client
import json
import urllib.error
import urllib.request
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from fluvial.errors import InputError, first_line
from fluvial.extras import require

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["RecordedNotebook", "raw_address", "read_notebook"]

_RAW_HOSTS = {"github.com": "https://raw.githubusercontent.com"}
_IN_ADDRESSES = "/%?:@!$&'()*+,;=~"
_MOST_BYTES = 200_000_000
_SECONDS = 60.0


@dataclass(frozen=True)
class RecordedNotebook:
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
    def python(self) -> str:
        """The version of Python that it was recorded with; "" if it does not say."""
        return self.notebook.metadata.get("language_info", {}).get("version", "")

    @property
    def cells(self) -> list["NotebookNode"]:
        """The code cells that hold any code, in order."""
        cells = self.notebook.cells
        return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


def read_notebook(origin: str, raw_hosts: Mapping[str, str] = _RAW_HOSTS) -> RecordedNotebook:
    """Read a notebook from a path, or from a URL as copied from GitHub's page.

    Args:
        origin: the path or the URL.
        raw_hosts: host of pages -> where the files themselves are, as ``raw_address`` takes it.

    Raises:
        InputError: if it cannot be found or fetched, is not a notebook, or has no recorded outputs;
            or if a package that replicating needs is not installed.
    """
    require("replicate", "replicating a notebook")
    if origin.startswith(("http://", "https://")):
        address = raw_address(origin, raw_hosts)
        data, folder = _fetched(address), None
        name = unquote(urlsplit(address).path.rsplit("/", 1)[-1]) or "notebook.ipynb"
    else:
        path = Path(origin)
        data, folder, name = _read(path), path.resolve().parent, path.name
    notebook, notes = _parsed(data, origin)
    recorded = RecordedNotebook(name, origin, notebook, folder, notes)
    _check_recorded(recorded)
    return recorded


def raw_address(page: str, raw_hosts: Mapping[str, str] = _RAW_HOSTS) -> str:
    """Return the address of the file itself, given that of the page which shows it.

    Args:
        page: any address; of those that are no page of a known host nothing is changed.
        raw_hosts: host -> scheme and host that serve ``/owner/repository/revision/path``.

    Raises:
        InputError: if it is not an address.

    Example:
        >>> raw_address("https://github.com/ann/thesis/blob/main/k%20means.ipynb?plain=1#L3")
        'https://raw.githubusercontent.com/ann/thesis/main/k%20means.ipynb'
    """
    try:
        parts = urlsplit(page)
    except ValueError as error:
        raise InputError(f"{page} is not an address ({error}): copy it from a browser.") from error
    # Links in texts often hold spaces and letters that a browser would have encoded.
    path, query = (quote(part, safe=_IN_ADDRESSES) for part in (parts.path, parts.query))
    host = parts.netloc.lower().removeprefix("www.")
    match path.split("/"):
        case ["", owner, repository, "blob" | "raw", *rest] if host in raw_hosts and rest:
            return "/".join([raw_hosts[host], owner, repository, *rest])
    return urlunsplit(parts._replace(path=path, query=query, fragment=""))


def _fetched(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"User-Agent": "fluvial"})
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            data = response.read(_MOST_BYTES + 1)
            missing = response.length if len(data) <= _MOST_BYTES else 0
    except urllib.error.HTTPError as error:
        with error:
            raise InputError(
                f"{address} cannot be fetched, the server says {error.code} {error.reason}: "
                "check the address, and that the repository is public."
            ) from error
    # No such host, refused, too slow, cut off, or not HTTP.
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"{address} cannot be fetched ({reason}): check the address and the network, or "
            "download the notebook and give its path."
        ) from error
    if missing:
        raise InputError(f"{address} was cut off, {missing} bytes are missing: try again.")
    if len(data) > _MOST_BYTES:
        raise InputError(f"{address} is larger than 200 MB: download it and give its path.")
    return data


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        advice = (
            "put https:// before an address" if path.parts[0] in _RAW_HOSTS else "check the path"
        )
        raise InputError(f"there is no notebook {path}: {advice}.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder: give a notebook.ipynb that is in it.") from error
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
            # Jupyter, too, reads what has more than its format allows, such as ids of cells.
            nbformat.validate(notebook, relax_add_props=True)
        except Exception as error:  # a damaged notebook fails wherever nbformat first trips
            raise InputError(
                f"{origin} is not a valid notebook ({first_line(error)}): open it in Jupyter and "
                "save it again."
            ) from error
    if version < 4:
        return notebook, (f"The notebook is of format {version}, and was converted to format 4.",)
    return notebook, ()


def _content(data: bytes, origin: str) -> dict:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:  # not JSON, or not even UTF-8
        raise InputError(
            f"{origin} {_what_else(data, error)}, and so no notebook: give an .ipynb file, or the "
            "address of one."
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


def _what_else(data: bytes, error: ValueError | RecursionError) -> str:
    """Say what a file is that is not JSON."""
    if not data.strip():
        return "is empty"
    if data.lstrip()[:1] == b"<" and not data.lstrip().startswith(b"<<<<"):
        return "is a web page"
    if b"\n<<<<<<< " in data or data.startswith(b"<<<<<<< "):
        return "holds the marks of a merge that git could not finish"
    if isinstance(error, json.JSONDecodeError):
        return f"is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
    return "is nested too deep" if isinstance(error, RecursionError) else "is not valid JSON"


def _check_recorded(recorded: RecordedNotebook) -> None:
    if not recorded.cells:
        raise InputError(f"{recorded.origin} has no cell of code: there is nothing to run again.")
    if not any(cell.outputs for cell in recorded.cells):
        raise InputError(
            f"{recorded.origin} has no recorded outputs, so there is nothing to compare with: run "
            "it where its results are known, and save it with its outputs."
        )
