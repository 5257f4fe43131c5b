"""How the recorded plots were drawn, so that the local ones are drawn alike."""

import base64
import io
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fluvial.replication.legends import legend_configuration
from fluvial.replication.read import RecordedNotebook

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["plot_configuration", "ticks_point_outwards"]

# What Jupyter set for Matplotlib until matplotlib-inline 0.1.4 of 2023:
# https://github.com/ipython/matplotlib-inline/pull/25
_FORMER = {
    "figure.figsize": (6.0, 4.0),
    "font.size": 10,
    "figure.dpi": 72,
    "figure.subplot.bottom": 0.125,
    "figure.facecolor": (1, 1, 1, 0),
    "figure.edgecolor": (1, 1, 1, 0),
}
_FORMER_DPI = (72, 144)  # and twice as many for "retina"
# The first color of Matplotlib's plots since its version 2, whose style is another than before:
# https://matplotlib.org/stable/users/prev_whats_new/dflt_style_changes.html
_FIRST_COLOR = (31, 119, 180)
_FORMER_COLOR = (0, 0, 255)
# The last releases before Matplotlib 2 of January 2017: https://www.python.org/downloads
_LATEST = {"2.7": 12, "3.3": 6, "3.4": 5, "3.5": 2}
_LEAST_PIXELS = 20
# Of 255; the share of a picture's height that an axis has at least; the pixels of a mark's length
# that are looked at, and how many marks there are at least.
_DARK = 128
_LEAST_AXIS = 0.4
_MARK = 2
_LEAST_MARKS = 3
_CLASSIC = """\
try:
    from matplotlib.style import library
    style = dict(library["classic"])
except (ImportError, KeyError):  # there is no Matplotlib, or one that knows no other style
    style = {}
"""
# Otherwise they would be set when the first plot is drawn, over what the notebook has set.
_AT_ONCE = 'get_config().InteractiveShellApp.matplotlib = "inline"\n'


def plot_configuration(recorded: RecordedNotebook) -> str:
    """Return IPython's configuration for plots like the recorded ones; "" if today's is right.

    Older versions of Jupyter drew at 72 dots per inch, which PNG files say of themselves.
    Matplotlib has drawn in another style since its version 2, and has said its version in them
    since 2.1.
    """
    pictures = list(_pictures(recorded))
    if not pictures:
        return ""
    resolution = Counter(map(_resolution, pictures)).most_common(1)[0][0]
    settings = _settings(recorded, pictures, resolution)
    return settings + legend_configuration(pictures, former=resolution in _FORMER_DPI)


def _settings(recorded: RecordedNotebook, pictures: list["Image"], resolution: int) -> str:
    """Return the configuration of sizes, resolution and style."""
    version = recorded.notebook.metadata.get("language_info", {}).get("version", "")
    classic = bool(resolution) and _is_classic(pictures, version)
    if not classic and resolution not in _FORMER_DPI:
        return ""
    style = _CLASSIC if classic else "style = {}\n"
    settings = _FORMER if resolution in _FORMER_DPI else _FORMER | {"figure.dpi": resolution}
    return f"{style}get_config().InlineBackend.rc = style | {settings!r}\n{_AT_ONCE}"


def _is_classic(pictures: list["Image"], version: str) -> bool:
    """Whether plots are of Matplotlib 1: none says a version, none has the look of version 2.

    Since then ticks point outwards, and the first color is another one. Where none has the colors
    of version 1 either, Python has to be older than version 2.
    """
    if any("Software" in picture.info or _has(picture, _FIRST_COLOR) for picture in pictures):
        return False
    if 2 * sum(map(ticks_point_outwards, pictures)) > len(pictures):
        return False
    return any(_has(picture, _FORMER_COLOR) for picture in pictures) or _is_older(version)


def _is_older(version: str) -> bool:
    """Whether a version of Python is older than Matplotlib 2, or too old to be recorded."""
    series, _, patch = version.rpartition(".")
    known = series in _LATEST and patch.isdecimal()
    return int(patch) <= _LATEST[series] if known else not version


def _has(picture: "Image", wanted: tuple[int, int, int]) -> bool:
    colors = picture.convert("RGB").getcolors(picture.width * picture.height) or []
    return any(color == wanted and count >= _LEAST_PIXELS for count, color in colors)


def ticks_point_outwards(picture: "Image") -> bool:
    """Whether several short dark marks lie at the outside of the longest dark vertical line.

    That line is the left axis of a plot. Its labels are further away than the marks are long.
    """
    dark = np.asarray(picture.convert("L")) < _DARK
    height = dark.shape[0]
    lines = np.flatnonzero(dark.mean(axis=0) > _LEAST_AXIS)
    if not len(lines) or lines[0] < _MARK + 1:
        return False
    left = lines[0]
    rows = np.flatnonzero(dark[:, left])
    marked = np.all(dark[rows[0] : rows[-1] + 1, left - _MARK : left], axis=1).astype(int)
    # A mark is a pixel or two high; anything else beside the line is not a mark.
    marks = np.count_nonzero(np.diff(marked, prepend=0) == 1)
    return bool(marks >= _LEAST_MARKS and int(marked.sum()) <= 4 * int(marks) < height)


def _resolution(picture: "Image") -> int:
    return round(picture.info.get("dpi", (0, 0))[0])


def _pictures(recorded: RecordedNotebook) -> Iterator["Image"]:
    from PIL import Image

    for cell in recorded.cells:
        for output in cell.outputs:
            encoded = output.get("data", {}).get("image/png")
            if not isinstance(encoded, str):
                continue
            try:
                picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
                picture.load()
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                continue  # one that cannot be read is reported where it is compared
            yield picture
