"""Which coordinates are asked whether the target goes on where draws end."""

from dataclasses import dataclass

__all__ = ["TailSettings"]


@dataclass(frozen=True)
class TailSettings:
    """Tails that draws do not reach; by hand (``benchmarks/results/large.md``).

    Attributes:
        lowest: of the draws, by weight, which lie at the ends of a suspect coordinate.
        asked: draws, for their scores.
        surely: standard errors above the largest of D that noise makes, for a suspect.
        suspects: coordinates at most, each of which may take as long as a twentieth of the fit.
        ensembles: that must agree before mass is said to be missing; most questions are answered
            by the first. One is too high by a factor of ten with a probability of at most a tenth
            (Markov's inequality), three with one of a thousandth.
    """

    lowest: float = 0.02
    asked: int = 1024
    surely: float = 2.0
    suspects: int = 2
    ensembles: int = 3
