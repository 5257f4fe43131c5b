"""How ``fit`` asks whether the target goes on where draws end."""

from dataclasses import dataclass

__all__ = ["MarginSettings", "ReachSettings", "TailSettings"]


@dataclass(frozen=True)
class TailSettings:
    """Which coordinates are asked; by hand (``benchmarks/results/large.md``).

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


@dataclass(frozen=True)
class MarginSettings:
    """A margin that an ensemble follows outward; by hand (``benchmarks/results/large.md``).

    Attributes:
        points: of the ensemble.
        near: the share of the draws on each side of ``begin`` that it is taken from.
        begin: quantile where it begins, ...
        right: ... and another one: between the two the draws are taken for right.
        settling: transitions before the first step.
        first_step: outward, in sd.
        longest_step: likewise.
        shortest_step: likewise; where a shorter one would be needed, the margin ends.
        longer: times the step before, where its log weights were even.
        most_steps: outward.
        uneven: variance of a step's log weights, above which it is halved, ...
        even: ... and below which the next one is longer.
        farthest: sd from the mean, beyond which nothing matters.
        deepest: nats below the start, likewise.
        leapfrogs: of a transition.
        acceptance: that the length of leapfrogs aims for.
        noise: squared standard errors, below which a slope or a mean is not followed.
        flat: share of the Gaussian's curvature, below which one is not followed.
    """

    points: int = 64
    near: float = 0.1
    begin: float = 0.6
    right: float = 0.9
    settling: int = 5
    first_step: float = 0.1
    longest_step: float = 0.25
    shortest_step: float = 0.004
    longer: float = 1.4
    most_steps: int = 120
    uneven: float = 0.5
    even: float = 0.2
    farthest: float = 4.5
    deepest: float = 8.0
    leapfrogs: int = 4
    acceptance: float = 0.75
    noise: float = 4.0
    flat: float = 1e-3


@dataclass(frozen=True)
class ReachSettings:
    """Chains that begin at draws and may end where none is; by hand.

    ``benchmarks/results/large.md`` says what they found.

    Attributes:
        chains: a share of 4 % is known to 1 % from so many.
        leapfrogs: of a transition, ...
        shortest: ... each as short as this share of the length that was adapted to.
        adapting: transitions before.
        transitions: of a round, the fewest and the most.
        operations: of a round, which decide how many: some 5 s.
        rounds: of as many, while it is not clear whether too much is missing.
        looks: at where chains are, in the second half of their transitions.
    """

    chains: int = 256
    leapfrogs: int = 48
    shortest: float = 0.125
    adapting: int = 20
    transitions: tuple[int, int] = (4, 40)
    operations: float = 2e11
    rounds: int = 4
    looks: int = 4
