"""How peaks are climbed, told apart and fitted where there is no gradient."""

from dataclasses import dataclass

__all__ = ["HillSettings", "MixtureSettings"]


@dataclass(frozen=True)
class HillSettings:
    """Peaks among draws from the prior; by hand (``benchmarks/blackbox_narrow.py``).

    Attributes:
        many: points, of which no more than the most outstanding are looked at, ...
        looked_at: ... which are so many, ...
        anyway: ... and so many of these climbed from even if a neighbor is higher: on the slope of
            a mode a spike need not be higher than all of them.
        cell: points for each coefficient of a quadratic that is fitted to a cell.
        scatter: nats, below which a density is smooth.
        generations: of a climb, the most.
        generation: points of one, of which the best quarter moves the Gaussian.
        generation_per_dim: so many more for each coordinate.
        gain: nats that a generation has to gain, ...
        patience: ... or so many after one another end the climb.
        nearer: times the last standard deviation, where a first generation has found nothing.
        neighbors: known peaks that a point is compared with.
        rounds: of a population that is annealed from around a summit, from where it is not far to
            the posterior there.
        first_width: of a climb, as a part of the distance to the nearest other draw: one on the
            foot of a spike is closer to its edge than to other draws.
        wider: times the standard deviations that a climb ended with, where a population begins.
        valley: nats below the lower of two centers, where two components are two peaks.
        climb_steps: along a gradient, the most.
        same: standard deviations between two climbs' ends that are one mode.
        light: nats below the heaviest mode, where a mode is left out.
        least_share: of the draws for a mode, as a part of an even share: what its height and its
            curvature are off must not starve it.
        curvatures: the smallest and the largest that a component may have.
        checked: points at which a gradient is compared with differences of the density.
        wrong: by which a derivative may be off, relative to its size.
    """

    many: int = 1 << 16
    looked_at: int = 2048
    anyway: int = 4
    cell: int = 8
    scatter: float = 0.3
    generations: int = 20
    generation: int = 8
    generation_per_dim: int = 4
    gain: float = 0.05
    patience: int = 3
    nearer: float = 0.4
    neighbors: int = 4
    rounds: int = 12
    first_width: float = 0.25
    wider: float = 3.0
    valley: float = 1.0
    climb_steps: int = 200
    same: float = 0.1
    light: float = 12.0
    least_share: float = 0.1
    curvatures: tuple[float, float] = (1e-4, 1e12)
    checked: int = 3
    wrong: float = 0.05


@dataclass(frozen=True)
class MixtureSettings:
    """Mixtures of Gaussians fitted to weighted points; by hand (``benchmarks/blackbox.py``).

    Attributes:
        components: at most.
        em_steps: of one fit, at most.
        settled: nats that a step of EM has to gain.
        better: nats that more components have to gain at points that are held out.
        negligible: of the mass, in the lightest points: they are left out.
        least: of the mass, in a component.
        halves: shares of the mass that either half of the points must have, if one is to judge
            what is fitted to the other.
    """

    components: int = 32
    em_steps: int = 30
    settled: float = 1e-4
    better: float = 0.01
    negligible: float = 1e-4
    least: float = 1e-3
    halves: tuple[float, float] = (0.05, 0.95)
