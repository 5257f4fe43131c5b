"""What ``fit`` looks at before any work is spent, and how it climbs."""

from dataclasses import dataclass

__all__ = ["ClimbSettings", "StartSettings"]


@dataclass(frozen=True)
class StartSettings:
    """The look at a target before any work is spent on it; by hand but for what names a source.

    Attributes:
        count: starts, half of them from (−2, 2)^D as in Stan, ...
        wider: ... a quarter from a cube so many times as wide, the rest from one as much wider.
        tries: rounds of points, ever wider and narrower, until enough are finite.
        difference: the step of central differences, in a random direction, and a hundredth of a
            second one: between the cube roots of float64's precision and of float32's, which data
            may have.
        gradient_tolerance: the relative error of a gradient that is called wrong.
        kept: points that were evaluated in any stage and are kept, the fewest and the most.
        kept_numbers: at most, of all their coordinates together: 8 MB.
        many: optima in which the climbs from the starts end, half of their number, from which on
            there must be many more, and the density may be a product.
    """

    count: int = 16
    wider: float = 3.0
    tries: int = 10
    difference: float = 1e-4
    gradient_tolerance: float = 1e-2
    kept: tuple[int, int] = (64, 512)
    kept_numbers: int = 2**20
    many: int = 8


@dataclass(frozen=True)
class ClimbSettings:
    """L-BFGS, the modes that its ends fall into, and their Laplace approximations.

    Attributes:
        iterations: the most of one climb; by hand (``benchmarks/modes.py``).
        curvature_pairs: that L-BFGS keeps: SciPy's own default, 10.
        relative_gain: of ``log_p`` below which a climb ends (SciPy's ftol); by hand.
        gradient: below which a climb ends (SciPy's default for gtol, 1e-5).
        together: climbs that go on at once, in batches of one size; by hand.
        together_on_host: the same where a density costs a call of its own; by hand.
        same: relative distance of two climbs' ends that are one optimum; by hand.
        barrier: nats of a dip between two optima that makes them two modes; by hand
            (``benchmarks/modes.py``).
        neighbors: the nearest optima of a mode, from which ways to another one are tried; by hand.
        segment_points: evaluated between two optima; by hand.
        first_step: of the first Hessian's differences, for coordinates of order one: Stan's.
        step: of later ones, in sd: what is left of the third derivative is 1e-3 of the second.
        passes: the most; by hand, since nearly all settle in two.
        settled: by which factor at most the last pass changed a variance; by hand.
        max_condition: of a Hessian, beyond which float64 has no digits left to invert it with.
    """

    iterations: int = 150
    curvature_pairs: int = 10
    relative_gain: float = 1e-10
    gradient: float = 1e-5
    together: int = 32
    together_on_host: int = 128
    same: float = 1e-3
    barrier: float = 1.0
    neighbors: int = 3
    segment_points: int = 24
    first_step: float = 1e-4
    step: float = 0.03
    passes: int = 5
    settled: float = 2.0
    max_condition: float = 1e12
