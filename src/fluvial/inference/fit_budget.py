"""How much a fit may still spend: evaluations, and seconds."""

import time
from dataclasses import dataclass, field

from fluvial.errors import InputError

__all__ = ["FitBudget"]


@dataclass(frozen=True, eq=False)
class FitBudget:
    """Limits of a fit, counted from the creation of this object.

    Args:
        seconds: of wall time, or None.
        evaluations: of the target, or None.

    Raises:
        InputError: if one of them is not positive.

    Example:
        >>> FitBudget().limited, FitBudget(evaluations=100).over(100)
        (False, True)
    """

    seconds: float | None = None
    evaluations: int | None = None
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self):
        if self.seconds is not None and not self.seconds > 0:
            raise InputError(f"max_seconds is {self.seconds}: give more than 0.")
        if self.evaluations is not None and not self.evaluations >= 1:
            raise InputError(f"max_evaluations is {self.evaluations}: give at least 1.")

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return self.seconds is not None or self.evaluations is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the fit began."""
        return time.monotonic() - self.started

    def over(self, evaluations: int, share: float = 1.0, ahead: float = 0.0) -> bool:
        """Whether a share of the budget is spent.

        Args:
            evaluations: made so far.
            share: of both limits.
            ahead: seconds that the next step takes, which cannot be cut short.
        """
        return (self.seconds is not None and self.elapsed + ahead >= share * self.seconds) or (
            self.evaluations is not None and evaluations >= share * self.evaluations
        )

    def left(self, evaluations: int) -> str:
        """Return what is left, for the progress line."""
        parts = []
        if self.seconds is not None:
            parts.append(f"{max(0.0, self.seconds - self.elapsed):.0f} s")
        if self.evaluations is not None:
            parts.append(f"{max(0, self.evaluations - evaluations):,} evaluations")
        return " and ".join(parts) + " left" if parts else ""

    def spent(self, evaluations: int) -> str:
        """Return which limit ended the fit."""
        timed = self.seconds is not None and self.elapsed >= self.seconds
        if self.evaluations is not None and not timed:
            return f"its {self.evaluations:,} evaluations"
        seconds = f"its {self.seconds:g} s"
        return seconds if timed else f"too much of {seconds} to go on"
