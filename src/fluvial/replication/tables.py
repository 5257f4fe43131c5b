"""How many rows the recorded tables show, so that the local ones show as many."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fluvial.replication.compare.html import read_html
from fluvial.replication.compare.left_out import is_dots
from fluvial.replication.read import RecordedNotebook

__all__ = ["table_configuration"]

# Of a table that is too long, pandas has shown ten rows since its version 0.25, and before as many
# as of one that is not: https://pandas.pydata.org/docs/whatsnew/v0.25.0.html
_FORMER = 60
_SHOWN = 10
_HEADERS = 4  # lines at most above the first row
# pandas has no settings but its own: they can be changed when the notebook has imported it.
_STARTUP = """\
def _fluvial_show_rows():
    import sys

    def show(*_):
        if "pandas" in sys.modules:
            events.unregister("post_run_cell", show)
            try:
                sys.modules["pandas"].set_option("display.min_rows", {rows})
            except Exception:  # there is no such option before 0.25
                pass

    events = get_ipython().events
    events.register("post_run_cell", show)


_fluvial_show_rows()
del _fluvial_show_rows
"""


def table_configuration(recorded: RecordedNotebook) -> str:
    """Return what IPython has to run at its start for tables as long as recorded; "" if nothing."""
    texts = (
        text
        for cell in recorded.cells
        for output in cell.outputs
        for text in _texts(output.get("data", {}), output.get("text"))
    )
    return _STARTUP.format(rows=_FORMER) if any(map(_is_long, texts)) else ""


def _texts(data: Mapping[str, Any], printed: object) -> list[list[str]]:
    """Return the rows of each table of an output, and the lines of its texts."""
    html = data.get("text/html")
    tables = read_html(html).tables if isinstance(html, str) else []
    rows = [[" ".join(row) for row in table] for table in tables]
    plain = [text for text in (printed, data.get("text/plain")) if isinstance(text, str)]
    return [*rows, *(text.split("\n") for text in plain if "..." in text)]


def _is_long(lines: Sequence[str]) -> bool:
    """Whether more rows than pandas shows today stand before dots, and as many behind them."""
    for at, line in enumerate(lines):
        if is_dots(line) and at > _SHOWN / 2 + _HEADERS and at < len(lines) - _SHOWN / 2:
            above = lines[at - int(_SHOWN / 2) - 1 : at]
            return all(re.match(r"\S", row) for row in above)
    return False
