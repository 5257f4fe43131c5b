"""What a verdict says."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Judgment", "Verdict"]


class Verdict(Enum):
    """What the draws of a posterior are worth.

    Example:
        >>> Verdict("GOOD") is Verdict.GOOD
        True
    """

    GOOD = "GOOD"
    """What is handed out is right: draws, moments and evidence, to 0.1 sd and 0.3 nat."""
    USE_WEIGHTS = "USE_WEIGHTS"
    """Right within their standard errors, which are wider than GOOD allows, or with a doubt."""
    USE_MCMC = "USE_MCMC"
    """``draws`` are right: they come from Hamiltonian chains. The evidence is not vouched for."""
    FAILED = "FAILED"
    """Nothing here should be relied on."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Judgment:
    """A verdict with its reasons, a sentence each, and the next thing to try."""

    verdict: Verdict
    reasons: tuple[str, ...]
    advice: str
