"""``fluvial report``: a folder of results as one page that can be shown to others."""

from pathlib import Path
from typing import Annotated

import typer

from fluvial.cli.output import say

__all__ = ["report"]


def report(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder with results of reproduce, replicate, fit or train, also in subfolders.",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The page to write; by default DIR/report.html."),
    ] = None,
) -> None:
    """Turn a folder of results into one self-contained HTML page."""
    from fluvial.report.page import render_report
    from fluvial.storage.writing import check_file, replaced

    path = out or directory / "report.html"
    if out is not None:
        check_file(out)
    page = render_report(directory)
    with replaced(path) as fresh:
        fresh.write_text(page, encoding="utf-8")
    say(f"saved {path}")
