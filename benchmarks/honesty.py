"""Whether a verdict told the truth: a promise broken, or an alarm without a cause."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["TRUSTED", "Case", "Honesty", "failure", "tally"]

TRUSTED = ("GOOD", "USE_WEIGHTS")
"""Verdicts that invite the reader to use the corrected draws."""


class Case(NamedTuple):
    """One fit: its verdict, and whether its draws were in fact within bounds."""

    name: str
    verdict: str
    right: bool

    @property
    def wrong_good(self) -> bool:
        """The worst bug: trusted, and out of bounds."""
        return self.verdict in TRUSTED and not self.right

    @property
    def false_alarm(self) -> bool:
        """Not trusted, though within bounds."""
        return self.verdict not in TRUSTED and self.right


class Honesty(NamedTuple):
    """Verdicts counted over a benchmark, and the names of the fits where they were wrong."""

    verdicts: dict[str, int]
    wrong_goods: list[str]
    false_alarms: list[str]

    def report(self) -> str:
        """Three lines for a person."""
        total = sum(self.verdicts.values())
        counts = ", ".join(f"{n} {verdict}" for verdict, n in self.verdicts.items())
        return "\n".join(
            [
                f"verdicts over {total} fits: {counts}",
                f"wrong GOODs (trusted, out of bounds): {_named(self.wrong_goods)}",
                f"false alarms (not trusted, within bounds): {_named(self.false_alarms)}",
            ]
        )


def tally(cases: Iterable[Case]) -> Honesty:
    """Count what each verdict promised against what was so."""
    cases = list(cases)
    return Honesty(
        dict(Counter(case.verdict for case in cases).most_common()),
        [case.name for case in cases if case.wrong_good],
        [case.name for case in cases if case.false_alarm],
    )


def _named(names: list[str]) -> str:
    return f"{len(names)}" + (f" ({', '.join(names)})" if names else "")


def failure(error: Exception) -> str:
    """An exception on one line: its kind, and the last line that says anything."""
    lines = [text for text in str(error).splitlines() if text.strip()] or [""]
    return f"{type(error).__name__}: {lines[-1]}"
