"""How the recorded plots were drawn, so that the local ones are drawn alike."""

import base64
import io
from collections import Counter
from collections.abc import Iterator

from fluvial.replication.read import RecordedNotebook

__all__ = ["plot_settings"]

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


def plot_settings(recorded: RecordedNotebook) -> dict[str, object]:
    """Return Matplotlib's settings, where Jupyter's former ones were in use and today's are not.

    Older versions of Jupyter drew at 72 dots per inch, which PNG files say of themselves.
    """
    found = Counter(_resolutions(recorded))
    if not found or found.most_common(1)[0][0] not in _FORMER_DPI:
        return {}
    return dict(_FORMER)


def _resolutions(recorded: RecordedNotebook) -> Iterator[int]:
    from PIL import Image

    for cell in recorded.cells:
        for output in cell.outputs:
            encoded = output.get("data", {}).get("image/png")
            if not isinstance(encoded, str):
                continue
            try:
                with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
                    yield round(picture.info.get("dpi", (0, 0))[0])
            except (OSError, ValueError, SyntaxError):
                continue  # one that cannot be read is reported where it is compared
