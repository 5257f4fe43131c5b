"""HTML: its tables cell by cell, the rest as text."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

from fluvial.replication.compare.cause import Cause
from fluvial.replication.compare.difference import Difference, Kind
from fluvial.replication.compare.judging import Where, duration_difference, number_difference
from fluvial.replication.compare.layout import same_cells
from fluvial.replication.compare.numbers import Duration, Number, tokens
from fluvial.replication.compare.surroundings import Surroundings
from fluvial.replication.compare.text import compare_lines, compare_text
from fluvial.replication.compare.tolerance import Tolerance

__all__ = ["OTHER_SHAPE", "Html", "compare_html", "read_html"]

OTHER_SHAPE = "another shape of table"
"""What is said of tables with other rows or columns."""

_SECONDS_HEADER = re.compile(
    r"\b(?:time|elapsed|duration|runtime|seconds)\b|[(\[](?:s|ms)[)\]]", re.I
)
_SIZE = re.compile(r"\d+ rows? × \d+ columns?")
_DOTS = ("...", "…")
_MISSING = ("NaN", "None", "<NA>", "NaT", "nan")  # as pandas shows what is not there
_UNSEEN = {"script", "style", "head", "title", "template"}
_BREAKS = {"br", "p", "div", "li", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr"}


@dataclass(frozen=True)
class Html:
    """What a reader sees of HTML: tables as rows of cells, and the other text in lines."""

    tables: list[list[list[str]]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read_html(html: str) -> Html:
    """Read HTML as a person would; scripts and styles are left out.

    Example:
        >>> read_html("<p>Two:</p><table><tr><th>a</th></tr><tr><td>1.5</td></tr></table>")
        Html(tables=[[['a'], ['1.5']]], lines=['Two:'])
    """
    reader = _TableReader()
    reader.feed(html)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.text).split("\n")]
    return Html(reader.tables, [line for line in lines if line])


def compare_html(
    recorded: str, local: str, tolerance: Tolerance, place: str, run: Surroundings
) -> Iterator[Difference]:
    """Compare what two pieces of HTML show: tables cell by cell, the rest line by line."""
    if recorded == local:
        return
    a, b = read_html(recorded), read_html(local)
    if len(a.tables) != len(b.tables):
        counts = f"{len(a.tables)} tables", f"{len(b.tables)} tables"
        yield Difference(Kind.TEXT, place, None, *counts, None, False, "another number of tables")
    else:
        for number, tables in enumerate(zip(a.tables, b.tables, strict=True), 1):
            below = place if len(a.tables) == 1 else f"{place}, table {number}"
            yield from _compare_table(*tables, tolerance, below, run)
    sizes = [next(filter(_SIZE.fullmatch, html.lines), "") for html in (a, b)]
    if "" in sizes and any(sizes):
        reason, cause = "the size of a table, which some versions write", Cause.LIBRARY_PRINTING
        yield Difference(Kind.TEXT, place, None, sizes[0], sizes[1], None, True, reason, cause)
        a, b = (
            replace(html, lines=[line for line in html.lines if line not in sizes])
            for html in (a, b)
        )
    yield from compare_lines(a.lines, b.lines, tolerance, place, run)


def _compare_table(
    recorded: list[list[str]],
    local: list[list[str]],
    tolerance: Tolerance,
    place: str,
    run: Surroundings,
) -> Iterator[Difference]:
    for turned in (False, True):
        tables = (_turned(recorded), _turned(local)) if turned else (recorded, local)
        if all(tables) and (shown := _shown_in_both(*tables)) is not None:
            yield _one_left_out(recorded, local, place)
            recorded, local = map(_turned, shown) if turned else shown
    shapes = [[len(row) for row in table] for table in (recorded, local)]
    if shapes[0] != shapes[1]:
        texts = _shape(recorded), _shape(local)
        if same_cells(recorded, local):
            reason, cause = "the same cells in another layout", Cause.LIBRARY_PRINTING
            yield Difference(Kind.TEXT, place, None, *texts, None, True, reason, cause)
            return
        yield Difference(Kind.TEXT, place, None, *texts, None, False, OTHER_SHAPE)
        return
    header = recorded[0] if recorded else []
    scales = _scales(recorded)
    for line, (a, b) in enumerate(zip(recorded, local, strict=True), 1):
        for column, (x, y) in enumerate(zip(a, b, strict=True)):
            if x == y:
                continue
            name = header[column] if column < len(header) and header[column] else str(column + 1)
            here = f"{place}, row {line}, column {name}"
            yield from _compare_cell(x, y, tolerance, Where(here, line, name, scales[column]), run)


def _turned(table: list[list[str]]) -> list[list[str]]:
    """Return the columns of a table as rows; none if its rows are of several lengths."""
    even = len(set(map(len, table))) == 1
    return [list(column) for column in zip(*table, strict=True)] if even else []


def _shown_in_both(
    recorded: list[list[str]], local: list[list[str]]
) -> tuple[list[list[str]], list[list[str]]] | None:
    """Return the rows that two tables show of which at least one leaves rows out with dots.

    How many rows are shown depends on the version of pandas and on its options.
    """
    dots = [_dots(table) for table in (recorded, local)]
    if len(recorded) == len(local) or dots == [None, None]:
        return None
    heads = [len(t) if at is None else at for t, at in zip((recorded, local), dots, strict=True)]
    tails = [
        len(t) if at is None else len(t) - at - 1
        for t, at in zip((recorded, local), dots, strict=True)
    ]
    head, tail = min(heads), min(tails)
    if any(
        at is None and head + tail > len(t) for t, at in zip((recorded, local), dots, strict=True)
    ):
        return None
    before, after = ([*t[:head], *t[len(t) - tail :]] for t in (recorded, local))
    return before, after


def _dots(table: list[list[str]]) -> int | None:
    """Return the row that stands for rows that a table leaves out; None if it leaves none out."""
    return next((at for at, row in enumerate(table) if row and set(row) <= {*_DOTS}), None)


def _one_left_out(recorded: list[list[str]], local: list[list[str]], place: str) -> Difference:
    return Difference(
        Kind.TEXT,
        place,
        None,
        _shape(recorded),
        _shape(local),
        None,
        True,
        "what one leaves out with dots",
        Cause.LIBRARY_PRINTING,
    )


def _scales(table: list[list[str]]) -> list[float]:
    """Return the largest magnitude of each column."""
    sizes = [0.0] * max(map(len, table), default=0)
    for row in table:
        for column, text in enumerate(row):
            match tokens(text):
                case [Number(value)] if math.isfinite(value):
                    sizes[column] = max(sizes[column], abs(value))
    return sizes


def _compare_cell(
    recorded: str, local: str, tolerance: Tolerance, where: Where, run: Surroundings
) -> Iterator[Difference]:
    if recorded in _MISSING and local in _MISSING:
        texts, reason = (recorded, local), "what is missing, in another style"
        cause = Cause.LIBRARY_PRINTING
        yield Difference(Kind.TEXT, where.place, where.line, *texts, None, True, reason, cause)
        return
    match tokens(recorded), tokens(local):
        case [Number() as x], [Number() as y] if _SECONDS_HEADER.search(where.near):
            seconds = Duration(abs(x.value), x.text), Duration(abs(y.value), y.text)
            yield from duration_difference(*seconds, tolerance, where, run)
        case [Number() as x], [Number() as y]:
            yield from number_difference(x, y, tolerance, where)
        case _:
            for found in compare_text(recorded, local, tolerance, where.place, run):
                yield replace(found, place=where.place, line=where.line)


def _shape(table: list[list[str]]) -> str:
    return f"{len(table)} rows of {max(map(len, table), default=0)} cells"


class _TableReader(HTMLParser):
    """Collects the cells of tables, and the text outside of them."""

    def __init__(self):
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.text: list[str] = []
        self._in_cell = False
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self._in_cell = True
        if tag in _BREAKS:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in ("td", "th", "table"):
            self._in_cell = False
        if tag in _BREAKS:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._in_cell:
            row = self.tables[-1][-1]
            row[-1] = " ".join(f"{row[-1]} {data}".split())
        else:
            self.text.append(data)
