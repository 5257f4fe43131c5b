"""What the command line prints, whatever reads it.

Results are saved before they are printed, and printing never loses them: a reader that has gone
(``fluvial fit ... | head -1``) changes nothing, a full disk behind stdout is one sentence at the
end, and characters that an encoding lacks are written in ASCII.
"""

import codecs
import errno
import io
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "harmless", "lasting_output", "say", "write"]

_NARROWEST = 40  # columns; what is narrower than a sentence's longest words shows nothing
_PLAIN = {
    **{"±": "+/-", "−": "-", "–": "-", "—": "-", "…": "...", "×": "x", "≈": "~", "≤": "<="},
    **{
        "≥": ">=",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "°": " deg",
        "→": "->",
        "≠": "!=",
        "‖": "||",
    },
}
# Escape sequences, control characters but tab and newline, and what turns the direction of text.
_STEERING = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*"
    r"(?:\x07|\x1b\\|\x9c)?|\x1b.?|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_HANDLER = "fluvial-ascii"


def console() -> "Console":
    """Return a console on stdout that shows text as it is, and is never too narrow for it."""
    from rich.console import Console

    made = Console(highlight=False, markup=False, emoji=False)
    made.width = max(made.width, _NARROWEST)
    return made


def say(text: str, *, err: bool = False) -> None:
    """Print sentences, wrapped at words to a terminal; for programs each line stays one."""
    if (sys.stderr if err else sys.stdout).isatty():
        width = max(shutil.get_terminal_size().columns, _NARROWEST)
        text = "\n".join(_wrapped(line, width) for line in text.split("\n"))
    write(text, err=err)


def write(text: str, *, err: bool = False) -> None:
    """Print lines as they are; ``typer.echo`` takes UTF-8 over the encoding that a stream has."""
    (sys.stderr if err else sys.stdout).write(f"{harmless(text)}\n")


def _wrapped(line: str, width: int) -> str:
    """Wrap a line, but break no word: a path can then be copied.

    Example:
        >>> print(_wrapped("saved in a/long/path: b, c", 16))
        saved in
        a/long/path: b,
        c
    """
    whole = len(line) <= width
    return line if whole else fill(line, width, break_long_words=False, break_on_hyphens=False)


def harmless(text: str) -> str:
    r"""Remove terminal control sequences from a text, which file names and the like may hold.

    Example:
        >>> harmless("\x1b[2Jtitle\x1b]0;mine\x07\n")
        'title\n'
    """
    return _STEERING.sub("", text)


@contextmanager
def lasting_output() -> Iterator[None]:
    """Keep problems with stdout or stderr from stopping the work.

    Raises:
        OSError: at the end, if stdout could not be written; not if its reader has gone.
    """
    codecs.register_error(_HANDLER, _in_ascii)
    before = sys.stdout, sys.stderr
    out, err = _lasting(sys.stdout, 1), _lasting(sys.stderr, 2)
    sys.stdout, sys.stderr = out or before[0], err or before[1]
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before
    failure = out.raw.failure if out is not None else None
    if failure is not None and failure.errno != errno.EPIPE:
        raise failure


class _File(io.FileIO):
    """A file that accepts everything, and remembers why it could not write it."""

    failure: OSError | None = None

    def write(self, data) -> int:
        if self.failure is None:
            try:
                return super().write(data)
            except OSError as error:
                self.failure = error
        return memoryview(data).nbytes


class _Stream(io.TextIOWrapper):
    """A text layer over such a file."""

    def __init__(self, raw: _File, encoding: str, *, by_line: bool):
        self.raw = raw
        super().__init__(
            io.BufferedWriter(raw), encoding, _HANDLER, line_buffering=by_line, write_through=True
        )


def _lasting(stream: Any, descriptor: int) -> _Stream | None:
    """Wrap a stream of the process; None for one that is something else, as in a notebook."""
    if stream is None:  # closed by the process that started this one
        os.open(os.devnull, os.O_WRONLY)
        return _Stream(_File(os.devnull, "w"), "utf-8", by_line=False)
    try:
        own = stream.fileno() == descriptor
    except (OSError, ValueError):
        own = False
    if not own:
        return None
    stream.flush()
    raw = _File(descriptor, "w", closefd=False)
    # What is said before something long begins must be read before it, by a log, too.
    by_line = descriptor == 2 or raw.isatty()
    return _Stream(raw, stream.encoding or "utf-8", by_line=by_line)


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Replace characters that an encoding lacks, as ``codecs.register_error`` wants it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(character: str) -> str:
    """Write a character in ASCII.

    Example:
        >>> "".join(map(_plain, "ü²±☃"))
        'u2+/-?'
    """
    if character in _PLAIN:
        return _PLAIN[character]
    parts = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return parts or "?"
