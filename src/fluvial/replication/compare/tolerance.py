"""How far a local value may lie from the recorded one."""

import math
from dataclasses import asdict, dataclass

from fluvial.errors import InputError

__all__ = ["Tolerance"]

# Below this many seconds a duration says more of the clock and the caches than of the program.
_ROUNDING = 1e-5
_SHORTEST = 1e-3


@dataclass(frozen=True)
class Tolerance:
    """How far a local value may lie from the recorded one.

    Args:
        rtol: of a number, relative to the recorded one; of integers if it is more than rounding.
        atol: of a number, absolute: |local - recorded| <= atol + rtol |recorded|, as NumPy has it;
            zero by default, since only who knows the numbers can say which of them are small.
        time_ratio: how many times longer or shorter a duration may be. Durations are never equal.
        similarity: the least similarity of two pictures where they are most unlike, at most 1.

    Raises:
        InputError: if a bound makes no sense.

    Example:
        >>> Tolerance(rtol=0.01).near(100.0, 100.9)
        True
        >>> Tolerance(time_ratio=3.0).alike(12.0, 5.0)
        True
    """

    rtol: float = _ROUNDING
    atol: float = 0.0
    time_ratio: float = 5.0
    similarity: float = 0.9

    def __post_init__(self):
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise InputError(f"{name} is {value}: give a finite number of at least 0.")
        if not 1.0 <= self.time_ratio < math.inf:
            raise InputError(f"the time ratio is {self.time_ratio}: give a number of at least 1.")
        if not 0.0 <= self.similarity <= 1.0:
            raise InputError(f"the similarity is {self.similarity}: give a number from 0 to 1.")

    def content(self) -> dict[str, float]:
        """Return all of it as JSON can hold it."""
        return asdict(self)

    def near(self, recorded: float, local: float) -> bool:
        """Whether two numbers agree; NaN agrees with NaN, an infinity with itself alone."""
        if math.isnan(recorded) or math.isnan(local):
            return math.isnan(recorded) and math.isnan(local)
        if math.isinf(recorded) or math.isinf(local):
            return recorded == local
        apart = abs(local - recorded)
        return apart <= self.atol or (
            recorded * local >= 0.0 and apart <= self.atol + self.rtol * abs(recorded)
        )

    def near_integers(self, recorded: int, local: int) -> bool:
        """Whether two integers agree: rounding, which the default allows for, does not move them.

        Example:
            >>> Tolerance().near_integers(37253956, 37253957)
            False
            >>> Tolerance(rtol=0.1).near_integers(100, 101)
            True
        """
        if abs(local - recorded) <= self.atol:
            return True
        return self.rtol > _ROUNDING and self.near(float(recorded), float(local))

    def alike(self, recorded: float, local: float, resolution: float = 0.0) -> bool:
        """Whether two durations, in seconds, are of the same order.

        Args:
            recorded: the recorded one.
            local: the local one.
            resolution: of the clock that they were read off, which may have been about to tick.

        Example:
            >>> Tolerance().alike(0.08, 0.01), Tolerance().alike(0.08, 0.01, resolution=0.01)
            (False, True)
        """
        short, long = sorted((recorded, local))
        short, long = max(short + resolution, _SHORTEST), max(long - resolution, _SHORTEST)
        return long <= self.time_ratio * short
