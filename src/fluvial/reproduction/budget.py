"""How much work a study may spend."""

from enum import StrEnum

__all__ = ["Budget"]


class Budget(StrEnum):
    """How much work a study may spend.

    * SMOKE: seconds; shows that all parts run, and judges nothing.
    * QUICK: a few minutes on two cores.
    * FULL: what the published experiment asks for.

    Example:
        >>> Budget("quick").value
        'quick'
    """

    SMOKE = "smoke"
    QUICK = "quick"
    FULL = "full"
