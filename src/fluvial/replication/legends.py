"""The entries of legends, in the order in which the Matplotlib of the record had them."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["legend_configuration"]

# Entries are in the order in which they were added to a plot since this version; before, lines
# came first, then patches, then collections such as points, then containers such as bars:
# https://matplotlib.org/stable/api/prev_api_changes/api_changes_3.5.0.html
_IN_ORDER_ADDED = (3, 5)
_VERSION = re.compile(r"matplotlib version\s?(\d+)\.(\d+)", re.IGNORECASE)
_CONFIGURATION = """\


def _fluvial_order_legends():
    from matplotlib import legend
    from matplotlib.collections import Collection
    from matplotlib.container import Container
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    kinds = (Line2D, Patch, Collection, object, Container)
    entries = legend._get_legend_handles

    def rank(entry):
        if isinstance(entry, Container):
            return kinds.index(Container)
        return next(at for at, kind in enumerate(kinds) if isinstance(entry, kind))

    def ordered(plots, *arguments, **options):
        for plot in plots:
            yield from sorted(entries([plot], *arguments, **options), key=rank)

    legend._get_legend_handles = ordered


try:
    _fluvial_order_legends()
except (ImportError, AttributeError):  # there is no Matplotlib, or another version of it
    pass
"""


def legend_configuration(pictures: Iterable["Image"], *, former: bool) -> str:
    """Return IPython's configuration for legends as the recorded ones; "" if today's is right.

    Args:
        pictures: that were recorded; since its version 2.1, Matplotlib says in them which it is.
        former: whether those that do not say so are of an older version.
    """
    said = [_VERSION.search(str(picture.info.get("Software", ""))) for picture in pictures]
    versions = {(int(found[1]), int(found[2])) for found in said if found}
    older = max(versions) < _IN_ORDER_ADDED if versions else former
    return _CONFIGURATION if older else ""
