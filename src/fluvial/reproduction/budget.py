"""How much work a study may spend, and how many seeds a judgement then takes."""

from enum import StrEnum

__all__ = ["Budget"]


class Budget(StrEnum):
    """How much work a study may spend.

    * SMOKE: seconds; shows that all parts run, and judges nothing.
    * QUICK: a few minutes on two cores.
    * FULL: what the published experiment asks for.

    Example:
        >>> Budget("quick").least_seeds
        3
    """

    SMOKE = "smoke"
    QUICK = "quick"
    FULL = "full"

    @property
    def least_seeds(self) -> int | None:
        """How many seeds a claim must be measured with to be judged; None if it never is."""
        return {Budget.SMOKE: None, Budget.QUICK: 3, Budget.FULL: 5}[self]
