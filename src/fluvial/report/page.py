"""One self-contained page of HTML from any folder of results."""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluvial._version import __version__
from fluvial.errors import InputError
from fluvial.extras import require
from fluvial.report.claims import ClaimRow, claim_row
from fluvial.report.curves import learning_curves
from fluvial.report.find_results import NotebookResult, find_results
from fluvial.report.layers import LayerPictures, layer_pictures
from fluvial.report.stories import Told, told
from fluvial.reproduction import ClaimVerdict, Figure, StudyResults
from fluvial.storage.reading import place_inside, read_file
from fluvial.studies import STUDIES

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render_report"]

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES = 50_000_000  # a figure is a few hundred kilobytes, and a page holds all of them


@dataclass(frozen=True)
class _StudySection:
    """What the page shows of a study."""

    header: Mapping[str, Any]
    done: int
    seconds: float
    claims: Sequence[ClaimRow]
    counts: Mapping[str, int]
    story: Told
    figures: Sequence[Mapping[str, str]]
    curves: Sequence[Mapping[str, Any]]
    layers: Sequence[LayerPictures]


@dataclass(frozen=True)
class _Notebook:
    """What the page shows of a replicated notebook."""

    content: Mapping[str, Any]
    pictures: Sequence[Mapping[str, Any]]


def render_report(directory: Path) -> str:
    """Write all results below a folder as one page of HTML that needs nothing from the network.

    Args:
        directory: as ``fluvial reproduce``, ``replicate``, ``fit`` or ``train`` wrote it, or one
            that holds several of these.

    Raises:
        InputError: if it holds no results, they are damaged, or Jinja is not installed.
    """
    require("report", "a report")
    results = find_results(directory)
    studies = [_study(found) for found in sorted(results.studies, key=_place)]
    rows = [row for study in studies for row in study.claims]
    notebooks = [_notebook(result) for result in results.notebooks]
    return _template().render(
        title=directory.resolve().name,
        version=__version__,
        studies=studies,
        notebooks=notebooks,
        fits=results.fits,
        rows=rows,
        counts=_counts(rows),
        judgments=[judgment.value for judgment in ClaimVerdict],
        headers=[
            *({"what": study.header["title"], **study.header} for study in studies),
            *({"what": notebook.content["notebook"], **notebook.content} for notebook in notebooks),
        ],
        charts=[{"study": s.header["study"], "units": s.curves} for s in studies if s.curves],
    )


@cache
def _template() -> "Template":
    """Compile the page's template, once: that takes longer than to fill it in."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fluvial.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
        "ended": lambda title: title if title.endswith(("?", "!", ".")) else f"{title}.",
        "duration": _duration,
        "picture": lambda data: _data_url(data, "png"),
        "short_number": lambda value: "none" if value is None else f"{float(value):.6g}",
    }
    return environment.get_template("report.html")


def _place(results: StudyResults) -> int:
    """Where a study stands on the page: as they are listed everywhere, and others after them."""
    names = list(STUDIES)
    name = results.header["study"]
    return names.index(name) if name in names else len(names)


def _study(results: StudyResults) -> _StudySection:
    done = [unit for unit in results.header["units"] if results.done(unit)]
    claims = [claim_row(results.header["study"], claim) for claim in results.claims()]
    figures = [_figure(results, figure) for figure in results.figures()]
    story = told(results.story(), claims, figures)
    return _StudySection(
        header=results.header,
        done=len(done),
        seconds=sum((results.seconds(unit) for unit in done), 0.0),
        claims=claims,
        counts=_counts(claims),
        story=story,
        figures=[figure for figure in figures if figure is not story.picture],
        curves=learning_curves(results),
        layers=layer_pictures(results),
    )


def _counts(rows: Sequence[ClaimRow]) -> Mapping[str, int]:
    """Count the claims of each judgment."""
    return Counter(row.claim["judgement"] for row in rows)


def _figure(results: StudyResults, figure: Figure) -> dict[str, str]:
    path = place_inside(results.folder, "figures", figure.file)
    data = read_file(path, _MOST_BYTES)
    if not data.startswith(_PNG):
        raise InputError(f"{path} is not a PNG: run the study again with --resume.")
    alt = figure.alt or f"{figure.title}. {figure.caption}"
    return {
        "file": figure.file,
        "data": _data_url(data, "png"),
        "title": figure.title,
        "caption": figure.caption,
        "alt": alt,
    }


def _notebook(result: NotebookResult) -> _Notebook:
    pictures = [
        {
            **picture,
            **{
                side: _data_url(result.files[picture[side]], picture[side].rsplit(".", 1)[-1])
                for side in ("recorded", "local")
            },
        }
        for picture in result.content["pictures"]
    ]
    return _Notebook(result.content, pictures)


def _duration(seconds: float) -> str:
    """Write seconds in words.

    Example:
        >>> _duration(5.04), _duration(125.0), _duration(7300.0)
        ('5.0 s', '2 min', '2.0 h')
    """
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600.0 else f"{seconds / 3600:.1f} h"


def _data_url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
