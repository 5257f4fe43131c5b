"""Which coordinates are asked whether the target goes on where draws end."""

from dataclasses import dataclass

__all__ = ["TailSettings"]


@dataclass(frozen=True)
class TailSettings:
    """Tails that draws do not reach; by hand (``benchmarks/results/large.md``).

    Attributes:
        lowest: shares of the draws, by weight, which lie at the ends of a suspect coordinate: small
            ones where few draws end in a tail.
        asked: draws, for their scores.
        ensembles: that must agree before mass is said to be missing; most questions are answered
            by the first. One is too high by a factor of ten with a probability of at most a tenth
            (Markov's inequality), three with one of a thousandth.
    """

    lowest: tuple[float, ...] = (0.0025, 0.005, 0.01, 0.02)
    asked: int = 1024
    ensembles: int = 3
