"""A judged claim as a row of the page: words, numbers, and a strip of the values."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.reproduction import Repetition

__all__ = ["ClaimRow", "Strip", "claim_row"]

_MARGIN = 0.08
_MOST_PLACES = 8


@dataclass(frozen=True)
class Strip:
    """Where things lie on an axis from 0 to 100: what is allowed, each value, and their mean."""

    allowed: tuple[float, float]
    values: tuple[float, ...]
    mean: float


@dataclass(frozen=True)
class ClaimRow:
    """One claim.

    Attributes:
        study: the study's name.
        claim: as ``claims.json`` has it.
        measured: the mean with its spread and unit, in words.
        strip: of the values; None if there is nothing finite to draw, or the results are of an
            earlier format, which had no bounds as numbers.
    """

    study: str
    claim: Mapping[str, Any]
    measured: str
    strip: Strip | None

    @property
    def repeated(self) -> str:
        """How often what was repeated: "5 trainings"."""
        count, each = self.claim["seeds"], self.claim.get("each", "seeds")
        if each in iter(Repetition):
            return Repetition(each).counted(count)
        return f"{count} {'seed' if (count, each) == (1, 'seeds') else each}"

    @property
    def values_text(self) -> str:
        """The value of each seed, or of what else was repeated."""
        return ", ".join(f"{value:.4g}" for value in self.claim["values"])

    @property
    def sort_value(self) -> str:
        """The mean as text that a script can sort by; "" if there is none."""
        mean = self.claim["measured"]
        return repr(mean) if math.isfinite(mean) else ""


def claim_row(study: str, claim: Mapping[str, Any]) -> ClaimRow:
    """Prepare one entry of ``claims.json``."""
    return ClaimRow(study, claim, _measured(claim), _strip(claim))


def _measured(claim: Mapping[str, Any]) -> str:
    mean, spread = float(claim["measured"]), float(claim["spread"])
    if math.isnan(mean):
        return "not measured"
    return f"{_rounded(mean, spread)} {claim['unit']}".rstrip()


def _rounded(mean: float, spread: float) -> str:
    """Write a mean to the last digit that its spread, of two digits, allows.

    Example:
        >>> _rounded(0.123456, 0.0204), _rounded(121.6187, 18.75), _rounded(1234.5, 432.1)
        ('0.123 ± 0.020', '122 ± 19', '1230 ± 430')
        >>> _rounded(4.0, 0.0), _rounded(0.123456, math.nan)
        ('4 ± 0', '0.1235')
    """
    if not (math.isfinite(spread) and math.isfinite(mean)):
        return f"{mean:.4g}"
    if spread <= 0.0:
        return f"{mean:.4g} ± 0"
    places = 1 - int(f"{spread:.1e}".split("e")[1])
    if abs(places) > _MOST_PLACES:
        return f"{mean:.3g} ± {spread:.2g}"
    shown = (round(value, places) + 0.0 for value in (mean, spread))  # no minus before a zero
    return " ± ".join(f"{value:.{max(places, 0)}f}" for value in shown)


def _strip(claim: Mapping[str, Any]) -> Strip | None:
    values = [float(value) for value in claim["values"] if math.isfinite(value)]
    if not values or "low" not in claim or "high" not in claim:
        return None
    least, most = float(claim["low"]), float(claim["high"])
    bounds = [bound for bound in (least, most) if math.isfinite(bound)]
    shown = [*values, *bounds, float(claim["measured"])]
    if not math.isfinite(max(shown) - min(shown)):
        return None
    place = _axis(shown)
    low = place(least) if math.isfinite(least) else 0.0
    high = place(most) if math.isfinite(most) else 100.0
    return Strip((low, high), tuple(map(place, values)), place(float(claim["measured"])))


def _axis(shown: Sequence[float]):
    """Return a map onto 0 to 100 of a range of numbers, logarithmic where it spans decades."""
    low, high = min(shown), max(shown)
    scale = math.log if low > 0.0 and high > 50.0 * low else float
    first, last = scale(low), scale(high)
    margin = _MARGIN * (last - first) or 1.0

    def place(value: float) -> float:
        return round(100.0 * (scale(value) - first + margin) / (last - first + 2 * margin), 2)

    return place
