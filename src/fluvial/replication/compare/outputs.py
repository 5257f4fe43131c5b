"""What is in the outputs of a cell, as a notebook of format 4 holds them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fluvial.replication.compare.html import read_html

__all__ = [
    "IMAGES",
    "IN_LIKE_FONTS",
    "MISSING_FONTS",
    "Outputs",
    "displays",
    "errors",
    "printed",
    "rewritten",
    "stdout",
    "with_stream",
]

Outputs = Sequence[Mapping[str, Any]]

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
IN_LIKE_FONTS = "fluvial_in_like_fonts"
"""The name of a picture drawn again, in fonts like those that the plot asks for."""
MISSING_FONTS = "fluvial_missing_fonts"
"""The name of a list of the fonts that a plot asks for and that nothing like is there of."""


def stdout(outputs: Outputs) -> str:
    """Return all that a cell printed, in one piece, without what it sent to stderr."""
    streams = (output for output in outputs if output["output_type"] == "stream")
    return "".join(output["text"] for output in streams if output.get("name") != "stderr")


def printed(outputs: Outputs) -> str:
    """Return all text of a cell: printed, sent to stderr, and of its results and tables."""
    return "\n".join(text for output in outputs for text in _texts(output))


def rewritten(outputs: Outputs, change: Callable[[str], str]) -> list[Mapping[str, Any]]:
    """Return a cell's outputs with a change made to what was printed and to plain results."""
    return [_rewritten(output, change) for output in outputs]


def displays(outputs: Outputs) -> list[Mapping[str, Any]]:
    """Return what a cell displayed or returned, each as type -> content, but for widgets.

    A picture that was also drawn in other fonts has that one beside it, as ``IN_LIKE_FONTS``, or
    the names of the fonts that are missing, as ``MISSING_FONTS``.
    """
    shown = [
        {**o["data"], **_of_fonts(o)}
        for o in outputs
        if o["output_type"] in ("display_data", "execute_result")
    ]
    return [data for data in shown if data and not any("widget-view" in mime for mime in data)]


def with_stream(outputs: Outputs, others: Outputs) -> Outputs:
    """Return outputs with those texts as printed that other outputs have so, and these as results.

    Programs that make notebooks of other documents save what was printed as results.
    """
    further = len(displays(outputs)) - len(displays(others))
    if stdout(outputs) or not stdout(others) or further <= 0:
        return outputs
    texts = [at for at, o in enumerate(outputs) if o.get("data", {}).keys() == {"text/plain"}]
    return [
        {"output_type": "stream", "name": "stdout", "text": output["data"]["text/plain"]}
        if at in texts[:further]
        else output
        for at, output in enumerate(outputs)
    ]


def errors(outputs: Outputs) -> list[Mapping[str, Any]]:
    """Return the errors that a cell raised: one, if any."""
    return [output for output in outputs if output["output_type"] == "error"]


def _of_fonts(output: Mapping[str, Any]) -> dict[str, str]:
    about = output.get("metadata", {}).get("image/png")
    known = about if isinstance(about, Mapping) else {}
    return {name: known[name] for name in (IN_LIKE_FONTS, MISSING_FONTS) if name in known}


def _texts(output: Mapping[str, Any]) -> Iterator[str]:
    if output["output_type"] == "stream":
        yield output["text"]
    elif output["output_type"] in ("display_data", "execute_result"):
        data = output["data"]
        if isinstance(plain := data.get("text/plain"), str):
            yield plain
        if isinstance(html := data.get("text/html"), str):
            content = read_html(html)
            yield from (" ".join(row) for table in content.tables for row in table)
            yield from content.lines


def _rewritten(output: Mapping[str, Any], change: Callable[[str], str]) -> Mapping[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": change(output["text"])}
    plain = output.get("data", {}).get("text/plain")
    if isinstance(plain, str):
        return {**output, "data": {**output["data"], "text/plain": change(plain)}}
    return output
