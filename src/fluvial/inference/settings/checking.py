"""What ``fit`` asks once more of its results, and what it advises."""

from dataclasses import dataclass

__all__ = ["CheckSettings"]


@dataclass(frozen=True)
class CheckSettings:
    """Whether batches agree, and whether a model would be easier to fit non-centered.

    Attributes:
        repeated: points that are evaluated again, apart from the others: one small batch, for which
            a program has been compiled already.
        apart: nats by which such a point may differ: miscompiled sums differed by hundreds.
        rounding: as a share of the log density, by which it may differ besides: models in float32
            round by so much of a large sum.
        scale_growth: of a log scale with each sd of another coordinate, from which on it grows:
            fivefold from two sd below the mean to two above. By hand (``benchmarks/posteriordb``).
        scaled: the fewest coordinates whose scales grow with one another, for which advice is
            given: of a plate rather than a pair.
        scaled_draws: by which growth is measured: it has a standard error of 0.02 then, since the
            logarithm of |e|, e from N(0, 1), has an sd of 1.1.
        scaled_max_dim: coordinates, above which a matrix of D x D takes time.
    """

    repeated: int = 16
    apart: float = 0.01
    rounding: float = 1e-5
    scale_growth: float = 0.4
    scaled: int = 3
    scaled_draws: int = 4096
    scaled_max_dim: int = 300
