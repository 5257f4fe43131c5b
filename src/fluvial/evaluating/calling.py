"""How a user's function is called: without NumPy's warnings, and in a pool without its errors."""

from collections.abc import Callable
from typing import Any, final

import numpy as np

from fluvial.errors import described

__all__ = ["CallFailure", "Caught", "called"]


class CallFailure(str):
    """Why a call returned nothing, a clause such as "raised ValueError: no root"."""

    __slots__ = ()


def called(function: Callable[[Any], Any], argument: Any) -> Any:
    """Call a function without NumPy's warnings of overflow and the like.

    A search goes where those are to be expected, and what is not finite is counted and reported. A
    user who has asked NumPy for errors gets them.

    Example:
        >>> float(called(np.exp, 1e3))
        inf
    """
    warned = {kind: "ignore" for kind, action in np.geterr().items() if action == "warn"}
    with np.errstate(**warned):  # pyright: ignore[reportArgumentType]
        return function(argument)


@final
class Caught:
    """A function, and what it raises as a ``CallFailure``; it can be pickled if the function can.

    Args:
        function: of one argument.

    Example:
        >>> Caught(abs)(-1.5), Caught(abs)("a")
        (1.5, "raised TypeError: bad operand type for abs(): 'str'")
    """

    def __init__(self, function: Callable[[Any], Any]):
        self._function = function

    def __call__(self, argument: Any) -> Any:
        """Call the function."""
        try:
            return called(self._function, argument)
        except (Exception, SystemExit) as error:  # a pool of processes hangs where one leaves
            return CallFailure(f"raised {described(error)}")
