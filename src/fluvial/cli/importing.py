"""What is done around imports, which take most of a short command's time."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fluvial.cli.leaving import leaving_at_once

__all__ = ["importing"]

_MANY = 100  # modules; JAX is a thousand


@contextmanager
def importing() -> Iterator[None]:
    """Import without looking for garbage, and leave with a sentence if Ctrl-C is pressed.

    Modules make a million objects that stay, and no garbage to speak of: looking for it again and
    again takes a tenth of the time to import JAX. Where many were imported, what they have made is
    not looked at later either.
    """
    collecting, known = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        with leaving_at_once():
            yield
    finally:
        if len(sys.modules) > known + _MANY:
            gc.freeze()
        if collecting:
            gc.enable()
