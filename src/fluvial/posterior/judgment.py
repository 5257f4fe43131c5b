"""What a verdict says."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Judgment", "Resolution", "Verdict"]


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
class Resolution:
    """How narrow a mode would have been met by draws from the prior; narrower ones may be missing.

    Attributes:
        of_prior: the standard deviation of such a mode, as a part of the prior's width in each
            parameter; infinite if even a mode as wide as the largest one could have been missed.
        of_largest: the same, as a part of that of the largest mode.
        probability: with which one so wide would have been met, as heavy as all that was found.
        draws: from the prior.
    """

    of_prior: float
    of_largest: float
    probability: float
    draws: int


@dataclass(frozen=True)
class Judgment:
    """A verdict with its reasons, a sentence each, and the next thing to try.

    Attributes:
        verdict: what the draws are worth.
        reasons: why.
        advice: what to do next.
        resolution: of the search for other modes of a function of NumPy arrays; else None.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    advice: str
    resolution: Resolution | None = None
